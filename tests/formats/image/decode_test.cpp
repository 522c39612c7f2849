#include "formats/image/decode.h"

#include "formats/image/encode.h"
#include "formats/tile/tile_format.h"
#include "tests/support/errors.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>
#include <spng.h>
#include <turbojpeg.h>
#include <webp/encode.h>

#include <cstdlib>
#include <functional>
#include <memory>

namespace offgrid {
namespace {

using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;

using Rgba = std::array<std::uint8_t, 4>;

Rgba pixel(const Image& image, int x, int y) {
    const auto* const at = image.row(y) + 4 * x;
    return {at[0], at[1], at[2], at[3]};
}

/// A soft picture without sharp edges.
Image picture(int width, int height) {
    Image image{width, height};
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            auto* const at = image.row(y) + 4 * x;
            at[0] = static_cast<std::uint8_t>(x * 255 / width);
            at[1] = static_cast<std::uint8_t>(y * 255 / height);
            at[2] = static_cast<std::uint8_t>((x + y) * 255 / (width + height));
            at[3] = 255;
        }
    }
    return image;
}

int largest_difference(const Image& a, const Image& b) {
    int largest = 0;
    for (std::size_t i = 0; i < a.rgba.size(); ++i) {
        largest = std::max(largest, std::abs(a.rgba[i] - b.rgba[i]));
    }
    return largest;
}

/// A PNG of samples as they stand in the file, made by libspng.
Bytes raw_png(spng_ihdr header, const Bytes& samples,
              const std::function<void(spng_ctx*)>& add_chunks = {}) {
    const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> encoder{
        spng_ctx_new(SPNG_CTX_ENCODER), spng_ctx_free};
    spng_set_option(encoder.get(), SPNG_ENCODE_TO_BUFFER, 1);
    EXPECT_EQ(spng_set_ihdr(encoder.get(), &header), 0);
    if (add_chunks) {
        add_chunks(encoder.get());
    }
    EXPECT_EQ(spng_encode_image(encoder.get(), samples.data(), samples.size(), SPNG_FMT_RAW,
                                SPNG_ENCODE_FINALIZE),
              0);
    std::size_t size = 0;
    int code = 0;
    const std::unique_ptr<void, decltype(&std::free)> content{
        spng_get_png_buffer(encoder.get(), &size, &code), std::free};
    EXPECT_EQ(code, 0);
    const auto* const begin = static_cast<const std::uint8_t*>(content.get());
    return {begin, begin + size};
}

spng_ihdr header_of(std::uint32_t width, std::uint8_t bits, spng_color_type type) {
    return {.width = width,
            .height = 1,
            .bit_depth = bits,
            .color_type = static_cast<std::uint8_t>(type),
            .compression_method = 0,
            .filter_method = 0,
            .interlace_method = SPNG_INTERLACE_NONE};
}

Bytes turbo_jpeg(const Image& image, TJSAMP sampling, int flags = 0) {
    const std::unique_ptr<void, decltype(&tjDestroy)> encoder{tjInitCompress(), tjDestroy};
    unsigned char* content = nullptr;
    unsigned long size = 0;
    EXPECT_EQ(tjCompress2(encoder.get(), image.rgba.data(), image.width, 0, image.height, TJPF_RGBA,
                          &content, &size, sampling, 95, flags),
              0);
    const std::unique_ptr<unsigned char, decltype(&tjFree)> owner{content, tjFree};
    return {content, content + size};
}

// --- PNG

TEST(DecodePng, reads_what_the_encoder_writes_pixel_by_pixel) {
    auto image = picture(37, 21);
    image.row(3)[4 * 5 + 3] = 77;
    EXPECT_EQ(decode_tile(Encoder{Encoding::png, 1}.encode(image)).rgba, image.rgba);
}

TEST(DecodePng, looks_up_colours_and_their_alpha_in_a_palette) {
    const auto content =
        raw_png(header_of(4, 2, SPNG_COLOR_TYPE_INDEXED), {0b00'01'10'00}, [](spng_ctx* encoder) {
            spng_plte palette{.n_entries = 3,
                              .entries = {{200, 100, 50, 255}, {1, 2, 3, 255}, {7, 8, 9, 255}}};
            spng_trns transparency{};
            transparency.n_type3_entries = 2;
            transparency.type3_alpha[0] = 128;
            transparency.type3_alpha[1] = 0;
            EXPECT_EQ(spng_set_plte(encoder, &palette), 0);
            EXPECT_EQ(spng_set_trns(encoder, &transparency), 0);
        });
    const auto image = decode_tile(content);
    EXPECT_THAT(pixel(image, 0, 0), ElementsAre(200, 100, 50, 128));
    EXPECT_THAT(pixel(image, 1, 0), ElementsAre(1, 2, 3, 0));
    EXPECT_THAT(pixel(image, 2, 0), ElementsAre(7, 8, 9, 255));
}

