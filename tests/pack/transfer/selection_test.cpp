#include "pack/transfer/selection.h"

#include "pack/transfer/same_tiles.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using testing::HasSubstr;
using testing::Optional;

const Grid& grid = Grid::google_maps_compatible();

/// Left of a diagonal from the south west to the north east: the tiles on it are met in part.
class NorthWest final : public Region {
public:
    Box bounds() const override { return grid.extent(); }
    Overlap overlap(const Box& box) const override {
        if (box.max_y <= box.min_x) {
            return Overlap::none;
        }
        return box.min_y >= box.max_x ? Overlap::all : Overlap::some;
    }
    void burn(const Box&, int, std::span<std::uint8_t>) const override {}
};

TEST(Selection, counts_the_tiles_that_it_selects) {
    const Selection selection{
        grid, {grid.whole(5), grid.whole(2), {3, 0, 0, 0, 0}}, std::make_unique<NorthWest>()};
    ASSERT_EQ(selection.ranges().size(), 2U) << "an empty range is left out";
    EXPECT_EQ(selection.ranges().front().z, 2);
    for (const int z : {2, 5}) {
        std::int64_t selected = 0;
        for (std::int64_t x = 0; x < grid.matrix_width(z); ++x) {
            for (std::int64_t y = 0; y < grid.matrix_height(z); ++y) {
                selected += selection.selects({z, x, y}) ? 1 : 0;
            }
        }
        const auto side = grid.matrix_width(z);
        EXPECT_EQ(selected, side * (side + 1) / 2) << "the half, and the diagonal";
        EXPECT_EQ(selection.count(grid.whole(z)), selected);
    }
    EXPECT_FALSE(selection.selects({3, 0, 0}));
    EXPECT_FALSE(selection.meets({5, 16, 31, 32, 32}));
    EXPECT_TRUE(selection.meets({5, 0, 31, 32, 32}));
}

TEST(Selection, cuts_its_ranges_to_the_region) {
    class Spot final : public Region {
    public:
        Box bounds() const override { return {1, 1, 2, 2}; }
        Overlap overlap(const Box& box) const override {
            return intersection(box, bounds()).is_empty() ? Overlap::none : Overlap::some;
        }
        void burn(const Box&, int, std::span<std::uint8_t>) const override {}
    };
    const Selection selection{grid, {grid.whole(20)}, std::make_unique<Spot>()};
    EXPECT_EQ(selection.range(20), (TileRange{20, 524288, 524287, 524289, 524288}));
}

Grid grid_like_mercator(Grid::Definition change) {
    const auto& model = Grid::google_maps_compatible();
    change.name = "other";
    change.srs = change.srs.empty() ? "EPSG:900913" : change.srs;
    change.srs_aliases = {"epsg:3857"};
    change.extent = change.extent.is_empty() ? model.extent() : change.extent;
    if (change.resolutions.empty()) {
        for (int z = 0; z < 20; ++z) {
            change.resolutions.push_back(model.resolution(z));
        }
    }
    return Grid{change};
}

TEST(SameTiles, holds_for_other_names_of_the_srs_and_another_origin) {
    const std::array zooms{0, 19};
    const auto other = grid_like_mercator({.origin = Grid::Origin::top_left});
    EXPECT_EQ(difference_of_tiles(grid, other, zooms), std::nullopt);
    const auto rounded =
        grid_like_mercator({.extent = {-20037508.34, -20037508.34, 20037508.34, 20037508.34}});
    EXPECT_EQ(difference_of_tiles(rounded, grid, zooms), std::nullopt)
        << "many write the extent with two digits";
}

TEST(SameTiles, names_what_differs) {
    const std::array zooms{0, 5};
    EXPECT_THAT(difference_of_tiles(grid, Grid::wgs84(), zooms),
                Optional(HasSubstr("EPSG:3857 and 'WGS84' in EPSG:4326")));
    EXPECT_THAT(difference_of_tiles(grid, grid_like_mercator({.tile_size = 512}), zooms),
                Optional(HasSubstr("256 pixels a side and those of 'other' 512")));
    EXPECT_THAT(
        difference_of_tiles(
            grid, grid_like_mercator({.resolutions = {156543, 50000, 9e3, 8e3, 7e3, 6e3}}), zooms),
        Optional(HasSubstr("zoom 5 ")));
    EXPECT_THAT(difference_of_tiles(grid, grid_like_mercator({}), std::array{25}),
                Optional(HasSubstr("'other' has no zoom 25")));
    const auto shifted = grid_like_mercator(
        {.extent = {-20037508.34 + 1000, -20037508.34, 20037508.34 + 1000, 20037508.34}});
    EXPECT_THAT(difference_of_tiles(grid, shifted, std::array{12}),
                Optional(HasSubstr("tiles of zoom 12 cover")));
}

}  // namespace
}  // namespace offgrid
