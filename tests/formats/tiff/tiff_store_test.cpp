#include "formats/tiff/tiff_store.h"

#include "formats/image/encode.h"
#include "formats/tiff/tiff_update.h"
#include "tests/formats/tiff/jpeg_tiles.h"
#include "tests/formats/tiff/tiff_test.h"
#include "tests/support/errors.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::colour_in;
using test::draw;
using test::jpeg_tile;
using test::mercator;
using test::options_in;
using test::Rgb;
using test::slice_of;
using test::throws;
using test::TiffTest;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;

const Grid& top_left_mercator() {
    static const Grid grid = [] {
        std::vector<double> resolutions;
        for (int z = 0; z < 10; ++z) {
            resolutions.push_back(mercator().resolution(z));
        }
        return Grid{{.name = "north",
                     .srs = "EPSG:3857",
                     .extent = mercator().extent(),
                     .resolutions = resolutions,
                     .origin = Grid::Origin::top_left}};
    }();
    return grid;
}

MATCHER(IsNearly, "") {
    return std::abs(std::get<0>(arg) - std::get<1>(arg)) <= 3;
}

TEST_F(TiffTest, does_not_blame_the_cache_for_what_a_visitor_throws) {
    store({0, 0, 0}, jpeg_tile({1, 2, 3}));
    EXPECT_THAT(
        [&] {
            reader().scan({0, 0, 0, 1, 1}, [](const TileKey&, BytesView) {
                throw Error{Errc::no_space, "the other disk is full"};
            });
        },
        throws(Errc::no_space, "the other disk is full"));
}

TEST_F(TiffTest, copies_tiles_of_each_sampling_byte_for_byte) {
    for (const auto colour :
         {JpegColour::ycbcr_420, JpegColour::ycbcr_422, JpegColour::ycbcr_444}) {
        const auto tile = jpeg_tile({200, 30, 40}, colour);
        const auto z = static_cast<int>(colour);
        store({z, 0, 0}, tile);
        EXPECT_EQ(reader().get({z, 0, 0})->content, tile);
    }
}

TEST_F(TiffTest, encodes_what_the_file_cannot_hold_as_it_is) {
    store({1, 0, 0}, jpeg_tile({200, 30, 40}, JpegColour::ycbcr_420));
    const auto other = jpeg_tile({10, 200, 40}, JpegColour::ycbcr_444);
    const auto png = Encoder{Encoding::png, 90}.encode(test::plain({20, 30, 200}));
    store({1, 1, 0}, other);
    store({1, 1, 1}, png);

    const auto of_other = reader().get({1, 1, 0})->content;
    EXPECT_NE(of_other, other);
    EXPECT_THAT(colour_in(of_other), Pointwise(IsNearly(), Rgb{10, 200, 40}));
    EXPECT_THAT(colour_in(reader().get({1, 1, 1})->content),
                Pointwise(IsNearly(), Rgb{20, 30, 200}));
}

TEST_F(TiffTest, puts_transparent_tiles_on_white) {
    store({0, 0, 0}, Encoder{Encoding::png, 90}.encode(Image{256, 256}));
    EXPECT_THAT(colour_in(reader().get({0, 0, 0})->content),
                Pointwise(IsNearly(), Rgb{255, 255, 255}));
}

TEST_F(TiffTest, writes_rgb_where_the_cache_is_configured_so) {
    options_.photometric = Photometric::rgb;
    const auto rgb = jpeg_tile({200, 30, 40}, JpegColour::rgb);
    store({1, 0, 0}, rgb);
    store({1, 1, 0}, jpeg_tile({30, 200, 40}));
    EXPECT_EQ(reader().get({1, 0, 0})->content, rgb);
    EXPECT_THAT(colour_in(reader().get({1, 1, 0})->content),
                Pointwise(IsNearly(), Rgb{30, 200, 40}));
}

