#include "formats/tiff/cog_writer.h"

#include "formats/base/file_ops.h"
#include "formats/image/decode.h"
#include "formats/tiff/cog_reader.h"
#include "tests/formats/tiff/cog_test.h"
#include "tests/formats/tiff/jpeg_tiles.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::add_pictures;
using test::EncodedTiles;
using test::FaultyFileOps;
using test::jpeg_tile;
using test::names_below;
using test::picture;
using test::TempFolder;
using test::throws;
using test::whole_slice;
using test::write_cog;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

class CogWriterTest : public testing::Test {
protected:
    CogWriter writer(FileOps& disk = posix_file_ops()) {
        return CogWriter{options_, whole_slice(mercator()), disk};
    }

    Bytes file() const { return read_file(options_.file, 64 << 20); }

    bool has(const Bytes& file, const Bytes& tile) const {
        return std::ranges::search(file, tile).size() == tile.size();
    }

    TempFolder folder_;
    CogOptions options_{.name = "image", .file = (folder_ / "map.tif").string()};
};

TEST_F(CogWriterTest, makes_the_file_in_the_commit_and_leaves_nothing_else) {
    {
        auto writing = writer();
        writing.put({0, 0, 0}, jpeg_tile({1, 2, 3}));
        EXPECT_THAT(names_below(folder_.path()), IsEmpty()) << "nor after a kill";
        writing.commit();
    }
    EXPECT_THAT(names_below(folder_.path()), ElementsAre("map.tif"));
}

TEST_F(CogWriterTest, abandons_the_tiles_without_a_commit) {
    {
        auto writing = writer();
        writing.put({0, 0, 0}, jpeg_tile({1, 2, 3}));
    }
    EXPECT_THAT(names_below(folder_.path()), IsEmpty());
}

TEST_F(CogWriterTest, makes_no_file_without_tiles) {
    auto writing = writer();
    writing.commit();
    writing.put({1, 0, 0}, jpeg_tile({1, 2, 3}));
    writing.erase({1, 0, 0});
    writing.commit();
    EXPECT_FALSE(fs::exists(options_.file));
}

TEST_F(CogWriterTest, is_built_once) {
    auto writing = writer();
    writing.put({0, 0, 0}, jpeg_tile({1, 2, 3}));
    writing.commit();
    writing.commit();
    EXPECT_THAT(
        [&] {
            writing.put({0, 0, 0}, jpeg_tile({1, 2, 3}));
        },
        throws(Errc::already_exists, HasSubstr("is built")));
    EXPECT_THAT(
        [&] {
            writing.erase({0, 0, 0});
        },
        throws(Errc::already_exists, HasSubstr("built")));
    EXPECT_THAT([&] { writer(); }, throws(Errc::already_exists, HasSubstr("map.tif exists")));
}

TEST_F(CogWriterTest, has_its_own_tiles_when_another_writes_the_same_file) {
    const auto one = jpeg_tile({200, 0, 0});
    const auto two = jpeg_tile({0, 200, 0});
    auto first = writer();
    first.put({1, 0, 0}, one);
    auto second = writer();
    second.put({1, 0, 0}, two);
    first.commit();
    EXPECT_TRUE(has(file(), one));
    EXPECT_FALSE(has(file(), two));
    EXPECT_THAT([&] { second.commit(); },
                throws(Errc::already_exists, HasSubstr("map.tif exists already")));
    EXPECT_TRUE(has(file(), one));
}

TEST_F(CogWriterTest, leaves_a_file_alone_that_came_while_it_was_written) {
    FaultyFileOps disk{[&](FaultyFileOps::When when, int, std::string_view name) {
        if (when == FaultyFileOps::When::after && name == "sync") {
            test::write_file(options_.file, "another's");
        }
    }};
    auto writing = writer(disk);
    writing.put({0, 0, 0}, jpeg_tile({1, 2, 3}));
    EXPECT_THAT([&] { writing.commit(); }, throws(Errc::already_exists, HasSubstr("map.tif")));
    EXPECT_EQ(test::read_text(options_.file), "another's");
    EXPECT_THAT(names_below(folder_.path()), ElementsAre("map.tif"));
}

