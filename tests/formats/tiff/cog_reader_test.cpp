#include "formats/tiff/cog_reader.h"

#include "formats/base/file_ops.h"
#include "formats/image/decode.h"
#include "tests/formats/tiff/cog_test.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::add_pictures;
using test::EncodedTiles;
using test::picture;
using test::TempFolder;
using test::throws;
using test::write_cog;
using testing::ElementsAre;
using testing::HasSubstr;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

class CogReaderTest : public testing::Test {
protected:
    CogReader reader(const Grid& grid = mercator()) const { return CogReader{options_, grid}; }

    std::string content() const { return test::read_text(options_.file); }

    TempFolder folder_;
    CogOptions options_{.name = "image", .file = (folder_ / "map.tif").string()};
};

TEST_F(CogReaderTest, gives_back_jpeg_and_webp_byte_for_byte) {
    for (const auto& [encoding, format] :
         {std::pair{Encoding::jpeg, TileFormat::jpeg}, {Encoding::webp, TileFormat::webp}}) {
        for (const std::uint64_t max_classic_size : {std::uint64_t{0}, tiff::max_classic_size}) {
            EncodedTiles tiles;
            add_pictures(tiles, {4, 4, 6, 8, 9}, Encoder{encoding, 80});
            add_pictures(tiles, {3, 2, 3, 4, 5}, Encoder{encoding, 80});
            options_.file =
                (folder_ / fmt::format("{}-{}.tif", static_cast<int>(encoding), max_classic_size))
                    .string();
            options_.max_classic_size = max_classic_size;
            write_cog(options_, tiles);
            const auto reading = reader();
            EXPECT_EQ(reading.info().format, format);
            EXPECT_EQ(reading.info().min_zoom, 3);
            EXPECT_EQ(reading.info().max_zoom, 4);
            EncodedTiles found;
            for (const int z : {3, 4}) {
                reading.scan(mercator().whole(z), [&](const TileKey& key, BytesView tile) {
                    found[key] = {tile.begin(), tile.end()};
                });
            }
            EXPECT_TRUE(found == tiles);
        }
    }
}

TEST_F(CogReaderTest, gives_png_with_the_same_pixels) {
    EncodedTiles tiles;
    add_pictures(tiles, {1, 0, 0, 2, 2}, Encoder{Encoding::png, 0}, true);
    write_cog(options_, tiles);
    const auto reading = reader();
    EXPECT_EQ(reading.info().format, TileFormat::png);
    for (const auto& [key, tile] : tiles) {
        EXPECT_TRUE(decode_tile(reading.get(key)->content).rgba == decode_tile(tile).rgba);
    }
}

TEST_F(CogReaderTest, says_where_the_image_lies) {
    EncodedTiles tiles;
    add_pictures(tiles, {2, 0, 0, 2, 2}, Encoder{Encoding::jpeg, 80});
    write_cog(options_, tiles, Grid::wgs84());
    EXPECT_EQ(reader(Grid::wgs84()).info().bounds, (Box{-180, 0, -90, 90}));
    EXPECT_THAT([&] { reader(); },
                throws(Errc::unsupported, HasSubstr("it is in EPSG:4326, not in EPSG:3857")));
}

TEST_F(CogReaderTest, refuses_a_grid_that_is_cut_otherwise) {
    EncodedTiles tiles;
    add_pictures(tiles, {2, 1, 1, 2, 2}, Encoder{Encoding::jpeg, 80});
    write_cog(options_, tiles);
    const auto other = [](Grid::Definition definition) {
        definition.name = "other";
        definition.srs = "EPSG:3857";
        return Grid{std::move(definition)};
    };
    const auto resolution = mercator().resolution(2);
    const Box extent = mercator().extent();
    const auto no_tiles = HasSubstr("map.tif has no tiles of the grid 'other'");
    EXPECT_THAT([&] { reader(other({.extent = extent, .resolutions = {resolution * 1.001}})); },
                throws(Errc::unsupported, no_tiles));
    EXPECT_THAT(
        [&] {
            reader(other({.extent = {100'000, 0, 1e7, 1e7}, .resolutions = {resolution}}));
        },
        throws(Errc::unsupported, no_tiles));
    EXPECT_THAT(
        [&] { reader(other({.extent = extent, .tile_size = 512, .resolutions = {resolution}})); },
        throws(Errc::unsupported, no_tiles));
}

TEST_F(CogReaderTest, takes_a_fourth_sample_for_alpha_only_where_the_file_says_so) {
    EncodedTiles tiles;
    add_pictures(tiles, {1, 0, 0, 2, 2}, Encoder{Encoding::png, 0}, true);
    write_cog(options_, tiles);
    const auto whole = content();
    const std::string_view unassociated_alpha{"\x52\1\3\0\1\0\0\0\2\0", 10};
    const auto entry = whole.find(unassociated_alpha);
    ASSERT_NE(entry, std::string::npos);
    for (const char meaning : {'\0', '\1'}) {  // unspecified, as near infrared; premultiplied
        auto other = whole;
        other[entry + 8] = meaning;
        test::write_file(options_.file, other);
        EXPECT_THAT([&] { reader(); },
                    throws(Errc::unsupported, HasSubstr("4 samples a pixel, the fourth no alpha")));
    }
}

TEST_F(CogReaderTest, refuses_samples_with_a_sign) {
    EncodedTiles tiles;
    add_pictures(tiles, {1, 0, 0, 2, 2}, Encoder{Encoding::png, 0});
    write_cog(options_, tiles);
    auto other = content();
    const std::string_view contiguous{"\x1C\1\3\0\1\0\0\0\1\0", 10};
    const auto entry = other.find(contiguous);
    ASSERT_NE(entry, std::string::npos);
    other.replace(entry, 10, std::string_view{"\x53\1\3\0\1\0\0\0\2\0", 10});  // SampleFormat
    test::write_file(options_.file, other);
    EXPECT_THAT([&] { reader(); }, throws(Errc::unsupported, HasSubstr("without a sign")));
}

TEST_F(CogReaderTest, refuses_every_file_that_ends_early_and_no_byte_of_a_directory_crashes_it) {
    EncodedTiles tiles;
    add_pictures(tiles, {1, 0, 0, 2, 2}, Encoder{Encoding::jpeg, 80});
    tiles.erase({1, 1, 1});
    write_cog(options_, tiles);
    const auto whole = content();
    const auto read_all = [&] {
        try {
            const auto reading = reader();
            for (const auto& [key, tile] : tiles) {
                (void)reading.get(key);
            }
            return true;
        } catch (const Error&) {
            return false;
        }
    };
    ASSERT_TRUE(read_all());
    for (std::size_t size = 0; size < 3000; size += 7) {
        test::write_file(options_.file, whole.substr(0, size));
        EXPECT_FALSE(read_all()) << size;
    }
    for (std::size_t at = 0; at < 1500; ++at) {
        for (const char value : {'\0', '\x7F', '\xFF'}) {
            auto damaged = whole;
            damaged[at] = value;
            test::write_file(options_.file, damaged);
            read_all();  // perhaps
        }
    }
}

TEST_F(CogReaderTest, tells_that_there_is_no_file) {
    EXPECT_THAT([&] { reader(); },
                throws(Errc::not_found, HasSubstr("cache 'image': there is no")));
}

}  // namespace
}  // namespace offgrid