TEST_F(TiffTest, refuses_a_tile_and_keeps_the_one_before) {
    const auto tile = jpeg_tile({200, 30, 40});
    store({0, 0, 0}, tile);
    auto writing = writer();
    const auto small = Encoder{Encoding::png, 90}.encode(test::plain({1, 2, 3}, 128));
    const auto words = as_bytes("no image");
    EXPECT_THAT(
        [&] {
            writing.put({0, 0, 0}, small);
        },
        throws(Errc::invalid_argument,
               AllOf(HasSubstr("cache 'pictures'"), HasSubstr("128 by 128 pixels, not 256"))));
    EXPECT_THAT(
        [&] {
            writing.put({0, 0, 0}, words);
        },
        throws(Errc::unsupported, HasSubstr("tile 0/0/0")));
    EXPECT_THAT(
        [&] {
            writing.put({0, 1, 0}, tile);
        },
        throws(Errc::invalid_argument, HasSubstr("0/1/0")));
    writing.commit();
    EXPECT_EQ(reader().get({0, 0, 0})->content, tile);
}

TEST_F(TiffTest, shows_nothing_before_commit) {
    const auto reading = reader();
    {
        auto writing = writer();
        writing.put({0, 0, 0}, jpeg_tile({1, 2, 3}));
        EXPECT_EQ(reading.get({0, 0, 0}), std::nullopt);
    }
    EXPECT_EQ(reading.get({0, 0, 0}), std::nullopt) << "the writer was given up";
    EXPECT_FALSE(fs::exists(folder_ / "0/0-0.tif"));
}

TEST_F(TiffTest, shows_nothing_before_commit_of_more_than_fits_in_memory) {
    const auto tile = test::jpeg_with_comment(Bytes(3'000'000, 'x'));
    const auto reading = reader();
    auto writing = writer();
    for (int i = 0; i < 16; ++i) {
        writing.put({2, i % 4, i / 4}, tile);
    }
    ASSERT_GT(fs::file_size(folder_ / "2/0-0.tif"), 30'000'000U);
    EXPECT_EQ(reading.get({2, 0, 0}), std::nullopt);
    writing.commit();
    EXPECT_EQ(reading.get({2, 0, 0})->content, tile);
    EXPECT_EQ(reading.get({2, 3, 3})->content, tile);
}

TEST_F(TiffTest, a_reader_sees_what_was_committed_after_it_had_opened_the_file) {
    const auto reading = reader();
    for (int i = 0; i < 50; ++i) {
        const auto tile = test::jpeg_with_comment(as_bytes(std::to_string(i)));
        store({3, i % 8, 0}, tile);
        ASSERT_EQ(reading.get({3, i % 8, 0})->content, tile) << i;
    }
}

/// Who reads meanwhile, or after a power cut, finds all that was there before.
TEST_F(TiffTest, an_update_changes_no_byte_but_the_offset_of_the_directory) {
    store({1, 0, 0}, jpeg_tile({200, 30, 40}));
    const auto before = test::read_text(folder_ / "1/0-0.tif");
    store({1, 0, 0}, jpeg_tile({20, 130, 40}));
    const auto after = test::read_text(folder_ / "1/0-0.tif");
    EXPECT_EQ(after.substr(0, 4), before.substr(0, 4));
    EXPECT_NE(after.substr(4, 4), before.substr(4, 4));
    EXPECT_EQ(after.substr(8, before.size() - 8), before.substr(8));
}

TEST_F(TiffTest, a_tile_that_is_there_already_takes_no_room) {
    const auto tile = jpeg_tile({200, 30, 40});
    store({1, 0, 0}, tile);
    const auto before = test::read_text(folder_ / "1/0-0.tif");
    store({1, 0, 0}, tile);
    EXPECT_EQ(test::read_text(folder_ / "1/0-0.tif"), before);
}

TEST_F(TiffTest, erasing_makes_no_files) {
    auto writing = writer();
    writing.erase({1, 0, 0});
    writing.commit();
    EXPECT_FALSE(fs::exists(folder_ / "1"));
}

