#include "formats/image/blank.h"

#include "formats/image/decode.h"
#include "formats/image/encode.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>
#include <webp/encode.h>

#include <memory>

namespace offgrid {
namespace {

using test::throws;
using testing::ElementsAre;

using Rgba = std::array<std::uint8_t, 4>;

Image filled(const Rgba& colour, int width = 256, int height = 256) {
    Image image{width, height};
    for (std::size_t i = 0; i < image.rgba.size(); ++i) {
        image.rgba[i] = colour[i % 4];
    }
    return image;
}

Rgba first_pixel(const Image& image) {
    return {image.rgba[0], image.rgba[1], image.rgba[2], image.rgba[3]};
}

/// What MapCache 1.14 stores for uniform sources.
TEST(Blank, has_the_bytes_that_mapcache_stores) {
    EXPECT_THAT(blank_colour_of(filled({10, 20, 30, 255}))->bgra,
                ElementsAre(0x1E, 0x14, 0x0A, 0xFF));
    EXPECT_THAT(blank_colour_of(filled({200, 100, 50, 128}))->bgra,
                ElementsAre(0x19, 0x32, 0x64, 0x80));
    EXPECT_THAT(blank_colour_of(filled({0, 0, 0, 0}))->bgra, ElementsAre(0, 0, 0, 0));
    EXPECT_THAT(blank_colour_of(filled({200, 100, 50, 0}))->bgra, ElementsAre(0, 0, 0, 0))
        << "where nothing shows there is no colour";
}

TEST(Blank, is_no_image_with_a_second_colour_wherever_it_is) {
    for (const auto& [x, y] : {std::pair{0, 0}, {255, 0}, {0, 255}, {255, 255}, {128, 77}}) {
        for (int channel = 0; channel < 4; ++channel) {
            auto image = filled({10, 20, 30, 255});
            image.row(y)[4 * x + channel] = 100;
            EXPECT_EQ(blank_colour_of(image), std::nullopt) << x << ' ' << y << ' ' << channel;
            EXPECT_EQ(blank_colour_of(Encoder{Encoding::png, 75}.encode(image)), std::nullopt);
        }
    }
    EXPECT_EQ(blank_colour_of(Image{}), std::nullopt);
}

TEST(Blank, transparent_pixels_are_one_colour_whatever_they_hide) {
    auto image = filled({0, 0, 0, 0});
    image.row(9)[4 * 7] = 200;
    EXPECT_THAT(blank_colour_of(image)->bgra, ElementsAre(0, 0, 0, 0));
}

TEST(Blank, is_found_in_tiles_of_every_format) {
    const auto image = filled({10, 20, 30, 255});
    EXPECT_EQ(blank_colour_of(Encoder{Encoding::png, 75}.encode(image)),
              (BlankColour{{30, 20, 10, 255}}));
    const auto jpeg = blank_colour_of(Encoder{Encoding::jpeg, 90}.encode(image));
    ASSERT_TRUE(jpeg);
    EXPECT_NEAR(jpeg->bgra[0], 30, 2) << "lossy";
    EXPECT_EQ(jpeg->bgra[3], 255);
    // libwebp's lossy mode does not keep one colour.
    std::uint8_t* content = nullptr;
    const auto size = WebPEncodeLosslessRGBA(image.rgba.data(), 256, 256, 4 * 256, &content);
    const std::unique_ptr<std::uint8_t, decltype(&WebPFree)> owner{content, WebPFree};
    EXPECT_EQ(blank_colour_of(BytesView{content, size}), (BlankColour{{30, 20, 10, 255}}));
}

TEST(Blank, takes_what_is_no_image_for_itself) {
    for (const std::string_view content : {"", "#\x01\x02\x03\x04", "{}", "\x1F\x8B\x08vector"}) {
        EXPECT_EQ(blank_colour_of(as_bytes(content)), std::nullopt) << content;
    }
}

TEST(Blank, refuses_a_damaged_image) {
    auto content = Encoder{Encoding::png, 75}.encode(filled({1, 2, 3, 4}));
    content.resize(content.size() - 20);
    EXPECT_THAT([&] { blank_colour_of(BytesView{content}); }, throws(Errc::corrupt, testing::_));
}

TEST(Blank, is_marked_by_five_bytes_and_no_others) {
    const BlankColour colour{{0x19, 0x32, 0x64, 0x80}};
    const auto mark = blank_mark(colour);
    EXPECT_THAT(mark, ElementsAre('#', 0x19, 0x32, 0x64, 0x80));
    EXPECT_EQ(match_blank_mark(mark), colour);
    for (const std::string_view payload : {"", "#", "#abc", "#abcde", "abcde", "!abcd"}) {
        EXPECT_EQ(match_blank_mark(as_bytes(payload)), std::nullopt) << payload;
    }
}

TEST(Blank, becomes_an_image_of_its_colour_again) {
    const std::pair<BlankColour, Rgba> cases[] = {
        {{{0x1E, 0x14, 0x0A, 0xFF}}, {10, 20, 30, 255}},
        {{{0x19, 0x32, 0x64, 0x80}}, {199, 100, 50, 128}},  // 200 is lost in the 8 bits
        {{{0, 0, 0, 0}}, {0, 0, 0, 0}},
        {{{3, 2, 1, 0}}, {0, 0, 0, 0}},         // what no image gives
        {{{200, 1, 1, 100}}, {3, 3, 255, 100}}  // more colour than alpha: neither
    };
    for (const auto& [colour, rgba] : cases) {
        for (const auto& [width, height] : {std::pair{256, 256}, {1, 1}, {9, 300}}) {
            const auto image = decode_tile(blank_png(colour, width, height));
            EXPECT_EQ(image.rgba, filled(rgba, width, height).rgba);
        }
    }
}

TEST(Blank, keeps_its_bytes_from_colour_to_image_and_back) {
    for (unsigned alpha = 0; alpha < 256; alpha += 5) {
        for (unsigned channel = 0; channel <= alpha; channel += 3) {
            const auto value = static_cast<std::uint8_t>(channel);
            const BlankColour colour{{value, 0, value, static_cast<std::uint8_t>(alpha)}};
            ASSERT_EQ(blank_colour_of(blank_png(colour, 4, 4)), colour) << alpha << ' ' << channel;
        }
    }
}

/// MapCache sends 116 bytes for 256 by 256 pixels.
TEST(Blank, makes_an_image_no_larger_than_that_of_mapcache) {
    EXPECT_LE(blank_png({{0x19, 0x32, 0x64, 0x80}}, 256, 256).size(), 116U);
    EXPECT_EQ(first_pixel(decode_tile(blank_png({{1, 2, 3, 255}}, 512, 512))),
              (Rgba{3, 2, 1, 255}));
}

}  // namespace
}  // namespace offgrid
