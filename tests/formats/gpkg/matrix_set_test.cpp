#include "formats/gpkg/matrix_set.h"

#include "tests/support/errors.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace offgrid::gpkg {
namespace {

using test::throws;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

Grid grid_with(const Box& extent, std::vector<double> resolutions,
               Grid::Origin origin = Grid::Origin::bottom_left, int tile_size = 256) {
    return Grid{{.name = "own",
                 .srs = "EPSG:3857",
                 .extent = extent,
                 .tile_size = tile_size,
                 .resolutions = std::move(resolutions),
                 .origin = origin}};
}

/// Columns and rows of each zoom.
std::vector<std::string> sizes_in(const MatrixSet& set) {
    std::vector<std::string> sizes;
    for (const auto& matrix : set.matrices) {
        sizes.push_back(fmt::format("{}: {}x{}", matrix.zoom, matrix.columns, matrix.rows));
    }
    return sizes;
}

/// The part of Web Mercator's zoom 4 that starts at a tile, as a set of that zoom and the next.
MatrixSet part_of_mercator(double column, double row) {
    const double tile = mercator().resolution(4) * 256;
    const double west = mercator().extent().min_x + column * tile;
    const double north = mercator().extent().max_y - row * tile;
    const double pixel = mercator().resolution(4);
    return {{west, north - 3 * tile, west + 2 * tile, north},
            {{0, 2, 3, 256, 256, pixel, pixel}, {1, 4, 6, 256, 256, pixel / 2, pixel / 2}}};
}

TEST(MatrixSet, of_the_built_in_grids_is_exact_at_every_zoom) {
    for (const auto* grid : {&mercator(), &Grid::wgs84()}) {
        const auto set = matrix_set_of(*grid, 0, grid->levels() - 1);
        EXPECT_EQ(set.box, grid->extent());
        EXPECT_TRUE(halves_pixels(set));
        for (const auto& matrix : set.matrices) {
            const auto columns = static_cast<double>(matrix.columns);
            const auto rows = static_cast<double>(matrix.rows);
            EXPECT_DOUBLE_EQ(columns * 256 * matrix.pixel_width, set.box.width());
            EXPECT_DOUBLE_EQ(rows * 256 * matrix.pixel_height, set.box.height());
        }
    }
    EXPECT_THAT(sizes_in(matrix_set_of(Grid::wgs84(), 0, 2)),
                ElementsAre("0: 2x1", "1: 4x2", "2: 8x4"));
}

TEST(MatrixSet, reaches_beyond_a_grid_that_ends_within_a_tile) {
    // At zoom 0 three tiles of 1000 cover the height of 2100, at zoom 1 five of 500.
    const Box extent{0, 0, 2000, 2100};
    for (const auto origin : {Grid::Origin::bottom_left, Grid::Origin::top_left}) {
        const auto grid = grid_with(extent, {1000 / 256.0, 500 / 256.0}, origin);
        const auto set = matrix_set_of(grid, 0, 1);
        EXPECT_THAT(sizes_in(set), ElementsAre("0: 2x3", "1: 4x6"));
        const bool is_southern = origin == Grid::Origin::bottom_left;
        EXPECT_EQ(set.box, (is_southern ? Box{0, 0, 2000, 3000} : Box{0, -900, 2000, 2100}));

        const MatrixMap map{set, grid};
        const auto north = map.address_of({1, 3, 0});
        ASSERT_TRUE(north);
        EXPECT_EQ(north->row, is_southern ? 1 : 0) << "the grid has five rows, the file six";
        EXPECT_EQ(map.key_of(*north), (TileKey{1, 3, 0}));
        EXPECT_FALSE(map.key_of({1, 0, is_southern ? 0 : 5})) << "not in the grid";
        EXPECT_THAT(sizes_in(matrix_set_of(grid, 1, 1)), ElementsAre("1: 4x5"));
    }
}

TEST(MatrixSet, of_a_grid_without_a_common_box_is_refused) {
    const auto thirds = grid_with({0, 0, 1000, 1000}, {1000 / 256.0, 700 / 256.0});
    EXPECT_THAT([&] { matrix_set_of(thirds, 0, 1); },
                throws(Errc::unsupported, HasSubstr("whole number of tiles at zoom 0 and")));
    EXPECT_NO_THROW(matrix_set_of(thirds, 1, 1));
    const auto upwards = grid_with({0, 0, 1000, 1000}, {500 / 256.0, 1000 / 256.0});
    EXPECT_THAT([&] { matrix_set_of(upwards, 0, 1); }, throws(Errc::unsupported, testing::_));
    EXPECT_THAT([&] { matrix_set_of(mercator(), 3, 31); },
                throws(Errc::invalid_argument, HasSubstr("no zooms 3 to 31")));
}

TEST(MatrixSet, tells_zooms_that_do_not_double) {
    const auto grid = grid_with({0, 0, 3000, 3000}, {3000 / 256.0, 1000 / 256.0, 500 / 256.0});
    EXPECT_FALSE(halves_pixels(matrix_set_of(grid, 0, 2)));
    EXPECT_TRUE(halves_pixels(matrix_set_of(grid, 1, 2)));
    EXPECT_TRUE(halves_pixels(matrix_set_of(grid, 0, 0)));
}

TEST(MatrixMap, leads_to_a_part_of_the_grid_and_back) {
    const MatrixMap map{part_of_mercator(7, 5), mercator()};
    EXPECT_THAT(map.zooms(), ElementsAre(4, 5));
    EXPECT_EQ(map.covered(4), (TileRange{4, 7, 5, 9, 8}));
    EXPECT_EQ(map.covered(5), (TileRange{5, 14, 10, 18, 16}));
    EXPECT_TRUE(map.covered(3).is_empty());
    EXPECT_TRUE(map.covered(-1).is_empty());
    const auto address = map.address_of({5, 17, 10});
    ASSERT_TRUE(address);
    EXPECT_EQ(address->zoom, 1);
    EXPECT_EQ(address->column, 3);
    EXPECT_EQ(address->row, 0);
    EXPECT_EQ(map.key_of(*address), (TileKey{5, 17, 10}));
    for (const TileKey key : {TileKey{4, 6, 5}, TileKey{4, 9, 5}, TileKey{4, 7, 4},
                              TileKey{4, 7, 8}, TileKey{6, 28, 20}, TileKey{99, 0, 0}}) {
        EXPECT_FALSE(map.address_of(key)) << key.z << '/' << key.x << '/' << key.y;
    }
    for (const Address& bad : {Address{0, -1, 0}, Address{0, 2, 0}, Address{0, 0, 3},
                               Address{2, 0, 0}, Address{-1, 0, 0}}) {
        EXPECT_FALSE(map.key_of(bad)) << bad.zoom << '/' << bad.column << '/' << bad.row;
    }
}

TEST(MatrixMap, cuts_off_what_lies_outside_the_grid) {
    const MatrixMap map{part_of_mercator(-1, 14), mercator()};
    EXPECT_EQ(map.covered(4), (TileRange{4, 0, 14, 1, 16}));
    EXPECT_FALSE(map.key_of({0, 0, 0}));
    EXPECT_EQ(map.key_of({0, 1, 0}), (TileKey{4, 0, 14}));
}

TEST(MatrixMap, forgives_less_than_half_a_pixel) {
    EXPECT_NO_THROW((MatrixMap{part_of_mercator(7 + 0.4 / 512, 5), mercator()}));
    EXPECT_THAT(
        [] {
            (MatrixMap{part_of_mercator(7.25, 5), mercator()});
        },
        throws(Errc::unsupported,
               HasSubstr("zoom 0: its tiles are not those of grid 'GoogleMapsCompatible' "
                         "at zoom 4: their edges are up to 64.0 pixels away")));
}

TEST(MatrixMap, refuses_tiles_of_another_size_and_zooms_between_those_of_the_grid) {
    auto large = part_of_mercator(7, 5);
    large.matrices[1].tile_width = 512;
    EXPECT_THAT(
        [&] {
            (MatrixMap{large, mercator()});
        },
        throws(Errc::unsupported, HasSubstr("zoom 1: its tiles have 512 x 256 pixels")));
    auto between = part_of_mercator(0, 0);
    between.matrices[1].pixel_width = between.matrices[1].pixel_height *= 1.4;
    EXPECT_THAT([&] { (MatrixMap{between, mercator()}); }, throws(Errc::unsupported, testing::_));
    auto twice = part_of_mercator(0, 0);
    twice.matrices[1] = twice.matrices[0];
    twice.matrices[1].zoom = 1;
    EXPECT_THAT(
        [&] {
            (MatrixMap{twice, mercator()});
        },
        throws(Errc::unsupported, HasSubstr("zooms 0 and 1 are both zoom 4")));
    auto wide = part_of_mercator(0, 0);
    wide.box.min_x = -1e300;
    EXPECT_THAT([&] { (MatrixMap{wide, mercator()}); }, throws(Errc::unsupported, testing::_));
}

}  // namespace
}  // namespace offgrid::gpkg