TEST_F(TiffTest, writers_of_one_file_wait_for_each_other) {
    const auto first = jpeg_tile({1, 2, 3});
    const auto second = jpeg_tile({100, 2, 3});
    auto one = writer();
    auto other = writer();
    one.put({1, 0, 0}, first);
    other.put({1, 1, 0}, second);
    one.commit();
    other.commit();
    EXPECT_EQ(reader().get({1, 0, 0})->content, first);
    EXPECT_EQ(reader().get({1, 1, 0})->content, second);

    FileLocker impatient{{.folder = folder_.path(),
                          .retry = std::chrono::milliseconds{1},
                          .timeout = std::chrono::milliseconds{5}}};
    TiffWriter late{options_, slice_of(mercator()), impatient};
    late.put({1, 0, 1}, first);
    {
        const auto lock = locker_.lock((folder_ / "1/0-0.tif").string());
        EXPECT_THAT([&] { late.commit(); }, throws(Errc::busy, HasSubstr("1/0-0.tif")));
    }
    late.put({1, 0, 1}, first);
    late.commit();
    EXPECT_EQ(reader().get({1, 0, 1})->content, first);
}

TEST_F(TiffTest, tells_when_the_file_changed) {
    store({0, 0, 0}, jpeg_tile({1, 2, 3}));
    const auto age = std::chrono::system_clock::now() - *reader().get({0, 0, 0})->modified;
    EXPECT_LT(std::chrono::abs(age), std::chrono::minutes{1});
}

TEST_F(TiffTest, lists_its_files_and_what_is_in_them) {
    options_ = options_in(folder_, 3);
    store({2, 3, 3}, jpeg_tile({1, 2, 3}));
    store({2, 0, 1}, jpeg_tile({1, 2, 3}));
    const auto reading = reader();
    const auto files = reading.files()->list();
    ASSERT_THAT(files,
                ElementsAre((folder_ / "2/0-0.tif").string(), (folder_ / "2/3-0.tif").string()));
    std::vector<TileKey> keys;
    for (const auto& file : files) {
        reading.files()->list_tiles(file, [&](const TileKey& key, std::uint64_t bytes) {
            keys.push_back(key);
            EXPECT_GT(bytes, 100U);
        });
    }
    EXPECT_THAT(keys, ElementsAre(TileKey{2, 0, 1}, TileKey{2, 3, 3}));
}

// --- Grids and templates

TEST_F(TiffTest, keeps_rows_from_the_north_for_either_origin) {
    options_ = options_in(folder_, 3);
    for (const auto* grid : {&mercator(), &top_left_mercator()}) {
        options_.file = (folder_ / "{grid}/{z}/{x}-{y}.tif").string();
        for (std::int64_t y = 0; y < 4; ++y) {
            store({2, 1, y}, test::jpeg_with_comment(as_bytes(std::to_string(y))), *grid);
        }
        for (std::int64_t y = 0; y < 4; ++y) {
            EXPECT_EQ(as_text(test::comment_in(reader(*grid).get({2, 1, y})->content)),
                      std::to_string(y));
        }
    }
    // Tile 4 is in the middle of 3 by 3, tile 1 in its first row.
    const auto south = tiff::TiffFile::open((folder_ / "GoogleMapsCompatible/2/0-0.tif").string());
    const auto north = tiff::TiffFile::open((folder_ / "north/2/0-0.tif").string());
    EXPECT_EQ(as_text(test::comment_in(south->read(*south->find(1)))), "1");
    EXPECT_EQ(as_text(test::comment_in(south->read(*south->find(7)))), "3");
    EXPECT_EQ(as_text(test::comment_in(north->read(*north->find(1)))), "0");
    EXPECT_EQ(as_text(test::comment_in(north->read(*north->find(7)))), "2");
}