TEST(DecodePng, makes_the_named_colour_transparent) {
    const auto content = raw_png(header_of(2, 8, SPNG_COLOR_TYPE_TRUECOLOR), {1, 2, 3, 1, 2, 4},
                                 [](spng_ctx* encoder) {
                                     spng_trns transparency{};
                                     transparency.red = 1;
                                     transparency.green = 2;
                                     transparency.blue = 3;
                                     EXPECT_EQ(spng_set_trns(encoder, &transparency), 0);
                                 });
    const auto image = decode_tile(content);
    EXPECT_EQ(pixel(image, 0, 0)[3], 0);
    EXPECT_THAT(pixel(image, 1, 0), ElementsAre(1, 2, 4, 255));
}

TEST(DecodePng, reads_grey_of_every_depth) {
    EXPECT_THAT(
        pixel(decode_tile(raw_png(header_of(2, 1, SPNG_COLOR_TYPE_GRAYSCALE), {0x40})), 1, 0),
        ElementsAre(255, 255, 255, 255));
    EXPECT_THAT(
        pixel(decode_tile(raw_png(header_of(2, 4, SPNG_COLOR_TYPE_GRAYSCALE), {0x3F})), 0, 0),
        ElementsAre(0x33, 0x33, 0x33, 255));
    EXPECT_THAT(pixel(decode_tile(raw_png(header_of(1, 8, SPNG_COLOR_TYPE_GRAYSCALE), {9})), 0, 0),
                ElementsAre(9, 9, 9, 255));
    EXPECT_THAT(
        pixel(decode_tile(raw_png(header_of(1, 8, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA), {9, 77})), 0,
              0),
        ElementsAre(9, 9, 9, 77));
}

TEST(DecodePng, drops_the_lower_half_of_16_bit_samples) {
    EXPECT_THAT(pixel(decode_tile(raw_png(header_of(1, 16, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA),
                                          {0x12, 0xFF, 0x34, 0, 0x56, 0x80, 0x78, 0x90})),
                      0, 0),
                ElementsAre(0x12, 0x34, 0x56, 0x78));
    EXPECT_THAT(
        pixel(decode_tile(raw_png(header_of(1, 16, SPNG_COLOR_TYPE_GRAYSCALE), {0xAB, 0xCD})), 0,
              0),
        ElementsAre(0xAB, 0xAB, 0xAB, 255));
}

TEST(DecodePng, puts_interlaced_rows_where_they_belong) {
    const auto image = picture(33, 19);
    spng_ihdr header = header_of(33, 8, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA);
    header.height = 19;
    header.interlace_method = SPNG_INTERLACE_ADAM7;
    EXPECT_EQ(decode_tile(raw_png(header, image.rgba)).rgba, image.rgba);
}

// --- JPEG

TEST(DecodeJpeg, comes_close_to_what_was_encoded_in_every_sampling) {
    const auto image = picture(61, 47);
    for (const auto sampling : {TJSAMP_444, TJSAMP_422, TJSAMP_420}) {
        EXPECT_LE(largest_difference(decode_tile(turbo_jpeg(image, sampling)), image), 20);
    }
    EXPECT_LE(
        largest_difference(decode_tile(turbo_jpeg(image, TJSAMP_420, TJFLAG_PROGRESSIVE)), image),
        20);
}

TEST(DecodeJpeg, shows_grey_as_three_equal_channels) {
    const auto image = decode_tile(turbo_jpeg(picture(16, 16), TJSAMP_GRAY));
    const auto [red, green, blue, alpha] = pixel(image, 15, 15);
    EXPECT_EQ(red, green);
    EXPECT_EQ(green, blue);
    EXPECT_GT(red, 200);
    EXPECT_EQ(alpha, 255);
}

TEST(DecodeJpeg, refuses_the_colours_of_print) {
    const std::unique_ptr<void, decltype(&tjDestroy)> encoder{tjInitCompress(), tjDestroy};
    unsigned char* content = nullptr;
    unsigned long size = 0;
    const Bytes inks(16 * 16 * 4, 30);
    ASSERT_EQ(tjCompress2(encoder.get(), inks.data(), 16, 0, 16, TJPF_CMYK, &content, &size,
                          TJSAMP_444, 95, 0),
              0);
    const std::unique_ptr<unsigned char, decltype(&tjFree)> owner{content, tjFree};
    EXPECT_THAT(
        [&] {
            decode_tile({content, size});
        },
        throws(Errc::unsupported, HasSubstr("JPEG")));
}

