#include "formats/image/encode.h"
#include "pack/gdal_error.h"

#include <cpl_vsi.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <string>

namespace offgrid {
namespace {

/// A tile of colours that are far apart, its left half opaque.
Image of_colours(int colours, std::uint8_t alpha) {
    Image image{50, 40};
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            const int number = (y * image.width + x) % colours;
            auto* const pixel = image.row(y) + 4 * x;
            pixel[0] = static_cast<std::uint8_t>(number * 255 / colours);
            pixel[1] = static_cast<std::uint8_t>(255 - number * 200 / colours);
            pixel[2] = 60;
            pixel[3] = x < 25 ? 255 : alpha;
        }
    }
    return image;
}

/// What GDAL's drivers, which use libpng and libwebp, make of a tile.
struct Read {
    Image image{};
    int bands = 0;
    bool has_palette = false;
    int bits = 8;
};

Read read_with_gdal(Bytes content) {
    gdal::prepare();
    const std::string name = "/vsimem/encode_peer_test";
    VSIFCloseL(VSIFileFromMemBuffer(name.c_str(), content.data(), content.size(), FALSE));
    Read read;
    {
        const auto dataset = gdal::open(name);
        read.image = Image{dataset->GetRasterXSize(), dataset->GetRasterYSize()};
        read.bands = dataset->GetRasterCount();
        auto& first = *dataset->GetRasterBand(1);
        const auto* const bits = first.GetMetadataItem("NBITS", "IMAGE_STRUCTURE");
        read.bits = bits == nullptr ? 8 : std::atoi(bits);
        auto& rgba = read.image.rgba;
        if (read.bands == 1) {
            const auto* const palette = first.GetColorTable();
            read.has_palette = palette != nullptr;
            std::vector<std::uint8_t> numbers(rgba.size() / 4);
            EXPECT_EQ(
                first.RasterIO(GF_Read, 0, 0, read.image.width, read.image.height, numbers.data(),
                               read.image.width, read.image.height, GDT_Byte, 0, 0, nullptr),
                CE_None);
            for (std::size_t i = 0; read.has_palette && i < numbers.size(); ++i) {
                const auto* const entry = palette->GetColorEntry(numbers[i]);
                rgba[4 * i] = static_cast<std::uint8_t>(entry->c1);
                rgba[4 * i + 1] = static_cast<std::uint8_t>(entry->c2);
                rgba[4 * i + 2] = static_cast<std::uint8_t>(entry->c3);
                rgba[4 * i + 3] = static_cast<std::uint8_t>(entry->c4);
            }
        } else {
            std::ranges::fill(rgba, std::uint8_t{255});
            EXPECT_EQ(dataset->RasterIO(GF_Read, 0, 0, read.image.width, read.image.height,
                                        rgba.data(), read.image.width, read.image.height, GDT_Byte,
                                        read.bands, nullptr, 4, 4 * read.image.width, 1, nullptr),
                      CE_None);
        }
    }
    VSIUnlink(name.c_str());
    return read;
}

TEST(EncodePeer, gdal_reads_png8_of_every_depth_pixel_by_pixel) {
    struct Case {
        int colours;
        std::uint8_t alpha;
        int bits;
    };
    for (const auto& [colours, alpha, bits] :
         {Case{2, 255, 1}, Case{2, 90, 2}, Case{4, 255, 2}, Case{7, 90, 4}, Case{16, 255, 4},
          Case{100, 90, 8}, Case{256, 255, 8}}) {
        SCOPED_TRACE(std::to_string(colours) + " colours, alpha " + std::to_string(alpha));
        const auto image = of_colours(colours, alpha);

        const auto read = read_with_gdal(Encoder{Encoding::png8, 75}.encode(image));

        EXPECT_TRUE(read.has_palette);
        EXPECT_EQ(read.bits, bits);
        EXPECT_EQ(read.image.rgba, image.rgba);
    }
}

TEST(EncodePeer, gdal_reads_lossless_tiles_pixel_by_pixel) {
    for (const auto encoding : {Encoding::png, Encoding::webp_lossless}) {
        for (const int alpha : {255, 90}) {
            SCOPED_TRACE(alpha);
            const auto image = of_colours(1999, static_cast<std::uint8_t>(alpha));

            const auto read = read_with_gdal(Encoder{encoding, 75}.encode(image));

            EXPECT_EQ(read.bands, alpha == 255 ? 3 : 4);
            EXPECT_EQ(read.image.rgba, image.rgba);
        }
    }
}

}  // namespace
}  // namespace offgrid
