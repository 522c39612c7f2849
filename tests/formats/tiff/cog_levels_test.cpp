#include "formats/tiff/cog_levels.h"

#include <gmock/gmock.h>

#include <vector>

namespace offgrid::tiff {
namespace {

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

std::vector<TileRange> ranges(const Grid& grid, const TileRange& full,
                              const std::vector<int>& lower) {
    std::vector<TileRange> ranges;
    for (const auto& level : cog_levels(grid, full, lower)) {
        ranges.push_back(level.range);
    }
    return ranges;
}

Grid grid_of(std::vector<double> resolutions, Grid::Origin origin, double height = 2560) {
    return Grid{{.name = "local",
                 .srs = "EPSG:25832",
                 .extent = {0, 0, 5120, height},
                 .resolutions = std::move(resolutions),
                 .origin = origin}};
}

using Ranges = std::vector<TileRange>;

TEST(CogLevels, grow_the_image_to_whole_tiles_of_the_coarsest_overview) {
    EXPECT_EQ(ranges(mercator(), {8, 101, 60, 109, 66}, {7, 6}),
              (Ranges{{8, 100, 60, 112, 68}, {7, 50, 30, 56, 34}, {6, 25, 15, 28, 17}}));
}

TEST(CogLevels, say_how_many_pixels_of_the_image_a_pixel_is) {
    const auto levels = cog_levels(mercator(), {8, 96, 64, 112, 72}, std::vector{7, 6});
    EXPECT_THAT(levels, testing::ElementsAre(testing::Field(&CogLevel::ratio, 1),
                                             testing::Field(&CogLevel::ratio, 2),
                                             testing::Field(&CogLevel::ratio, 4)));
}

TEST(CogLevels, end_with_two_by_two_tiles_where_more_would_only_add_room) {
    EXPECT_EQ(ranges(mercator(), {8, 127, 127, 129, 129}, {7, 6}),
              (Ranges{{8, 127, 127, 129, 129}}));
    EXPECT_EQ(ranges(mercator(), {8, 126, 126, 130, 130}, {7, 6, 5}),
              (Ranges{{8, 126, 126, 130, 130}, {7, 63, 63, 65, 65}}));
}

TEST(CogLevels, go_on_to_a_single_tile_where_that_takes_no_room) {
    EXPECT_EQ(ranges(mercator(), {1, 0, 0, 2, 2}, {0}), (Ranges{{1, 0, 0, 2, 2}, {0, 0, 0, 1, 1}}));
    EXPECT_EQ(ranges(mercator(), {3, 4, 4, 8, 8}, {2, 1, 0}),
              (Ranges{{3, 4, 4, 8, 8}, {2, 2, 2, 4, 4}, {1, 1, 1, 2, 2}}));
}

TEST(CogLevels, leave_out_zooms_that_are_not_there) {
    EXPECT_EQ(ranges(mercator(), {8, 100, 60, 110, 70}, {6}),
              (Ranges{{8, 100, 60, 112, 72}, {6, 25, 15, 28, 18}}));
}

TEST(CogLevels, do_not_make_a_long_image_wide_without_end) {
    const auto levels = cog_levels(mercator(), {17, 0, 5, 100'000, 6},
                                   std::vector{16, 15, 14, 13, 12, 11, 10, 9, 8});
    EXPECT_EQ(levels.size(), 3U);
    EXPECT_EQ(levels.front().range, (TileRange{17, 0, 4, 100'000, 8}));
}

TEST(CogLevels, know_grids_with_two_tiles_at_the_top) {
    EXPECT_EQ(ranges(Grid::wgs84(), {2, 0, 0, 8, 4}, {1, 0}),
              (Ranges{{2, 0, 0, 8, 4}, {1, 0, 0, 4, 2}, {0, 0, 0, 2, 1}}));
}

TEST(CogLevels, count_from_the_corner_where_the_grid_begins) {
    // 2560 units are 2.5 tiles of zoom 1 and 5 of zoom 2: rows of zoom 1 begin half of a tile,
    // one row of zoom 2, further north.
    const auto south = grid_of({10, 4, 2}, Grid::Origin::bottom_left);
    EXPECT_EQ(ranges(south, {2, 0, 0, 8, 5}, {1}), (Ranges{{2, 0, -1, 8, 5}, {1, 0, 0, 4, 3}}));
    const auto north = grid_of({10, 4, 2}, Grid::Origin::top_left);
    EXPECT_EQ(ranges(north, {2, 0, 0, 8, 5}, {1}), (Ranges{{2, 0, 0, 8, 6}, {1, 0, 0, 4, 3}}));
}

TEST(CogLevels, take_zooms_of_any_ratio_whose_tiles_begin_and_end_with_the_image) {
    const auto grid = grid_of({10, 4, 2}, Grid::Origin::top_left);
    EXPECT_EQ(ranges(grid, {2, 0, 0, 8, 5}, {1, 0}),
              (Ranges{{2, 0, 0, 10, 10}, {1, 0, 0, 5, 5}, {0, 0, 0, 2, 2}}));
}

TEST(CogLevels, leave_out_other_zooms) {
    const auto grid = grid_of({10, 4, 2}, Grid::Origin::top_left);
    EXPECT_EQ(ranges(grid, {1, 0, 0, 5, 3}, {0}), (Ranges{{1, 0, 0, 5, 3}})) << "2.5 tiles";
    EXPECT_EQ(ranges(grid, {2, 0, 0, 4, 4}, {1, 0}), (Ranges{{2, 0, 0, 4, 4}, {1, 0, 0, 2, 2}}))
        << "five tiles are not twos";
}

}  // namespace
}  // namespace offgrid::tiff
