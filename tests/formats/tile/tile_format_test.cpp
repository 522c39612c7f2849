#include "formats/tile/tile_format.h"

#include <gtest/gtest.h>

#include <string>

namespace offgrid {
namespace {

using namespace std::string_literals;

TEST(TileFormat, is_told_by_the_first_bytes) {
    const std::pair<std::string, std::optional<TileFormat>> cases[] = {
        {"\x89PNG\r\n\x1a\nrest", TileFormat::png},
        {"\xFF\xD8\xFF\xE0", TileFormat::jpeg},
        {"RIFF....WEBPVP8 ", TileFormat::webp},
        {"\x1F\x8B\x08"s, TileFormat::pbf},
        {"RIFF....WAVE", std::nullopt},
        {"RIFF", std::nullopt},
        {"", std::nullopt},
        {"\x1F\x8B", std::nullopt},
        {"<html>", std::nullopt},
    };
    for (const auto& [content, format] : cases) {
        EXPECT_EQ(sniff_format(as_bytes(content)), format) << content;
    }
}

TEST(TileFormat, goes_by_the_words_of_mbtiles_and_of_file_names) {
    EXPECT_EQ(format_named("jpg"), TileFormat::jpeg);
    EXPECT_EQ(format_named("jpeg"), TileFormat::jpeg);
    EXPECT_EQ(format_named("mvt"), TileFormat::pbf);
    EXPECT_EQ(format_named("gif"), std::nullopt);
    for (const auto format :
         {TileFormat::png, TileFormat::jpeg, TileFormat::webp, TileFormat::pbf}) {
        EXPECT_EQ(format_named(extension_of(format)), format);
        EXPECT_FALSE(media_type_of(format).empty());
    }
}

}  // namespace
}  // namespace offgrid