TEST_F(CogWriterTest, makes_the_folders_of_the_file) {
    options_.file = (folder_ / "new/folder/map.tif").string();
    write_cog(options_, {{{0, 0, 0}, jpeg_tile({1, 2, 3})}});
    EXPECT_TRUE(fs::exists(options_.file));
}

TEST_F(CogWriterTest, makes_the_same_bytes_whatever_the_order_and_the_threads) {
    for (const auto encoding : {Encoding::jpeg, Encoding::png}) {
        EncodedTiles tiles;
        add_pictures(tiles, {4, 3, 5, 9, 11}, Encoder{encoding, 80});
        add_pictures(tiles, {3, 1, 2, 5, 6}, Encoder{encoding, 80});
        if (encoding == Encoding::jpeg) {
            tiles[{4, 3, 5}] = jpeg_tile({1, 2, 3}, JpegColour::ycbcr_444);
        }
        options_.file = (folder_ / fmt::format("{}-once.tif", static_cast<int>(encoding))).string();
        options_.threads = 1;
        write_cog(options_, tiles);
        const auto once = file();
        options_.file =
            (folder_ / fmt::format("{}-again.tif", static_cast<int>(encoding))).string();
        options_.threads = 4;
        auto writing = writer();
        writing.put({4, 5, 7}, tiles.at({4, 3, 5}));  // to be put again
        for (auto tile = tiles.rbegin(); tile != tiles.rend(); ++tile) {
            writing.put(tile->first, tile->second);
        }
        writing.put({4, 8, 8}, tiles.at({4, 8, 8}));
        writing.commit();
        EXPECT_TRUE(file() == once);
    }
}

TEST_F(CogWriterTest, copies_jpeg_and_webp_byte_for_byte) {
    for (const auto encoding : {Encoding::jpeg, Encoding::webp}) {
        EncodedTiles tiles;
        add_pictures(tiles, {2, 1, 1, 4, 3}, Encoder{encoding, 80});
        options_.file = (folder_ / fmt::format("{}.tif", static_cast<int>(encoding))).string();
        write_cog(options_, tiles);
        for (const auto& [key, tile] : tiles) {
            EXPECT_TRUE(has(file(), tile)) << key.x << '/' << key.y;
        }
    }
}

TEST_F(CogWriterTest, encodes_the_jpegs_that_are_not_as_most_are) {
    EncodedTiles tiles;
    add_pictures(tiles, {1, 0, 0, 2, 2}, Encoder{Encoding::jpeg, 80, JpegColour::ycbcr_444});
    const auto other = jpeg_tile({1, 2, 3}, JpegColour::ycbcr_420);
    tiles[{1, 0, 0}] = other;
    write_cog(options_, tiles);
    EXPECT_FALSE(has(file(), other));
    tiles.erase({1, 0, 0});
    for (const auto& [key, tile] : tiles) {
        EXPECT_TRUE(has(file(), tile)) << key.x << '/' << key.y;
    }
}

TEST_F(CogWriterTest, refuses_a_second_format_and_keeps_the_first) {
    const auto jpeg = jpeg_tile({1, 2, 3});
    const auto png = Encoder{Encoding::png, 0}.encode(picture({}));
    auto writing = writer();
    writing.put({1, 0, 0}, jpeg);
    EXPECT_THAT(
        [&] {
            writing.put({1, 1, 0}, png);
        },
        throws(Errc::unsupported,
               AllOf(HasSubstr("cache 'image': tile 1/1/0 is png"), HasSubstr("others are jpg"))));
    EXPECT_THAT([&] { writing.put({1, 0, 0}, png); }, throws(Errc::unsupported, HasSubstr("png")));
    writing.commit();
    EXPECT_TRUE(has(file(), jpeg));
}

TEST_F(CogWriterTest, refuses_what_is_no_tile_of_the_grid) {
    auto writing = writer();
    const auto small_png = Encoder{Encoding::png, 0}.encode(picture({}, 128));
    const auto small_webp = Encoder{Encoding::webp, 80}.encode(picture({}, 128));
    for (const auto& tile :
         {jpeg_tile({1, 2, 3}, JpegColour::ycbcr_420, 128), small_png, small_webp}) {
        EXPECT_THAT(
            [&] {
                writing.put({1, 0, 0}, tile);
            },
            throws(Errc::invalid_argument,
                   HasSubstr("tile 1/0/0: it is 128 by 128 pixels, not 256")));
    }
    EXPECT_THAT(
        [&] {
            writing.put({1, 2, 0}, jpeg_tile({1, 2, 3}));
        },
        throws(Errc::invalid_argument, HasSubstr("no tile 1/2/0")));
    writing.commit();
    EXPECT_FALSE(fs::exists(options_.file));
}