/// For grids from the top left MapCache writes the rows in reverse and the tie point too far south.
TEST_F(TiffTest, keeps_the_order_of_the_rows_that_mapcache_began_with) {
    const auto path = (folder_ / "1/0-0.tif").string();
    const auto& extent = mercator().extent();
    tiff::create_tiff(posix_file_ops(), path,
                      {.layout = {2, 2, 256, tiff::photometric_ycbcr, 3, 2, 2},
                       .tables = jpeg_tables(90),
                       .corner = tiff::Corner{extent.min_x, 0},
                       .resolution = mercator().resolution(1)});
    const auto tile = jpeg_tile({200, 30, 40});
    store({1, 1, 0}, tile, top_left_mercator());
    EXPECT_EQ(reader(top_left_mercator()).get({1, 1, 0})->content, tile);
    EXPECT_TRUE(tiff::TiffFile::open(path)->find(3)) << "in the second row of the file";
    std::vector<TileKey> keys;
    const auto reading = reader(top_left_mercator());
    reading.files()->list_tiles(
        path, [&](const TileKey& key, std::uint64_t /*bytes*/) { keys.push_back(key); });
    EXPECT_THAT(keys, ElementsAre(TileKey{1, 1, 0}));
}

TEST_F(TiffTest, counts_from_the_far_edge_as_mapcache_does) {
    options_.file = (folder_ / "{z}-{inv_x}-{inv_y}.tif").string();
    options_.path = {.xcount = 3, .ycount = 2, .counts_inv_x_in_rows = true};
    test::Pyramid words;
    auto writing = writer();
    for (const auto& [key, word] : draw("z2: a b c d / e f g h / i j k l / m n o p")) {
        writing.put(key, test::jpeg_with_comment(as_bytes(word)));
        words[key] = word;
    }
    writing.commit();
    EXPECT_TRUE(fs::exists(folder_ / "2-2-0.tif")) << "counted in rows";
    test::Pyramid seen;
    const auto reading = reader();
    reading.scan(mercator().whole(2), [&](const TileKey& key, BytesView content) {
        seen[key] = as_text(test::comment_in(content));
    });
    EXPECT_EQ(seen, words);
    seen.clear();
    for (const auto& file : reading.files()->list()) {
        reading.files()->list_tiles(file, [&](const TileKey& key, std::uint64_t /*bytes*/) {
            seen[key] = as_text(test::comment_in(reading.get(key)->content));
        });
    }
    EXPECT_EQ(seen, words);
}

TEST_F(TiffTest, refuses_templates_in_which_tiles_share_a_place) {
    options_.file = (folder_ / "{x}-{y}.tif").string();
    EXPECT_THAT([&] { reader(); }, throws(Errc::invalid_argument, HasSubstr("several zooms")));
    options_.file = (folder_ / "{z}-{y}.tif").string();
    const auto tile = jpeg_tile({1, 2, 3});
    store({3, 7, 7}, tile);
    EXPECT_EQ(reader().get({3, 7, 7})->content, tile) << "one file spans the zoom";
    EXPECT_THAT(
        [&] {
            store({4, 0, 0}, tile);
        },
        throws(Errc::invalid_argument, HasSubstr("share the place of 4/0/0")));
}

TEST_F(TiffTest, writes_bigtiff_where_a_file_may_pass_4_gib) {
    options_ = options_in(folder_, 256);
    const auto tile = jpeg_tile({1, 2, 3});
    store({8, 255, 0}, tile);
    store({7, 0, 0}, tile);
    EXPECT_EQ(test::read_text(folder_ / "8/0-0.tif").substr(0, 4), (std::string{"II+\0", 4}));
    EXPECT_EQ(test::read_text(folder_ / "7/0-0.tif").substr(0, 4), (std::string{"II*\0", 4}));
    EXPECT_EQ(reader().get({8, 255, 0})->content, tile);
}

}  // namespace
}  // namespace offgrid
