#include "formats/image/decode.h"
#include "formats/image/encode.h"
#include "formats/image/quantise.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <random>

namespace offgrid {
namespace {

using testing::Contains;
using testing::Le;
using testing::SizeIs;

using Rgba = std::array<std::uint8_t, 4>;

void set(Image& image, int x, int y, const Rgba& colour) {
    std::ranges::copy(colour, image.row(y) + 4 * x);
}

Rgba pixel(const Image& image, int x, int y) {
    const auto* const at = image.row(y) + 4 * x;
    return {at[0], at[1], at[2], at[3]};
}

/// A picture of so many colours, the first of them transparent.
Image of_colours(int colours, int width, int height) {
    Image image{width, height};
    for (int i = 0; i < width * height; ++i) {
        const auto number = static_cast<std::uint8_t>(i % colours);
        if (number > 0) {
            set(image, i % width, i / width,
                {number, static_cast<std::uint8_t>(7 * number), 9,
                 static_cast<std::uint8_t>(number % 3 == 0 ? 100 : 255)});
        }
    }
    return image;
}

/// Every pixel another colour, and all of them transparent, translucent or opaque in turns.
Image noise(int size, unsigned seed) {
    std::mt19937 random{seed};
    Image image{size, size};
    for (std::size_t i = 0; i < image.rgba.size(); ++i) {
        image.rgba[i] = static_cast<std::uint8_t>(random());
    }
    for (std::size_t i = 3; i < image.rgba.size(); i += 4) {
        const auto kind = i / 4 % 3;
        image.rgba[i] = kind == 0   ? std::uint8_t{0}
                        : kind == 1 ? std::uint8_t{255}
                                    : std::clamp(image.rgba[i], std::uint8_t{1}, std::uint8_t{254});
    }
    return image;
}

/// A tile of the sample raster at full resolution.
Image photo(int x, int y) {
    static const auto whole = decode_tile(as_bytes(test::read_text(
        std::filesystem::path{OFFGRID_SOURCE_DIR} / "examples/data/earth-blue-marble.jpg")));
    const auto part = ImageView{whole}.part(x, y, 256, 256);
    Image tile{256, 256};
    for (int row = 0; row < 256; ++row) {
        std::copy_n(part.row(row), tile.stride(), tile.row(row));
    }
    return tile;
}

/// Peak signal-to-noise ratio of red, green and blue, in dB.
double psnr(const Image& a, const Image& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.rgba.size(); ++i) {
        const double difference = i % 4 == 3 ? 0 : a.rgba[i] - b.rgba[i];
        sum += difference * difference;
    }
    const auto samples = 3 * static_cast<double>(a.rgba.size()) / 4;
    return 10 * std::log10(255 * 255 * samples / sum);
}

Bytes png8(const ImageView& image) {
    return Encoder{Encoding::png8, 75}.encode(image);
}

int bit_depth(const Bytes& png) {
    constexpr std::size_t bit_depth_at = 24;
    return png.at(bit_depth_at);
}

TEST(Png8, keeps_up_to_256_colours_in_as_few_bits_as_they_need) {
    struct Case {
        int colours;
        int bits;
    };
    for (const auto& [colours, bits] : {Case{1, 1}, Case{2, 1}, Case{3, 2}, Case{4, 2}, Case{5, 4},
                                        Case{16, 4}, Case{17, 8}, Case{256, 8}}) {
        for (const int width : {61, 64}) {  // a row that ends within a byte, and one that does not
            SCOPED_TRACE(std::to_string(colours) + " colours, " + std::to_string(width) + " wide");
            const auto image = of_colours(colours, width, 33);

            const auto content = png8(image);

            EXPECT_EQ(bit_depth(content), bits);
            EXPECT_EQ(decode_tile(content).rgba, image.rgba);
        }
    }
}

TEST(Png8, has_one_transparent_colour_however_many_do_not_show) {
    Image image{32, 32};
    for (int x = 0; x < 32; ++x) {
        set(image, x, 7, {static_cast<std::uint8_t>(8 * x), 50, 60, 0});
    }
    EXPECT_THAT(Quantiser{}.quantise(image).colours, testing::ElementsAre(Rgba{0, 0, 0, 0}));
    EXPECT_EQ(decode_tile(png8(image)).rgba, Image(32, 32).rgba);
}

TEST(Png8, comes_close_to_a_photograph_in_less_space_than_lossless_png) {
    struct Place {
        const char* name;
        int x;
        int y;
    };
    for (const auto& [name, x, y] : {Place{"Europe", 2048, 448}, Place{"Sahara", 2048, 704},
                                     Place{"Amazon", 1280, 960}, Place{"Pacific", 128, 960}}) {
        const auto tile = photo(x, y);

        const auto content = png8(tile);

        EXPECT_GE(psnr(decode_tile(content), tile), 40) << name;
        EXPECT_LT(4 * content.size(), 3 * Encoder(Encoding::png, 75).encode(tile).size()) << name;
    }
}

TEST(Png8, keeps_the_few_colours_of_a_part_beside_the_many_of_another) {
    auto tile = photo(2048, 448);
    for (int y = 0; y < 64; ++y) {
        for (int x = 0; x < 64; ++x) {
            set(tile, x, y, x < 32 ? Rgba{255, 0, 255, 255} : Rgba{0, 255, 255, 255});
        }
    }
    const auto decoded = decode_tile(png8(tile));

    EXPECT_EQ(pixel(decoded, 10, 10), (Rgba{255, 0, 255, 255}));
    EXPECT_EQ(pixel(decoded, 40, 10), (Rgba{0, 255, 255, 255}));
}

TEST(Png8, leaves_transparent_pixels_transparent_and_opaque_ones_opaque) {
    const auto image = noise(256, 1);
    const auto decoded = decode_tile(png8(image));

    for (std::size_t i = 3; i < image.rgba.size(); i += 4) {
        ASSERT_EQ(decoded.rgba[i] == 0, image.rgba[i] == 0) << i;
        ASSERT_EQ(decoded.rgba[i] == 255, image.rgba[i] == 255) << i;
    }
}

TEST(Png8, comes_close_to_a_soft_edge) {
    auto tile = photo(2048, 448);
    for (int y = 0; y < 256; ++y) {
        for (int x = 0; x < 256; ++x) {
            tile.row(y)[4 * x + 3] = static_cast<std::uint8_t>(std::clamp(4 * (x - 96), 0, 255));
        }
    }
    const auto decoded = decode_tile(png8(tile));

    double sum = 0;
    for (std::size_t i = 3; i < tile.rgba.size(); i += 4) {
        sum += std::abs(tile.rgba[i] - decoded.rgba[i]);
    }
    EXPECT_LT(sum / 65536, 1);
}

TEST(Png8, counts_pixels_and_not_only_colours) {
    // One colour of nearly all pixels and 300 others that are close to each other.
    Image image{256, 256};
    for (int y = 0; y < 256; ++y) {
        for (int x = 0; x < 256; ++x) {
            set(image, x, y, {90, 91, 92, 255});
        }
    }
    for (int i = 0; i < 300; ++i) {
        set(image, i % 256, i / 256,
            {static_cast<std::uint8_t>(i % 16), static_cast<std::uint8_t>(i / 16), 0, 255});
    }
    EXPECT_EQ(pixel(decode_tile(png8(image)), 200, 200), (Rgba{90, 91, 92, 255}));
}

TEST(Quantiser, has_at_most_256_colours_of_any_number) {
    for (const int size : {17, 256, 512, 1024}) {
        const auto quantised = Quantiser{}.quantise(noise(size, 2));

        EXPECT_THAT(quantised.colours, SizeIs(Le(max_palette))) << size;
        EXPECT_THAT(quantised.colours, Contains(Rgba{0, 0, 0, 0})) << size;
        EXPECT_EQ(quantised.pixels.size(), static_cast<std::size_t>(size * size));
        EXPECT_LT(std::ranges::max(quantised.pixels), quantised.colours.size()) << size;
    }
}

TEST(Quantiser, puts_the_colours_that_are_not_opaque_first) {
    for (const auto& image : {of_colours(200, 64, 64), noise(64, 3)}) {
        const auto colours = Quantiser{}.quantise(image).colours;

        EXPECT_TRUE(std::ranges::is_partitioned(
            colours, [](const Rgba& colour) { return colour[3] != 255; }));
    }
}

TEST(Quantiser, finds_the_same_palette_after_another_image) {
    Quantiser used;
    used.quantise(noise(128, 4));
    const auto tile = photo(2048, 448);
    const auto again = used.quantise(tile);
    const auto anew = Quantiser{}.quantise(tile);

    EXPECT_EQ(again.colours, anew.colours);
    EXPECT_EQ(again.pixels, anew.pixels);
}

}  // namespace
}  // namespace offgrid