TEST_F(CogWriterTest, refuses_damaged_tiles_and_those_that_are_no_images) {
    auto writing = writer();
    EXPECT_THAT(
        [&] {
            writing.put({1, 0, 0}, as_bytes("\x1F\x8Bvector"));
        },
        throws(Errc::unsupported, HasSubstr("no JPEG, PNG or WebP")));
    EXPECT_THAT([&] { writing.put({1, 0, 0}, {}); }, throws(Errc::unsupported, HasSubstr("1/0/0")));
    EXPECT_THAT(
        [&] {
            writing.put({1, 0, 0}, as_bytes("\xFF\xD8\xFF\xC0"));
        },
        throws(Errc::corrupt, HasSubstr("tile 1/0/0: the JPEG is damaged")));
    EXPECT_THAT(
        [&] {
            writing.put({1, 0, 0}, as_bytes("RIFF....WEBPVP8 "));
        },
        throws(Errc::corrupt, HasSubstr("the WebP is damaged")));
    auto png = Encoder{Encoding::png, 0}.encode(picture({}));
    png.resize(png.size() / 2);
    EXPECT_THAT(
        [&] {
            writing.put({1, 0, 0}, png);
        },
        throws(Errc::corrupt, HasSubstr("tile 1/0/0: cannot decode PNG")));
}

TEST_F(CogWriterTest, refuses_tiles_that_are_no_image_together) {
    auto writing = writer();
    writing.put({20, 0, 0}, jpeg_tile({1, 2, 3}));
    writing.put({20, 1'000'000, 1'000'000}, jpeg_tile({1, 2, 3}));
    EXPECT_THAT([&] { writing.commit(); },
                throws(Errc::too_large, HasSubstr("1000001 by 1000001 tiles of zoom 20")));
    writing.erase({20, 0, 0});
    writing.commit();
    EXPECT_TRUE(fs::exists(options_.file));
}

TEST_F(CogWriterTest, has_the_tiles_of_lower_zooms_beside_the_deepest) {
    const EncodedTiles tiles{{{4, 5, 5}, jpeg_tile({1, 2, 3})},
                             {{3, 0, 0}, jpeg_tile({4, 5, 6})},
                             {{3, 2, 2}, jpeg_tile({7, 8, 9})},
                             {{2, 3, 3}, jpeg_tile({9, 9, 9})}};
    write_cog(options_, tiles);
    const CogReader reader{options_, mercator()};
    for (const auto& [key, tile] : tiles) {
        ASSERT_TRUE(reader.exists(key)) << key.z;
        EXPECT_EQ(reader.get(key)->content, tile) << key.z;
    }
    EXPECT_FALSE(reader.exists({4, 0, 0}));
}

TEST_F(CogWriterTest, refuses_tiles_of_lower_zooms_that_no_image_would_have) {
    auto writing = writer();
    writing.put({12, 0, 0}, jpeg_tile({1, 2, 3}));
    writing.put({5, 0, 0}, jpeg_tile({1, 2, 3}));
    writing.put({5, 30, 31}, jpeg_tile({1, 2, 3}));
    writing.put({5, 31, 31}, jpeg_tile({1, 2, 3}));
    EXPECT_THAT([&] { writing.commit(); },
                throws(Errc::unsupported,
                       HasSubstr("2 tiles of zoom 5 lie too far beside those of zoom 12")));
    writing.erase({5, 30, 31});
    writing.erase({5, 31, 31});
    writing.commit();
    EXPECT_TRUE(fs::exists(options_.file)) << "5/0/0 shows what 12/0/0 shows";
}

