#include "formats/tile/grid.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}
const Grid& degrees() {
    return Grid::wgs84();
}

/// 2, 3, 5 and 9 columns at zooms 0 to 3: an extent that is no whole number of tiles.
Grid odd_grid(Grid::Origin origin) {
    return Grid{{.name = "odd",
                 .srs = "EPSG:3857",
                 .extent = {0, 0, 2.1 * 256, 2.1 * 256},
                 .resolutions = {2, 1, 0.5, 0.25},
                 .origin = origin}};
}

TEST(Grid, built_in_matrices_are_those_of_the_standard) {
    EXPECT_EQ(mercator().matrix_width(0), 1);
    EXPECT_EQ(mercator().matrix_height(30), std::int64_t{1} << 30);
    EXPECT_EQ(degrees().matrix_width(0), 2);
    EXPECT_EQ(degrees().matrix_height(0), 1);
    // MapCache spells 156543.0339280410 and OGC 17-083r2 annex D 156543.033928041.
    EXPECT_THAT(mercator().resolution(0), DoubleNear(156543.0339280410, 1e-9));
    EXPECT_DOUBLE_EQ(degrees().resolution(0), 0.703125);
}

TEST(Grid, is_found_by_name) {
    EXPECT_EQ(Grid::find("GoogleMapsCompatible"), &mercator());
    EXPECT_EQ(Grid::find("WGS84"), &degrees());
    EXPECT_EQ(Grid::find("GoogleMapsCompatible_512"), &Grid::google_maps_compatible_512());
    EXPECT_EQ(Grid::find("WGS84_512"), &Grid::wgs84_512());
    EXPECT_EQ(Grid::find("nowhere"), nullptr);
}

TEST(Grid, the_ones_of_larger_tiles_have_the_same_tiles_at_twice_the_pixels) {
    const auto& large = Grid::google_maps_compatible_512();
    EXPECT_EQ(large.tile_size(), 512);
    EXPECT_EQ(large.resolution(3), mercator().resolution(4));
    for (const int z : {0, 1, 17, 30}) {
        EXPECT_EQ(large.whole(z), mercator().whole(z));
    }
    const TileKey key{17, 70'000, 50'000};
    EXPECT_EQ(large.box_of(key), mercator().box_of(key));
    EXPECT_EQ(Grid::wgs84_512().box_of(key), degrees().box_of(key));
    EXPECT_FALSE(have_the_same_tiles(large, mercator()));
}

TEST(Grid, the_same_tiles_may_have_other_names_and_levels) {
    const Grid shallow{{.name = "g",
                        .srs = "EPSG:900913",
                        .srs_aliases = {"EPSG:3857"},
                        .extent = mercator().extent(),
                        .resolutions = {mercator().resolution(0), mercator().resolution(1)},
                        .origin = Grid::Origin::top_left}};
    EXPECT_TRUE(have_the_same_tiles(shallow, mercator()));
    EXPECT_FALSE(have_the_same_tiles(degrees(), mercator()));
    EXPECT_FALSE(
        have_the_same_tiles(odd_grid(Grid::Origin::top_left), odd_grid(Grid::Origin::bottom_left)));
    EXPECT_FALSE(shallow == mercator());
    EXPECT_EQ(odd_grid(Grid::Origin::top_left), odd_grid(Grid::Origin::top_left));
}

TEST(Grid, is_a_quadtree_where_four_tiles_make_one) {
    EXPECT_TRUE(is_quadtree(mercator(), 0, 30));
    EXPECT_TRUE(is_quadtree(odd_grid(Grid::Origin::top_left), 0, 3));
    EXPECT_FALSE(is_quadtree(odd_grid(Grid::Origin::bottom_left), 0, 3))
        << "with 2, 3, 5 and 9 rows from the south, rows from the north do not pair up";
    EXPECT_TRUE(is_quadtree(odd_grid(Grid::Origin::bottom_left), 2, 2));
    const Grid thirds{
        {.name = "thirds", .srs = "EPSG:3857", .extent = {0, 0, 900, 900}, .resolutions = {9, 3}}};
    EXPECT_FALSE(is_quadtree(thirds, 0, 1));
}

TEST(Grid, row_0_is_the_north) {
    EXPECT_EQ(degrees().box_of(TileKey{0, 0, 0}), (Box{-180, -90, 0, 90}));
    EXPECT_EQ(degrees().box_of(TileKey{1, 0, 0}), (Box{-180, 0, -90, 90}));
    EXPECT_EQ(degrees().box_of(TileKey{1, 3, 1}), (Box{90, -90, 180, 0}));
}