/// The scans of a progressive JPEG repeated: each costs a pass over all pixels, and few bytes.
TEST(DecodeJpeg, gives_up_on_a_file_of_endless_scans) {
    auto content = turbo_jpeg(picture(64, 64), TJSAMP_444, TJFLAG_PROGRESSIVE);
    const auto text = as_text(content);
    const auto last_scan = text.rfind("\xFF\xDA");
    const Bytes scan{content.begin() + static_cast<std::ptrdiff_t>(last_scan), content.end() - 2};
    content.resize(content.size() - 2);
    for (int i = 0; i < 2000; ++i) {
        content.insert(content.end(), scan.begin(), scan.end());
    }
    content.insert(content.end(), {0xFF, 0xD9});
    EXPECT_THAT([&] { decode_tile(content); }, throws(Errc::corrupt, testing::_));
}

// --- WebP

TEST(DecodeWebp, keeps_every_pixel_of_a_lossless_image) {
    auto image = picture(40, 30);
    image.row(3)[4 * 5 + 3] = 77;
    std::uint8_t* content = nullptr;
    const auto size = WebPEncodeLosslessRGBA(image.rgba.data(), 40, 30, 4 * 40, &content);
    const std::unique_ptr<std::uint8_t, decltype(&WebPFree)> owner{content, WebPFree};
    EXPECT_EQ(decode_tile({content, size}).rgba, image.rgba);
}

TEST(DecodeWebp, comes_close_to_what_was_encoded) {
    const auto image = picture(64, 64);
    const auto decoded = decode_tile(Encoder{Encoding::webp, 90}.encode(image));
    EXPECT_LE(largest_difference(decoded, image), 20);
}

// --- What is no good tile

TEST(Decode, refuses_what_is_no_image) {
    for (const std::string_view content : {"", "#", "<html>", "\x1F\x8B\x08vector tile"}) {
        EXPECT_THAT([&] { decode_tile(as_bytes(content)); }, throws(Errc::unsupported, testing::_));
    }
}

/// Every length short of the whole: a reader that fills the rest with grey would serve half a tile.
TEST(Decode, refuses_a_tile_that_ends_early) {
    const auto image = picture(64, 64);
    for (const auto encoding :
         {Encoding::jpeg, Encoding::png, Encoding::png8, Encoding::webp, Encoding::webp_lossless}) {
        const auto content = Encoder{encoding, 75}.encode(image);
        ASSERT_EQ(decode_tile(content).width, 64);
        // The last four bytes of a PNG are the checksum of an empty chunk: no loss.
        const std::size_t spare = tile_format_of(encoding) == TileFormat::png ? 4 : 0;
        for (std::size_t size = 16; size < content.size() - spare; ++size) {
            EXPECT_THAT([&] { decode_tile(BytesView{content}.first(size)); },
                        throws(Errc::corrupt, HasSubstr("cannot decode")))
                << size << " of " << content.size();
        }
    }
}

TEST(Decode, refuses_an_image_that_claims_to_be_huge) {
    const auto header = header_of(max_tile_pixels + 1, 1, SPNG_COLOR_TYPE_GRAYSCALE);
    const auto wide_png = raw_png(header, Bytes((max_tile_pixels + 8) / 8));
    const auto wide_jpeg = turbo_jpeg(Image{max_tile_pixels + 1, 1}, TJSAMP_GRAY);
    const auto wide_png8 = Encoder{Encoding::png8, 10}.encode(Image{max_tile_pixels + 1, 1});
    const auto wide_webp = Encoder{Encoding::webp, 10}.encode(Image{max_tile_pixels + 1, 1});
    const auto exact_webp =
        Encoder{Encoding::webp_lossless, 10}.encode(Image{1, max_tile_pixels + 1});
    for (const auto* content : {&wide_png, &wide_jpeg, &wide_png8, &wide_webp, &exact_webp}) {
        EXPECT_THAT([&] { decode_tile(*content); }, throws(Errc::too_large, HasSubstr("8192")));
    }
    EXPECT_EQ(decode_tile(turbo_jpeg(Image{max_tile_pixels, 1}, TJSAMP_GRAY)).width,
              max_tile_pixels);
}

TEST(Decode, answers_every_damaged_file_with_an_image_or_an_error) {
    int files = 0;
    for (const auto* folder : {"bad/jpeg", "bad/png"}) {
        for (const auto& path : test::shared_files(folder)) {
            const auto content = test::read_text(path);
            try {
                EXPECT_GT(decode_tile(as_bytes(content)).width, 0) << path;
            } catch (const Error& error) {
                EXPECT_NE(error.code(), Errc::io) << path << ": " << error.what();
            }
            ++files;
        }
    }
    if (files == 0) {
        GTEST_SKIP() << "no damaged files here";
    }
}

}  // namespace
}  // namespace offgrid
