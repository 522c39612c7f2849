#include "formats/tiff/webp_stream.h"

#include "formats/image/encode.h"
#include "tests/formats/tiff/jpeg_tiles.h"

#include <gmock/gmock.h>

#include <string>

namespace offgrid::tiff {
namespace {

Bytes file_of(const std::string& chunk) {
    const auto text = "RIFF....WEBP" + chunk;
    return {text.begin(), text.end()};
}

TEST(WebpStream, tells_the_size_of_every_kind_of_file) {
    const auto lossy = Encoder{Encoding::webp, 80}.encode(test::plain({1, 2, 3}, 48));
    ASSERT_TRUE(read_webp_header(lossy));
    EXPECT_EQ(read_webp_header(lossy)->width, 48);
    EXPECT_EQ(read_webp_header(lossy)->height, 48);
    const auto lossless =
        read_webp_header(file_of(std::string{"VP8L....\x2F\xFF\xC0\x3F\x00......", 18}));
    ASSERT_TRUE(lossless);
    EXPECT_EQ(lossless->width, 256);
    EXPECT_EQ(lossless->height, 256);
    const auto extended =
        read_webp_header(file_of(std::string{"VP8X....\x12\0\0\0\xFF\x01\0\x0F\0\0", 18}));
    ASSERT_TRUE(extended);
    EXPECT_EQ(extended->width, 512);
    EXPECT_EQ(extended->height, 16);
    EXPECT_TRUE(extended->is_animation);
}

TEST(WebpStream, tells_nothing_of_what_is_none) {
    EXPECT_FALSE(read_webp_header({}));
    EXPECT_FALSE(read_webp_header(as_bytes("RIFF....WEBPVP8 ....")));
    EXPECT_FALSE(read_webp_header(file_of("VP8 ....................")));
    EXPECT_FALSE(read_webp_header(file_of("VP8L....................")));
    EXPECT_FALSE(read_webp_header(file_of("JUNK....................")));
    EXPECT_FALSE(read_webp_header(as_bytes("RIFX....WEBPVP8X....................")));
}

}  // namespace
}  // namespace offgrid::tiff
