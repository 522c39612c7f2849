#include "formats/pmtiles/pmtiles_writer.h"

#include "formats/pmtiles/compression.h"
#include "formats/pmtiles/hilbert.h"
#include "formats/pmtiles/metadata.h"
#include "formats/pmtiles/pmtiles_reader.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

using pmtiles::Compression;
using pmtiles::TileType;
using test::draw;
using test::png_bytes;
using test::Pyramid;
using test::TempFolder;
using test::throws;
using test::word_in;
using testing::HasSubstr;
using testing::IsEmpty;

struct PmtilesWriting : testing::Test {
    PmtilesWriter writer(StoreInfo info = {}) const {
        return PmtilesWriter{{.file = path}, {.info = std::move(info)}};
    }

    void write(const Pyramid& pyramid, StoreInfo info = {}) const {
        auto made = writer(std::move(info));
        for (const auto& [key, word] : pyramid) {
            made.put(key, png_bytes(word));
        }
        made.commit();
    }

    PmtilesReader reader() const { return PmtilesReader{{.file = path}}; }

    /// The bytes of a file of these puts.
    std::string bytes_of(const std::vector<std::pair<TileKey, std::string>>& puts) const {
        std::filesystem::remove(path);
        auto made = writer();
        for (const auto& [key, word] : puts) {
            made.put(key, png_bytes(word));
        }
        made.commit();
        return test::read_text(path);
    }

    TempFolder folder;
    const std::filesystem::path path = folder / "sea.pmtiles";
};