TEST_F(CogWriterTest, leaves_out_what_lies_beside_the_range_that_is_asked_for) {
    options_.extent = TileRange{12, 0, 0, 1, 1};
    write_cog(options_, {{{12, 0, 0}, jpeg_tile({1, 2, 3})}, {{5, 31, 31}, jpeg_tile({1, 2, 3})}});
    EXPECT_TRUE(fs::exists(options_.file));
}

TEST_F(CogWriterTest, refuses_a_grid_whose_tiles_tiff_does_not_know) {
    const Grid grid{{.name = "odd",
                     .srs = "EPSG:3857",
                     .extent = {0, 0, 1000, 1000},
                     .tile_size = 250,
                     .resolutions = {1}}};
    EXPECT_THAT([&] { CogWriter(options_, whole_slice(grid)); },
                throws(Errc::unsupported, HasSubstr("grid 'odd' has tiles of 250 pixels")));
}

TEST_F(CogWriterTest, keeps_the_tile_that_was_put_last_and_none_that_is_erased) {
    const auto one = jpeg_tile({200, 0, 0});
    const auto two = jpeg_tile({0, 200, 0});
    const auto three = jpeg_tile({0, 0, 200});
    auto writing = writer();
    writing.put({1, 0, 0}, one);
    writing.put({1, 1, 0}, three);
    writing.put({1, 0, 0}, two);
    writing.erase({1, 1, 0});
    writing.commit();
    EXPECT_FALSE(has(file(), one));
    EXPECT_TRUE(has(file(), two));
    EXPECT_FALSE(has(file(), three));
}

TEST_F(CogWriterTest, is_bigtiff_where_it_must_be) {
    const EncodedTiles tiles{{{0, 0, 0}, jpeg_tile({1, 2, 3})}};
    write_cog(options_, tiles);
    EXPECT_EQ(file()[2], 42);
    const auto size = fs::file_size(options_.file);
    options_.file = (folder_ / "fits.tif").string();
    options_.max_classic_size = size;
    write_cog(options_, tiles);
    EXPECT_EQ(file()[2], 42);
    options_.file = (folder_ / "big.tif").string();
    options_.max_classic_size = size - 1;
    write_cog(options_, tiles);
    EXPECT_EQ(file()[2], 43);
}

TEST_F(CogWriterTest, leaves_no_part_of_a_file_wherever_it_fails) {
    EncodedTiles tiles;
    add_pictures(tiles, {1, 0, 0, 2, 2}, Encoder{Encoding::png, 0});
    FaultyFileOps counting{[](auto, int, std::string_view) {}};
    {
        auto writing = writer(counting);
        for (const auto& [key, tile] : tiles) {
            writing.put(key, tile);
        }
        writing.commit();
    }
    fs::remove(options_.file);
    const auto last = counting.steps_taken();
    ASSERT_GT(last, 5);
    for (int failing = 1; failing < last; ++failing) {  // the last makes the name durable
        FaultyFileOps disk{[&](FaultyFileOps::When when, int step, std::string_view) {
            if (when == FaultyFileOps::When::before && step == failing) {
                throw Error{Errc::no_space, "the disk is full"};
            }
        }};
        const auto write = [&] {
            auto writing = writer(disk);
            for (const auto& [key, tile] : tiles) {
                writing.put(key, tile);
            }
            writing.commit();
        };
        EXPECT_THAT(write, throws(Errc::no_space, HasSubstr("cache 'image'"))) << failing;
        EXPECT_THAT(names_below(folder_.path()), IsEmpty()) << failing;
    }
}

TEST_F(CogWriterTest, does_not_forget_tiles_that_were_lost) {
    bool is_full = true;
    FaultyFileOps disk{[&](FaultyFileOps::When when, int, std::string_view) {
        if (when == FaultyFileOps::When::before && is_full) {
            throw Error{Errc::no_space, "the disk is full"};
        }
    }};
    auto writing = writer(disk);
    writing.put({0, 0, 0}, Encoder{Encoding::png, 0}.encode(picture({})));
    EXPECT_THAT([&] { writing.commit(); }, throws(Errc::no_space, HasSubstr("full")));
    is_full = false;
    EXPECT_THAT([&] { writing.commit(); }, throws(Errc::no_space, HasSubstr("full")));
    EXPECT_FALSE(fs::exists(options_.file));
}

}  // namespace
}  // namespace offgrid
