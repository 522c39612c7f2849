// Packs of a part of what the sources show.

#include "formats/tile/lonlat.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

/// A ring of corners as GeoJSON has them.
std::string ring(const Box& box) {
    return fmt::format("[[{0},{1}],[{2},{1}],[{2},{3}],[{0},{3}],[{0},{1}]]", box.min_x, box.min_y,
                       box.max_x, box.max_y);
}

/// The opaque tiles of zoom 9 in 16 columns and 16 rows north-east of the middle of the map, where
/// a tile is 0.703125 degrees wide.
class Regions : public testing::Test {
protected:
    Regions() : source_{write_tiff(folder_ / "a.tif", raster_on({9, 256, 240, 272, 256}))} {}

    /// The tiles of the package at a zoom.
    std::set<TileKey> tiles(int zoom) const {
        std::set<TileKey> keys;
        const PackedTiles package{folder_ / "out"};
        const auto& grid = Grid::google_maps_compatible();
        const auto range = grid.range_of(zoom, grid.box_of(TileRange{9, 240, 230, 280, 270}));
        for (auto y = range.min_y; y < range.max_y; ++y) {
            for (auto x = range.min_x; x < range.max_x; ++x) {
                if (package.get({zoom, x, y})) {
                    keys.insert({zoom, x, y});
                }
            }
        }
        return keys;
    }

    static std::set<TileKey> all_of(const TileRange& range) {
        std::set<TileKey> keys;
        for (auto y = range.min_y; y < range.max_y; ++y) {
            for (auto x = range.min_x; x < range.max_x; ++x) {
                keys.insert({range.z, x, y});
            }
        }
        return keys;
    }

    /// A file of one polygon: the tiles of the range, shrunk by a tenth of a tile.
    RegionOption region(const std::string& name, const TileRange& range,
                        std::optional<int> zoom = std::nullopt,
                        const std::string& hole = "") const {
        const auto box = lonlat_of(range, 0.1);
        write_file(folder_ / name,
                   R"({"type":"Polygon","coordinates":[)" + ring(box) + hole + "]}");
        return {.file = folder_ / name, .max_zoom = zoom};
    }

    static Box lonlat_of(const TileRange& range, double margin) {
        const auto& grid = Grid::google_maps_compatible();
        auto box = grid.box_of(range);
        const double metres = margin * grid.resolution(range.z) * 256;
        box = {box.min_x + metres, box.min_y + metres, box.max_x - metres, box.max_y - metres};
        return *to_lonlat(grid.srs(), box);
    }

    PackOptions options(std::vector<RegionOption> regions) const {
        return {.sources = {source_},
                .output = folder_ / "out",
                .zooms = std::pair{5, 9},
                .encoding = Encoding::png,
                .regions = std::move(regions)};
    }

    TempFolder folder_;
    std::string source_;
};

TEST_F(Regions, have_the_tiles_that_they_meet_and_no_others) {
    pack_quietly(options({region("a.json", {9, 258, 242, 261, 244})}));

    EXPECT_EQ(tiles(9), all_of({9, 258, 242, 261, 244}));
    EXPECT_EQ(tiles(8), all_of({8, 129, 121, 131, 122}));
    EXPECT_EQ(tiles(7), all_of({7, 64, 60, 66, 61}));
    EXPECT_EQ(tiles(5), all_of({5, 16, 15, 17, 16}));
}

TEST_F(Regions, show_all_of_a_tile_at_their_edge) {
    pack_quietly(options({region("a.json", {9, 258, 242, 259, 243})}));

    const PackedTiles package{folder_ / "out"};
    // Only a quarter, and a 64th, of these lie in the region.
    EXPECT_EQ(coverage_of(package.image({8, 129, 121})), Coverage::full);
    EXPECT_EQ(coverage_of(package.image({6, 32, 30})), Coverage::full);
}

