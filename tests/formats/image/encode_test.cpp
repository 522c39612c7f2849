#include "formats/image/encode.h"

#include "formats/image/decode.h"
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

TEST(Encoder, writes_into_a_png_only_the_samples_that_it_needs) {
    constexpr std::size_t colour_type_at = 25;
    const auto type_of = [](const Image& image) {
        const auto content = Encoder{Encoding::png, 75}.encode(image);
        EXPECT_EQ(decode_tile(content).rgba, image.rgba);
        return int{content[colour_type_at]};
    };
    const auto grey = [](std::uint8_t alpha) {
        auto image = picture(256, 256, alpha);
        for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
            image.rgba[i + 1] = image.rgba[i + 2] = image.rgba[i];
        }
        return image;
    };
    EXPECT_EQ(type_of(grey(255)), 0);
    EXPECT_EQ(type_of(picture(256, 256)), 2);
    EXPECT_EQ(type_of(grey(9)), 4);
    EXPECT_EQ(type_of(picture(256, 256, 9)), 6);
}

TEST(Encoder, writes_a_palette_into_a_png_of_few_colours) {
    constexpr std::size_t colour_type_at = 25;
    Image image{256, 256};
    for (std::size_t i = 0; i < image.rgba.size();
         i += 4) {  // areas of colours, one of them transparent
        const auto area = static_cast<std::uint8_t>(i / 4 % 256 / 50 + i / 4 / 256 / 50 * 6);
        const std::array<std::uint8_t, 4> colour{static_cast<std::uint8_t>(area * 41), area, 7,
                                                 255};
        std::copy_n(colour.begin(), area == 0 ? 0 : 4,
                    image.rgba.begin() + static_cast<std::ptrdiff_t>(i));
    }
    const auto content = Encoder{Encoding::png, 75}.encode(image);

    EXPECT_EQ(content[colour_type_at], 3);
    EXPECT_EQ(decode_tile(content).rgba, image.rgba);
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

TEST(Encoder, keeps_every_pixel_that_shows_in_lossless_webp) {
    for (const int alpha : {255, 77, 0}) {
        auto image = picture(250, 256, static_cast<std::uint8_t>(alpha));

        const auto decoded =
            decode_webp(Encoder{Encoding::webp_lossless, 1}.encode(image), 250, 256);

        for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
            const auto shown = static_cast<std::ptrdiff_t>(image.rgba[i + 3] == 0 ? 3 : 0);
            const auto at = static_cast<std::ptrdiff_t>(i);
            ASSERT_TRUE(std::equal(image.rgba.begin() + at + shown, image.rgba.begin() + at + 4,
                                   decoded.rgba.begin() + at + shown))
                << alpha << ", pixel " << i / 4;
        }
    }
}

TEST(Encoder, writes_no_alpha_into_an_opaque_webp) {
    for (const auto encoding : {Encoding::webp, Encoding::webp_lossless}) {
        for (const int alpha : {255, 254}) {
            const auto content =
                Encoder{encoding, 75}.encode(picture(64, 64, static_cast<std::uint8_t>(alpha)));
            WebPBitstreamFeatures features{};
            ASSERT_EQ(WebPGetFeatures(content.data(), content.size(), &features), VP8_STATUS_OK);
            EXPECT_EQ(features.has_alpha, alpha == 255 ? 0 : 1);
            EXPECT_EQ(features.format, encoding == Encoding::webp ? 1 : 2) << "1 lossy, 2 lossless";
        }
    }
}

TEST(Encoder, says_the_format_of_its_tiles) {
    const auto opaque = picture(16, 16);
    const auto translucent = picture(16, 16, 9);
    for (const auto& [word, encoding] : encodings()) {
        Encoder encoder{encoding, 75};
        const auto format = tile_format_of(encoding);

        EXPECT_EQ(format,
                  encoding == Encoding::mixed ? std::nullopt : sniff_format(encoder.encode(opaque)))
            << word;
        EXPECT_EQ(format, encoding == Encoding::mixed ? std::nullopt
                                                      : sniff_format(encoder.encode(translucent)))
            << word;
    }
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
    for (const auto& [word, encoding] : encodings()) {
        SCOPED_TRACE(word);
        Encoder used{encoding, 75};
        used.encode(large);

        EXPECT_EQ(used.encode(part), (Encoder{encoding, 75}.encode(copy)));
    }
}

}  // namespace
}  // namespace offgrid