TEST(Grid, rows_flip_between_north_and_south) {
    EXPECT_EQ(mercator().flip(2, 0), 3);
    EXPECT_EQ(mercator().flip(2, mercator().flip(2, 1)), 1);
    EXPECT_EQ(mercator().row_from_origin({2, 0, 0}), 3) << "bottom-left";
    EXPECT_EQ(odd_grid(Grid::Origin::top_left).row_from_origin({2, 0, 0}), 0);
}

TEST(Grid, a_range_holds_the_tiles_that_overlap_the_box) {
    EXPECT_EQ(degrees().range_of(1, {-180, -90, 180, 90}), (TileRange{1, 0, 0, 4, 2}));
    EXPECT_EQ(degrees().range_of(1, {1, 1, 2, 2}), (TileRange{1, 2, 0, 3, 1}));
    EXPECT_EQ(degrees().range_of(1, {-1, -1, 1, 1}), (TileRange{1, 1, 0, 3, 2}));
}

TEST(Grid, a_box_that_ends_on_an_edge_takes_no_tile_beyond_it) {
    EXPECT_EQ(degrees().range_of(1, {0, 0, 90, 90}), (TileRange{1, 2, 0, 3, 1}));
    const auto tile = mercator().box_of(TileKey{17, 70'000, 50'000});
    EXPECT_EQ(mercator().range_of(17, tile), (TileRange{17, 70'000, 50'000, 70'001, 50'001}));
}

TEST(Grid, a_range_stays_within_the_matrix) {
    EXPECT_EQ(degrees().range_of(0, {-1000, -1000, 1000, 1000}), (TileRange{0, 0, 0, 2, 1}));
    EXPECT_TRUE(degrees().range_of(0, {500, 0, 600, 1}).is_empty());
}

TEST(Grid, tiles_start_at_the_origin_where_the_extent_is_no_whole_number_of_tiles) {
    EXPECT_EQ(odd_grid(Grid::Origin::bottom_left).matrix_width(1), 3);
    EXPECT_EQ(odd_grid(Grid::Origin::bottom_left).box_of(TileKey{1, 0, 2}), (Box{0, 0, 256, 256}));
    EXPECT_EQ(odd_grid(Grid::Origin::top_left).box_of(TileKey{1, 0, 0}).max_y, 2.1 * 256);
}

TEST(Grid, knows_which_tiles_there_are) {
    EXPECT_TRUE(mercator().contains({0, 0, 0}));
    EXPECT_TRUE(mercator().contains({30, (1 << 30) - 1, 0}));
    for (const TileKey key : {TileKey{0, 1, 0}, TileKey{0, 0, 1}, TileKey{0, -1, 0},
                              TileKey{-1, 0, 0}, TileKey{31, 0, 0}}) {
        EXPECT_FALSE(mercator().contains(key)) << key.z << "/" << key.x << "/" << key.y;
    }
}

TEST(Grid, the_nearest_zoom_is_nearest_by_ratio) {
    EXPECT_EQ(mercator().nearest_zoom(156543), 0);
    EXPECT_EQ(mercator().nearest_zoom(9783.9), 4);
    EXPECT_EQ(mercator().nearest_zoom(9783.9 * 1.40), 4);
    EXPECT_EQ(mercator().nearest_zoom(9783.9 * 1.42), 3);
    EXPECT_EQ(mercator().nearest_zoom(1e-9), 30);
}

TEST(Grid, refuses_a_definition_without_tiles) {
    EXPECT_THAT(
        [] { Grid({.name = "empty", .srs = "EPSG:3857", .extent = {}, .resolutions = {1}}); },
        test::throws(Errc::invalid_argument, HasSubstr("'empty'")));
    EXPECT_THAT(
        [] {
            Grid({.name = "zero", .srs = "", .extent = {0, 0, 1, 1}, .resolutions = {0}});
        },
        test::throws(Errc::invalid_argument, HasSubstr("'zero'")));
}

TEST(Grid, refuses_more_tiles_than_can_be_counted) {
    EXPECT_THAT(
        [] {
            Grid({.name = "wide", .srs = "", .extent = {0, 0, 1e12, 1}, .resolutions = {0.1}});
        },
        test::throws(Errc::invalid_argument, HasSubstr("'wide'")));
    EXPECT_THAT(
        [] {
            Grid({.name = "deep",
                  .srs = "",
                  .extent = {0, 0, 1, 1},
                  .resolutions = std::vector<double>(65, 1)});
        },
        test::throws(Errc::invalid_argument, HasSubstr("65 levels")));
}

}  // namespace
}  // namespace offgrid