TEST_F(Regions, are_packed_to_a_zoom_each) {
    pack_quietly(options({region("country.json", {9, 256, 240, 264, 248}, 7),
                          region("town.json", {9, 258, 242, 259, 243}, 9)}));

    EXPECT_EQ(tiles(9), all_of({9, 258, 242, 259, 243}));
    EXPECT_EQ(tiles(8), all_of({8, 129, 121, 130, 122}));
    EXPECT_EQ(tiles(7), all_of({7, 64, 60, 66, 62}));
    const PackedTiles package{folder_ / "out"};
    EXPECT_EQ(coverage_of(package.image({8, 129, 121})), Coverage::full);
    EXPECT_EQ(coverage_of(package.image({7, 64, 60})), Coverage::full);
    EXPECT_EQ(coverage_of(package.image({7, 65, 61})), Coverage::full);
}

TEST_F(Regions, show_at_their_deepest_zoom_what_a_pack_to_that_zoom_shows) {
    auto shallow = options({});
    shallow.output = folder_ / "shallow";
    shallow.zooms = std::pair{5, 7};
    pack_quietly(shallow);

    pack_quietly(options({region("country.json", {9, 256, 240, 264, 248}, 7),
                          region("town.json", {9, 258, 242, 259, 243}, 9)}));

    const PackedTiles package{folder_ / "out"};
    const PackedTiles expected{folder_ / "shallow"};
    EXPECT_EQ(package.image({7, 65, 61}).rgba, expected.image({7, 65, 61}).rgba);
}

TEST_F(Regions, lie_in_an_overview_of_everything) {
    auto pack = options({region("town.json", {9, 258, 242, 259, 243}, 9)});
    pack.overview = 6;

    pack_quietly(pack);

    EXPECT_EQ(tiles(9), all_of({9, 258, 242, 259, 243}));
    EXPECT_EQ(tiles(7), all_of({7, 64, 60, 65, 61}));
    EXPECT_EQ(tiles(6), all_of({6, 32, 30, 34, 32}));
}

TEST_F(Regions, name_the_deepest_zoom_where_no_other_word_does) {
    auto pack = options({region("a.json", {9, 258, 242, 261, 244}, 8)});
    pack.zooms.reset();

    const auto result = pack_quietly(pack);

    EXPECT_EQ(result.manifest.max_zoom, 8);
}

TEST_F(Regions, may_have_holes) {
    const auto hole = "," + ring(lonlat_of({9, 258, 242, 261, 245}, -0.1));
    pack_quietly(options({region("a.json", {9, 256, 240, 264, 248}, std::nullopt, hole)}));

    auto expected = all_of({9, 256, 240, 264, 248});
    for (const auto& key : all_of({9, 258, 242, 261, 245})) {
        expected.erase(key);
    }
    EXPECT_EQ(tiles(9), expected);
}

TEST_F(Regions, are_grown_by_metres_on_the_ground) {
    auto pack = options({region("a.json", {9, 258, 242, 259, 243})});
    const double tile_m = 78'271;  // on the equator, about as here
    pack.buffer_m = 0.2 * tile_m;

    pack_quietly(pack);

    auto expected = all_of({9, 257, 241, 260, 244});
    EXPECT_EQ(tiles(9), expected);
}

TEST_F(Regions, of_less_zooms_than_others_count_for_the_bounds_of_the_layer) {
    const auto result = pack_quietly(options({region("country.json", {9, 256, 240, 264, 248}, 7),
                                              region("town.json", {9, 258, 242, 259, 243}, 9)}));

    const auto expected = lonlat_of({9, 256, 240, 264, 248}, 0);
    const auto& bounds = result.manifest.bounds;
    EXPECT_NEAR(bounds.min_x, expected.min_x, 1e-6);
    EXPECT_NEAR(bounds.min_y, expected.min_y, 1e-6);
    EXPECT_NEAR(bounds.max_x, expected.max_x, 1e-6);
    EXPECT_NEAR(bounds.max_y, expected.max_y, 1e-6);
}

