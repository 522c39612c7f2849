#include "formats/image/encode.h"

#include "formats/tile/tile_format.h"

#include <gmock/gmock.h>
#include <spng.h>
#include <turbojpeg.h>
#include <webp/decode.h>

#include <cmath>
#include <memory>
#include <string>

namespace offgrid {
namespace {

/// A soft picture with an edge, opaque where `alpha` is 255.
Image picture(int width, int height, std::uint8_t alpha = 255) {
    Image image{width, height};
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            auto* const pixel = image.row(y) + 4 * x;
            pixel[0] = static_cast<std::uint8_t>(x * 255 / width);
            pixel[1] = static_cast<std::uint8_t>(y * 255 / height);
            pixel[2] = x > y ? 200 : 20;
            pixel[3] = x < width / 2 ? 255 : alpha;
        }
    }
    return image;
}

Image decode_png(const Bytes& content) {
    const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context{spng_ctx_new(0),
                                                                      spng_ctx_free};
    spng_set_png_buffer(context.get(), content.data(), content.size());
    spng_ihdr header{};
    EXPECT_EQ(spng_get_ihdr(context.get(), &header), 0);
    Image image{static_cast<int>(header.width), static_cast<int>(header.height)};
    EXPECT_EQ(
        spng_decode_image(context.get(), image.rgba.data(), image.rgba.size(), SPNG_FMT_RGBA8, 0),
        0);
    return image;
}

Image decode_jpeg(const Bytes& content, int width, int height) {
    const std::unique_ptr<void, decltype(&tjDestroy)> decoder{tjInitDecompress(), tjDestroy};
    Image image{width, height};
    EXPECT_EQ(tjDecompress2(decoder.get(), content.data(), content.size(), image.rgba.data(), width,
                            0, height, TJPF_RGBA, 0),
              0);
    return image;
}

Image decode_webp(const Bytes& content, int width, int height) {
    Image image{width, height};
    EXPECT_NE(WebPDecodeRGBAInto(content.data(), content.size(), image.rgba.data(),
                                 image.rgba.size(), 4 * width),
              nullptr);
    return image;
}

double mean_difference(const Image& a, const Image& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.rgba.size(); ++i) {
        sum += std::abs(a.rgba[i] - b.rgba[i]);
    }
    return sum / static_cast<double>(a.rgba.size());
}

TEST(Encoder, keeps_every_pixel_in_png) {
    for (const int alpha : {255, 77}) {
        for (const int size : {1, 3, 256}) {
            SCOPED_TRACE(std::to_string(alpha) + " " + std::to_string(size));
            const auto image = picture(size, size, static_cast<std::uint8_t>(alpha));

            EXPECT_EQ(decode_png(Encoder{Encoding::png, 75}.encode(image)).rgba, image.rgba);
        }
    }
}

TEST(Encoder, writes_no_alpha_into_an_opaque_png) {
    constexpr std::size_t colour_type_at = 25;

    EXPECT_EQ((Encoder{Encoding::png, 75}.encode(picture(16, 16)))[colour_type_at], 2);
    EXPECT_EQ((Encoder{Encoding::png, 75}.encode(picture(16, 16, 9)))[colour_type_at], 6);
}

TEST(Encoder, shows_transparent_pixels_white_in_jpeg) {
    const Image empty{64, 64};

    const auto shown = decode_jpeg(Encoder{Encoding::jpeg, 75}.encode(empty), 64, 64);

    EXPECT_EQ(shown.rgba, std::vector<std::uint8_t>(shown.rgba.size(), 255));
}

TEST(Encoder, comes_close_to_the_image_in_jpeg) {
    const auto image = picture(256, 256);

    EXPECT_LT(
        mean_difference(decode_jpeg(Encoder{Encoding::jpeg, 90}.encode(image), 256, 256), image),
        2);
}

TEST(Encoder, comes_close_to_the_image_in_webp_with_its_alpha) {
    const auto image = picture(256, 256, 77);

    const auto decoded = decode_webp(Encoder{Encoding::webp, 90}.encode(image), 256, 256);

    EXPECT_LT(mean_difference(decoded, image), 3);
    EXPECT_EQ(decoded.row(9)[4 * 200 + 3], 77);
}

TEST(Encoder, mixes_jpeg_where_opaque_with_png_where_not) {
    Encoder encoder{Encoding::mixed, 75};

    EXPECT_EQ(sniff_format(encoder.encode(picture(32, 32))), TileFormat::jpeg);
    EXPECT_EQ(sniff_format(encoder.encode(picture(32, 32, 0))), TileFormat::png);
}

TEST(Encoder, takes_a_part_of_an_image_and_makes_the_same_bytes_again) {
    const auto large = picture(512, 512, 200);
    const auto part = ImageView{large}.part(100, 40, 256, 256);
    Image copy{256, 256};
    for (int y = 0; y < 256; ++y) {
        std::copy_n(part.row(y), copy.stride(), copy.row(y));
    }
    for (const auto encoding : {Encoding::jpeg, Encoding::png, Encoding::webp, Encoding::mixed}) {
        Encoder used{encoding, 75};
        used.encode(large);

        EXPECT_EQ(used.encode(part), (Encoder{encoding, 75}.encode(copy)));
    }
}

}  // namespace
}  // namespace offgrid