TEST_F(PmtilesWriting, stores_equal_tiles_once_and_runs_of_them_as_one_entry) {
    write(draw(R"(z0: land
                  z1: sea sea / sea land
                  z2: sea sea sea sea / sea sea sea sea / sea sea sea sea / sea sea sea sea)"));
    const auto header = reader().header();
    EXPECT_EQ(header.addressed_tiles, 21U);
    EXPECT_EQ(header.tile_contents, 2U);
    EXPECT_EQ(header.tile_entries, 4U) << "land, two of the sea, land, all that follow";
    EXPECT_EQ(header.tiles.length, png_bytes("land").size() + png_bytes("sea").size());
    EXPECT_TRUE(header.is_clustered);
    EXPECT_EQ(word_in(reader().get({1, 1, 1})), "land");
    EXPECT_EQ(word_in(reader().get({2, 3, 0})), "sea");
}

TEST_F(PmtilesWriting, stores_equal_tiles_once_that_come_long_after_each_other) {
    auto made = writer();
    for (std::int64_t i = 0; i < 20'000; ++i) {
        made.put({8, i % 256, i / 256}, png_bytes(fmt::format("{}", i % 10'000)));
    }
    made.commit();
    EXPECT_EQ(reader().header().tile_contents, 10'000U);
    EXPECT_EQ(word_in(reader().get({8, 10'005 % 256, 10'005 / 256})), "5");
}

TEST_F(PmtilesWriting, puts_contents_in_the_order_of_the_hilbert_curve) {
    write(draw("z1: a d / b c"));
    const auto file = test::read_text(path);
    const auto tiles = file.substr(static_cast<std::size_t>(reader().header().tiles.offset));
    EXPECT_EQ(tiles, test::png("a") + test::png("b") + test::png("c") + test::png("d"));
}

TEST_F(PmtilesWriting, gives_the_same_bytes_in_whatever_order_tiles_are_put) {
    std::vector<std::pair<TileKey, std::string>> puts;
    for (std::int64_t i = 0; i < 4096; ++i) {
        puts.emplace_back(TileKey{6, i % 64, i / 64}, fmt::format("{}", i % 100));
    }
    const auto expected = bytes_of(puts);
    std::mt19937 random{3};
    std::ranges::shuffle(puts, random);
    EXPECT_TRUE(bytes_of(puts) == expected);

    auto with_older = puts;
    for (auto& [key, word] : with_older) {
        word += " older";
    }
    with_older.insert(with_older.end(), puts.begin(), puts.end());
    EXPECT_TRUE(bytes_of(with_older) == expected);
}

TEST_F(PmtilesWriting, divides_many_tiles_into_leaf_directories) {
    constexpr std::int64_t side = 350;
    auto made = writer();
    for (std::int64_t i = 0; i < side * side; ++i) {
        made.put({9, i % side, i / side}, png_bytes(fmt::format("{}", i)));
    }
    made.commit();
    const auto read = reader();
    const auto& header = read.header();
    EXPECT_EQ(header.addressed_tiles, static_cast<std::uint64_t>(side * side));
    EXPECT_GT(header.leaves.length, 0U);
    EXPECT_LT(header.root.offset + header.root.length, pmtiles::first_request_bytes);
    for (std::int64_t i = 0; i < side * side; i += 997) {
        EXPECT_EQ(word_in(read.get({9, i % side, i / side})), std::to_string(i));
    }
    EXPECT_FALSE(read.exists({9, side, 0}));
    std::int64_t scanned = 0;
    read.scan({9, 100, 0, 200, 512}, [&](const TileKey& key, BytesView content) {
        ++scanned;
        EXPECT_EQ(word_in(Tile{{content.begin(), content.end()}}),
                  std::to_string(key.y * side + key.x));
    });
    EXPECT_EQ(scanned, 100 * side);
}

TEST_F(PmtilesWriting, describes_what_it_writes) {
    write(draw("z3@2,1: a b z5@8,8: c . / . d"),
          {.name = "Sea", .description = "of tiles", .attribution = "me"});
    const auto read = reader();
    EXPECT_EQ(read.info().name, "Sea");
    EXPECT_EQ(read.info().description, "of tiles");
    EXPECT_EQ(read.info().attribution, "me");
    const auto& header = read.header();
    EXPECT_EQ(header.tile_type, TileType::png);
    EXPECT_EQ(header.tile_compression, Compression::none);
    EXPECT_EQ(header.min_zoom, 3);
    EXPECT_EQ(header.max_zoom, 5);
    EXPECT_EQ(header.center_zoom, 3);
    EXPECT_EQ(header.south_west.longitude_e7, -900'000'000) << "column 8 of 32";
    EXPECT_EQ(header.north_east.longitude_e7, -675'000'000);
    EXPECT_EQ(header.center.longitude_e7, -787'500'000);
    EXPECT_EQ(header.north_east.latitude_e7, 665'132'604) << "row 8 of 32";
}

TEST_F(PmtilesWriting, is_called_as_its_file_where_it_has_no_name) {
    write(draw("z0: a"));
    EXPECT_EQ(reader().info().name, "sea");
}

TEST_F(PmtilesWriting, keeps_the_bounds_that_it_is_limited_to) {
    write(draw("z1: a b / c d"), {.bounds = Box{33.5, -5, 42, 5.25}});
    EXPECT_EQ(reader().header().south_west, (pmtiles::Position{335'000'000, -50'000'000}));
    EXPECT_EQ(reader().header().north_east, (pmtiles::Position{420'000'000, 52'500'000}));
}

TEST_F(PmtilesWriting, says_that_vector_tiles_are_gzip_streams) {
    const auto tile = pmtiles::gzipped(as_bytes("a vector tile"));
    {
        auto made = writer();
        made.put({0, 0, 0}, tile);
        EXPECT_THAT(
            [&] {
                made.put({1, 0, 0}, as_bytes("a vector tile"));
            },
            throws(Errc::invalid_argument, HasSubstr("1/0/0 is not compressed with gzip")));
        made.commit();
    }
    EXPECT_EQ(reader().header().tile_type, TileType::mvt);
    EXPECT_EQ(reader().header().tile_compression, Compression::gzip);
    EXPECT_EQ(reader().get({0, 0, 0})->content, tile);
}

TEST_F(PmtilesWriting, has_tiles_of_an_unknown_type_where_they_differ) {
    auto made = writer();
    made.put({1, 0, 0}, png_bytes("a"));
    made.put({1, 0, 1}, as_bytes("\xFF\xD8\xFF jpeg"));
    made.commit();
    EXPECT_EQ(reader().header().tile_type, TileType::unknown);
    EXPECT_EQ(reader().info().format, std::nullopt);
}

TEST_F(PmtilesWriting, takes_a_grid_with_the_same_tiles_of_512_pixels) {
    const auto& mercator = Grid::google_maps_compatible();
    std::vector<double> resolutions;
    for (int z = 0; z < 20; ++z) {
        resolutions.push_back(mercator.resolution(z) / 2);
    }
    const Grid grid{{.name = "512",
                     .srs = "epsg:3857",
                     .extent = mercator.extent(),
                     .tile_size = 512,
                     .resolutions = resolutions}};
    write(draw("z1: a b / c d"), {.grid = &grid});
    EXPECT_EQ(word_in(reader().get({1, 1, 0})), "b");
}

TEST_F(PmtilesWriting, takes_a_grid_with_one_zoom_more_than_the_built_in_one) {
    const auto& mercator = Grid::google_maps_compatible();
    std::vector<double> resolutions;
    for (int z = 0; z < 32; ++z) {
        resolutions.push_back(std::ldexp(mercator.resolution(0), -z));
    }
    const Grid grid{{.name = "deep",
                     .srs = "EPSG:3857",
                     .extent = mercator.extent(),
                     .resolutions = resolutions}};
    constexpr std::int64_t middle = std::int64_t{1} << 30;
    auto made = writer({.grid = &grid});
    made.put({31, middle, middle}, png_bytes("w"));
    made.commit();
    EXPECT_EQ(word_in(PmtilesReader{{.file = path}, grid}.get({31, middle, middle})), "w");
    EXPECT_EQ(reader().header().south_west.longitude_e7, 0);
    EXPECT_EQ(reader().header().north_east.longitude_e7, 2) << "360 / 2^31 degrees";
}

TEST_F(PmtilesWriting, has_a_semantic_version_in_its_metadata) {
    const auto json = pmtiles::to_json({});
    EXPECT_THAT(std::string(json.begin(), json.end()), HasSubstr(R"("version":"1.0.0")"));
}

TEST_F(PmtilesWriting, refuses_a_grid_with_other_tiles) {
    const auto& mercator = Grid::google_maps_compatible();
    const Grid half{{.name = "half",
                     .srs = "EPSG:3857",
                     .extent = {0, 0, mercator.extent().max_x, mercator.extent().max_y},
                     .resolutions = {mercator.resolution(1)}}};
    for (const auto* grid : {&half, &Grid::wgs84()}) {
        EXPECT_THAT([&] { writer({.grid = grid}); },
                    throws(Errc::unsupported, HasSubstr("not those of '" + grid->name())));
    }
    EXPECT_THAT(test::names_below(folder.path()), IsEmpty());
}

TEST_F(PmtilesWriting, leaves_a_file_alone_that_is_there) {
    test::write_file(path, "older");
    EXPECT_THAT([&] { writer(); }, throws(Errc::already_exists, HasSubstr("exists already")));
    EXPECT_EQ(test::read_text(path), "older");
}

TEST_F(PmtilesWriting, leaves_a_file_alone_that_came_meanwhile) {
    auto made = writer();
    made.put({0, 0, 0}, png_bytes("a"));
    test::write_file(path, "another's");
    EXPECT_THAT([&] { made.commit(); }, throws(Errc::already_exists, HasSubstr("exists")));
    EXPECT_EQ(test::read_text(path), "another's");
}

TEST_F(PmtilesWriting, leaves_nothing_behind_without_a_commit) {
    {
        auto made = writer();
        made.put({0, 0, 0}, Bytes(5 << 20, 'x'));
        EXPECT_THAT(test::names_below(folder.path()), IsEmpty()) << "nor after a kill";
    }
    EXPECT_THAT(test::names_below(folder.path()), IsEmpty());
}

TEST_F(PmtilesWriting, is_done_with_the_first_commit) {
    auto made = writer();
    made.put({0, 0, 0}, png_bytes("a"));
    made.commit();
    EXPECT_NO_THROW(made.commit());
    EXPECT_THAT(
        [&] {
            made.put({1, 0, 0}, png_bytes("b"));
        },
        throws(Errc::invalid_argument, HasSubstr("written once")));
    EXPECT_EQ(reader().header().addressed_tiles, 1U);
}

TEST_F(PmtilesWriting, makes_no_file_without_tiles) {
    auto made = writer();
    made.put({0, 0, 0}, png_bytes("a"));
    made.erase({0, 0, 0});
    EXPECT_THAT([&] { made.commit(); }, throws(Errc::invalid_argument, HasSubstr("without tiles")));
    EXPECT_THAT(test::names_below(folder.path()), IsEmpty());
}

TEST_F(PmtilesWriting, leaves_the_unfinished_files_of_others_alone) {
    const auto part_of_another = folder / "sea.pmtiles.0123.part";
    test::write_file(part_of_another, "half");
    write(draw("z0: a"));
    EXPECT_EQ(test::read_text(part_of_another), "half");
    EXPECT_EQ(word_in(reader().get({0, 0, 0})), "a");
}

/// Fails the step of that number; says whether it was reached.
bool fails_at(int failing_step, const std::filesystem::path& path) {
    bool has_failed = false;
    test::FaultyFileOps disk{[&](test::FaultyFileOps::When when, int step, std::string_view) {
        if (when == test::FaultyFileOps::When::before && step == failing_step) {
            has_failed = true;
            throw Error{Errc::no_space, "the disk is full"};
        }
    }};
    PmtilesWriter made{{.file = path}, {}, disk};
    made.put({0, 0, 0}, png_bytes("a"));
    try {
        made.commit();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::no_space);
    }
    if (has_failed) {
        EXPECT_THROW(made.commit(), Error) << "a second commit mends nothing";
    }
    return has_failed;
}

TEST_F(PmtilesWriting, appears_whole_or_not_at_all) {
    int step = 1;
    while (fails_at(step, path)) {
        EXPECT_THAT(test::names_below(folder.path()), testing::Each("sea.pmtiles"))
            << "step " << step;
        if (std::filesystem::exists(path)) {
            EXPECT_EQ(word_in(reader().get({0, 0, 0})), "a") << "step " << step;
            std::filesystem::remove(path);
        }
        ++step;
    }
    EXPECT_GT(step, 6);
    EXPECT_EQ(word_in(reader().get({0, 0, 0})), "a");
}

}  // namespace
}  // namespace offgrid