TEST_F(Regions, bound_the_layer_though_tiles_above_them_show_more) {
    const auto result = pack_quietly(options({region("town.json", {9, 258, 242, 259, 243})}));

    const auto expected = lonlat_of({9, 258, 242, 259, 243}, 0);
    EXPECT_NEAR(result.manifest.bounds.min_x, expected.min_x, 1e-6);
    EXPECT_NEAR(result.manifest.bounds.max_y, expected.max_y, 1e-6);
}

TEST_F(Regions, are_grown_across_180_degrees) {
    source_ = write_tiff(folder_ / "b.tif", raster_on({5, 0, 15, 32, 17}));
    write_file(folder_ / "a.json",
               R"({"type":"Polygon","coordinates":[)" + ring({178, 1, 179.9, 2}) + "]}");
    auto pack = options({{.file = folder_ / "a.json"}});
    pack.zooms = std::pair{0, 5};
    pack.buffer_m = 100'000;

    pack_quietly(pack);

    const PackedTiles package{folder_ / "out"};
    EXPECT_TRUE(package.get({5, 31, 15}));
    EXPECT_TRUE(package.get({5, 0, 15})) << "beyond 180 degrees";
    for (std::int64_t x = 1; x < 31; ++x) {
        EXPECT_FALSE(package.get({5, x, 15})) << x;
    }
}

TEST_F(Regions, are_clipped_to_the_pixel) {
    auto pack = options({region("a.json", {9, 258, 242, 259, 243})});
    pack.is_clipped = true;

    pack_quietly(pack);

    const PackedTiles package{folder_ / "out"};
    const auto deepest = package.image({9, 258, 242});
    EXPECT_EQ(pixel_at(deepest, 20, 128)[3], 0);
    EXPECT_EQ(pixel_at(deepest, 30, 128), (Pixel{30, 128, 128, 255}));
    EXPECT_EQ(pixel_at(deepest, 224, 128), (Pixel{224, 128, 128, 255}));
    EXPECT_EQ(pixel_at(deepest, 235, 128)[3], 0);
    const auto parent = package.image({8, 129, 121});
    EXPECT_EQ(pixel_at(parent, 64, 64)[3], 255);
    EXPECT_EQ(pixel_at(parent, 192, 192)[3], 0);
}

TEST_F(Regions, that_are_wrong_are_refused) {
    const auto refuse = [&](PackOptions pack, const std::string& cause) {
        EXPECT_THAT([&] { pack_quietly(pack); }, throws(Errc::invalid_argument, HasSubstr(cause)));
    };
    refuse(options({region("a.json", {9, 258, 242, 261, 244}, 12)}), ":12");
    auto deep = options({region("a.json", {9, 258, 242, 261, 244}, 55)});
    deep.zooms.reset();
    refuse(deep, "zoom 55");
    auto odd = options({region("a.json", {9, 258, 242, 261, 244})});
    odd.overview = -1;
    refuse(odd, "--overview -1");
    refuse(options({region("far.json", {9, 10, 10, 12, 12})}), "no source lies there");
    auto lonely = options({});
    lonely.is_clipped = true;
    refuse(lonely, "need a --region");
    EXPECT_THAT([&] { pack_quietly(options({{.file = folder_ / "none.json"}})); },
                throws(Errc::not_found, HasSubstr("none.json")));
}

TEST_F(Regions, are_words_of_the_program) {
    region("country.json", {9, 256, 240, 264, 248});
    region("town.json", {9, 258, 242, 259, 243});

    const auto result = run({program("offgrid-pack"), "pack", source_, "-o", folder_ / "out",
                             "--region", (folder_ / "country.json").string() + ":7", "--region",
                             (folder_ / "town.json").string() + ":9", "--overview", "6"});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(tiles(9), all_of({9, 258, 242, 259, 243}));
    EXPECT_EQ(tiles(7), all_of({7, 64, 60, 66, 62}));
    EXPECT_EQ(tiles(6), all_of({6, 32, 30, 34, 32}));
}

}  // namespace
}  // namespace offgrid::test
