#include "pack/inspect/coverage.h"

#include "formats/combine/composite_store.h"
#include "formats/package/package_reader.h"
#include "pack/inspect/coverage_text.h"
#include "tests/pack/inspect/files_store.h"
#include "tests/support/memory_store.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>

namespace offgrid {
namespace {

using test::draw;
using test::FilesStore;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Grid& grid = Grid::google_maps_compatible();
const std::atomic<bool> goes_on{false};

Selection whole_zooms(int min_zoom, int max_zoom) {
    std::vector<TileRange> ranges;
    for (int z = min_zoom; z <= max_zoom; ++z) {
        ranges.push_back(grid.whole(z));
    }
    return {grid, ranges};
}

void fill(FilesStore& store, int z) {
    for (std::int64_t x = 0; x < grid.matrix_width(z); ++x) {
        for (std::int64_t y = 0; y < grid.matrix_height(z); ++y) {
            store.put({z, x, y}, test::png_bytes("12"));
        }
    }
}

PathTemplate blocks() {
    return PathTemplate{"{z}/{x}-{y}.sqlite3", {.xcount = 4, .ycount = 4}};
}

PathTemplate z_top() {
    return PathTemplate{"z{top}-{top_x}-{top_y}.sqlite3", {.top = 2}};
}

TEST(Coverage, counts_the_tiles_of_a_store_without_files) {
    const test::MemoryTiles tiles{draw("z0: w z1: a b / . dd")};
    const test::MemoryReader reader{tiles};

    const auto report = coverage(reader, whole_zooms(0, 2), goes_on);

    ASSERT_EQ(report.zooms.size(), 3U);
    EXPECT_EQ(report.zooms[1].tiles, 3);
    EXPECT_EQ(report.zooms[1].expected, 4);
    EXPECT_EQ(report.zooms[1].bytes, 9U + 9 + 10);
    EXPECT_EQ(report.zooms[1].missing_bytes(), 28U / 3) << "as large as the others on average";
    EXPECT_EQ(report.zooms[2].missing_bytes(), std::nullopt) << "there are no others";
    EXPECT_FALSE(report.has_files);
}

TEST(Coverage, expects_the_tiles_of_the_grid_and_no_more) {
    for (const auto& names : {blocks(), z_top()}) {
        FilesStore store{names};
        fill(store, 3);

        const auto report = coverage(store, whole_zooms(3, 3), goes_on);

        EXPECT_EQ(report.zooms[0].expected, 64) << "mapcache_detail says 96 or 144";
        EXPECT_EQ(report.zooms[0].tiles, 64);
        EXPECT_EQ(report.missing_files.expected, names.text() == blocks().text() ? 4 : 16);
        EXPECT_EQ(report.missing_files.missing, 0);
        EXPECT_EQ(report.misplaced, 0);
        EXPECT_EQ(report.unreadable(), 0);
    }
}

TEST(Coverage, names_the_files_that_are_missing) {
    FilesStore store{blocks()};
    fill(store, 3);
    store.remove("3/4-0.sqlite3");

    const auto report = coverage(store, whole_zooms(2, 3), goes_on);

    EXPECT_EQ(report.missing_files.expected, 5);
    EXPECT_THAT(report.missing_files.names, ElementsAre("2/0-0.sqlite3", "3/4-0.sqlite3"));
    EXPECT_EQ(report.zooms[1].missing(), 16);
}

TEST(Coverage, counts_files_that_several_zooms_share_once) {
    FilesStore store{z_top()};
    for (int z = 0; z <= 4; ++z) {
        fill(store, z);
    }
    store.remove("z2-3-3.sqlite3");

    const auto report = coverage(store, whole_zooms(0, 4), goes_on);

    EXPECT_EQ(report.missing_files.expected, 16);
    EXPECT_THAT(report.missing_files.names, ElementsAre("z2-3-3.sqlite3"));
    EXPECT_EQ(report.zooms[2].missing(), 1);
    EXPECT_EQ(report.zooms[4].missing(), 16);
}

TEST(Coverage, counts_the_files_of_deep_zooms_without_rendering_their_names) {
    FilesStore store{PathTemplate{"{z}/{x}-{y}.sqlite3", {.xcount = 128, .ycount = 128}}};
    store.put({20, 0, 0}, test::png_bytes("a"));

    const auto report = coverage(store, whole_zooms(20, 20), goes_on);

    EXPECT_EQ(report.missing_files.expected, 8192LL * 8192);
    EXPECT_EQ(report.missing_files.missing, 8192LL * 8192 - 1);
    EXPECT_EQ(report.missing_files.names.size(), 20U);
}

TEST(Coverage, leaves_out_the_zooms_below_the_deepest_tile_when_nobody_asked_for_them) {
    FilesStore store{blocks()};
    fill(store, 2);

    const auto report =
        coverage(store, whole_zooms(0, 30), goes_on, {.empty_zooms = EmptyZooms::left_out});

    EXPECT_EQ(report.zooms.size(), 3U);
    EXPECT_EQ(report.missing_files.expected, 3);
    EXPECT_EQ(report.missing_files.missing, 2);
    EXPECT_EQ(report.files.at(0).zooms.size(), 1U);
}

TEST(Coverage, expects_nothing_of_an_empty_store_that_says_no_zooms) {
    const FilesStore store{blocks()};

    const auto report =
        coverage(store, whole_zooms(0, 3), goes_on, {.empty_zooms = EmptyZooms::left_out});

    EXPECT_EQ(report.total().expected, 0);
    EXPECT_THAT(report.empty_zooms, ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(to_text(report, FileTable::off), HasSubstr("zooms 0 to 3"));
}

/// A package of two sets of files, opened as it is on disk.
struct OpenPackage {
    OpenPackage() {
        manifest = test::write_package(folder / "p", "osm", R"(z0: w
                                                               z1: a b / c d)");
    }
    std::filesystem::path file(const std::string& name) const { return folder / "p" / name; }
    CoverageReport coverage() const {
        const auto reader = open_package(
            manifest, [&](const PackageFile& some) { return file(some.name); }, *pool);
        return offgrid::coverage(*reader, whole_zooms(0, 1), goes_on);
    }

    test::TempFolder folder;
    Manifest manifest;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(4);
};

TEST(Coverage, counts_the_files_of_a_package) {
    const OpenPackage package;

    const auto report = package.coverage();

    EXPECT_TRUE(report.has_files);
    EXPECT_EQ(report.total().tiles, 5);
    EXPECT_EQ(report.missing_files.expected, 5);
    EXPECT_EQ(report.missing_files.missing, 0);
    EXPECT_EQ(report.misplaced, 0);
}

TEST(Coverage, reports_the_missing_and_damaged_files_of_a_package_and_counts_the_others) {
    const OpenPackage package;
    std::filesystem::remove(package.file("z01-0-0.sqlite3"));
    std::filesystem::resize_file(package.file("z01-1-1.sqlite3"), 1000);

    const auto report = package.coverage();

    EXPECT_THAT(report.missing_files.names, ElementsAre("z01-0-0.sqlite3"));
    EXPECT_EQ(report.unreadable(), 1);
    EXPECT_EQ(report.total().tiles, 3);
}

TEST(Coverage, finds_a_file_of_a_package_that_was_copied_over_another) {
    const OpenPackage package;
    const auto overwrite = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(package.file("z01-1-1.sqlite3"), package.file("z01-0-0.sqlite3"),
                               overwrite);
    std::filesystem::copy_file(package.file("z01-1-1.sqlite3"), package.file("z0-0-0.sqlite3"),
                               overwrite);

    const auto report = package.coverage();

    EXPECT_EQ(report.misplaced, 2) << "also where the name says nothing of zooms";
    EXPECT_EQ(report.total().tiles, 3);
}

TEST(Coverage, counts_the_files_of_a_composite_by_the_zooms_that_each_answers) {
    auto low = std::make_unique<FilesStore>(PathTemplate{"low.sqlite3"});
    auto high = std::make_unique<FilesStore>(blocks());
    fill(*low, 0);
    fill(*low, 2);  // others may look here for it
    fill(*high, 2);
    high->remove("2/0-0.sqlite3");
    std::vector<CompositeReader::Part> parts;
    parts.push_back({0, 1, std::move(low)});
    parts.push_back({1, 9, std::move(high)});
    const CompositeReader composite{StoreInfo{}, std::move(parts)};

    const auto report = coverage(composite, whole_zooms(0, 2), goes_on);

    EXPECT_EQ(report.total().tiles, 1);
    EXPECT_EQ(report.misplaced, 0);
    EXPECT_THAT(report.missing_files.names, ElementsAre("2/0-0.sqlite3"));
}

TEST(Coverage, looks_only_at_files_that_hold_selected_tiles) {
    FilesStore store{blocks()};
    fill(store, 3);
    store.damage("3/4-4.sqlite3");  // the north-east quarter: rows count from the south there
    const Selection south_west{grid, {{3, 1, 5, 3, 8}}};

    const auto report = coverage(store, south_west, goes_on);

    EXPECT_EQ(report.zooms[0].tiles, 6);
    EXPECT_EQ(report.zooms[0].expected, 6);
    EXPECT_EQ(report.missing_files.expected, 1);
    EXPECT_EQ(report.unreadable(), 0);
}

TEST(Coverage, lists_tiles_that_the_name_of_their_file_does_not_cover) {
    FilesStore store{z_top()};
    fill(store, 3);
    const auto home = store.put({3, 7, 7}, test::png_bytes("12"));
    store.put_into("z2-0-0.sqlite3", {3, 7, 7}, test::png_bytes("wrapped"));
    store.put_into("z2-0-0.sqlite3", {3, 8, 0}, test::png_bytes("outside"));

    const auto report = coverage(store, whole_zooms(3, 3), goes_on);

    EXPECT_EQ(report.misplaced, 2);
    ASSERT_EQ(report.misplaced_tiles.size(), 2U);
    EXPECT_EQ(report.misplaced_tiles[0].key, (TileKey{3, 7, 7}));
    EXPECT_EQ(report.misplaced_tiles[0].file, "z2-0-0.sqlite3");
    EXPECT_EQ(report.zooms[0].tiles, 64) << "they are not counted";
    EXPECT_THAT(to_text(report, FileTable::off),
                HasSubstr("z2-0-0.sqlite3: 3/7/7: the name of the file does not cover it"));
}

TEST(Coverage, reports_a_damaged_file_and_counts_the_others) {
    FilesStore store{blocks()};
    fill(store, 3);
    store.damage("3/0-0.sqlite3");

    const auto report = coverage(store, whole_zooms(3, 3), goes_on);

    EXPECT_EQ(report.unreadable(), 1);
    EXPECT_EQ(report.zooms[0].tiles, 48);
    EXPECT_EQ(report.missing_files.missing, 0);
    EXPECT_THAT(to_text(report, FileTable::off), HasSubstr("3/0-0.sqlite3: the file is damaged"));
}

TEST(Coverage, says_the_same_to_programs) {
    FilesStore store{blocks()};
    fill(store, 3);
    store.remove("3/4-4.sqlite3");
    store.put_into("3/0-0.sqlite3", {3, 7, 0}, test::png_bytes("12"));

    const auto json =
        nlohmann::json::parse(to_json(coverage(store, whole_zooms(3, 3), goes_on), FileTable::on));

    EXPECT_EQ(json["tiles"], 48);
    EXPECT_EQ(json["missing"], 16);
    EXPECT_EQ(json["missing_bytes"], 160);
    EXPECT_EQ(json["zooms"][0]["zoom"], 3);
    EXPECT_EQ(json["missing_file_names"][0], "3/4-4.sqlite3");
    EXPECT_EQ(json["misplaced_tiles"][0]["x"], 7);
    EXPECT_EQ(json["files"].size(), 3U);
    EXPECT_EQ(json["files"][0]["zooms"][0]["tiles"], 16);
}

}  // namespace
}  // namespace offgrid
