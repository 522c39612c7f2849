#include "serve/map_image.h"

#include "formats/base/error.h"
#include "formats/image/png.h"
#include "tests/serve/coloured_tiles.h"
#include "tests/serve/layers_of.h"
#include "tests/support/errors.h"
#include "tests/support/grids.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <cstring>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

constexpr std::int64_t many_tiles = 1024;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

/// The painted world at zooms 0 to 5.
Layer world(StoreInfo info = {.format = TileFormat::png, .max_zoom = 5}) {
    const auto grid = info.grid;
    return layer_with("world", std::move(info), [grid](const TileKey& key) {
        return Tile{.content = painted_png(*grid, key)};
    });
}

Image drawn(const Layer& layer, const MapFrame& frame,
            Resampling resampling = Resampling::bilinear) {
    Image canvas{frame.width, frame.height};
    MapDrawing::plan(layer, frame, resampling, many_tiles).value().draw(canvas);
    return canvas;
}

/// The part of the painted world that lies in the frame.
Image painted(const Grid& grid, const MapFrame& frame) {
    const auto world = grid.extent();
    Image image{frame.width, frame.height};
    for (int y = 0; y < frame.height; ++y) {
        for (int x = 0; x < frame.width; ++x) {
            const double east = frame.box.min_x + (x + 0.5) * frame.column_width();
            const double north = frame.box.max_y - (y + 0.5) * frame.row_height();
            paint((east - world.min_x) / world.width(), (world.max_y - north) / world.height(),
                  image.row(y) + 4 * x);
        }
    }
    return image;
}

TEST(MapDrawing, puts_tiles_together_for_any_box_and_size) {
    const auto layer = world();
    for (const auto& frame :
         std::vector<MapFrame>{{{-1e7, -5e6, 8e6, 9e6}, 640, 498},
                               {{1e6, 1e6, 2e6, 2e6}, 300, 300},
                               {{-3e6, 2e6, 7e6, 4e6}, 500, 300},  // pixels that are not square
                               {{1e6, 1e6, 1.3e6, 1.2e6}, 800, 600},
                               {mercator().extent(), 200, 200}}) {
        EXPECT_LT(mean_difference(drawn(layer, frame), painted(mercator(), frame)), 2.5)
            << frame.width << " by " << frame.height;
    }
}

TEST(MapDrawing, takes_pixels_as_they_are_at_the_resolution_of_the_tiles) {
    const auto layer = world();
    const double pixel = mercator().resolution(3);
    const Box extent = mercator().extent();
    const auto picture = drawn(layer, {{extent.min_x + 100.3 * pixel, extent.max_y - 700.3 * pixel,
                                        extent.min_x + 500.3 * pixel, extent.max_y - 300.3 * pixel},
                                       400,
                                       400});
    for (const auto& [x, y] : {std::pair{0, 0}, {155, 211}, {156, 212}, {399, 399}}) {
        const int column = 100 + x;
        const int row = 300 + y;
        const auto tile = painted_tile(mercator(), {3, column / 256, row / 256});
        EXPECT_EQ(0,
                  std::memcmp(picture.row(y) + 4 * x, tile.row(row % 256) + 4 * (column % 256), 4))
            << x << ',' << y;
    }
}

TEST(MapDrawing, takes_the_zoom_whose_resolution_differs_least) {
    const auto layer = world();
    const auto zoom = [&](double resolution) {
        return MapDrawing::plan(layer, {{0, 0, 100 * resolution, 100 * resolution}, 100, 100},
                                Resampling::bilinear, many_tiles)
            .value()
            .zoom();
    };
    EXPECT_EQ(zoom(1.01 * mercator().resolution(0)), 0);
    EXPECT_EQ(zoom(mercator().resolution(2)), 2);
    EXPECT_EQ(zoom(0.76 * mercator().resolution(2)), 2);
    EXPECT_EQ(zoom(0.74 * mercator().resolution(2)), 3);
    EXPECT_EQ(zoom(1.6 * mercator().resolution(4)), 3);
    EXPECT_EQ(zoom(mercator().resolution(20)), 5);
}

TEST(MapDrawing, is_transparent_beyond_the_world_and_where_there_are_no_tiles) {
    const auto layer = layer_with("hole", {.format = TileFormat::png, .min_zoom = 1, .max_zoom = 1},
                                  [](const TileKey& key) -> std::optional<Tile> {
                                      return key == TileKey{1, 1, 0} ? std::nullopt
                                             : key.x == 0
                                                 ? std::optional{Tile{painted_png(mercator(), key)}}
                                                 : std::optional{Tile{}};
                                  });
    const double edge = mercator().extent().max_x;
    const auto picture = drawn(layer, {{-2 * edge, -2 * edge, 2 * edge, 2 * edge}, 512, 512});
    const auto alpha = [&](int x, int y) { return picture.row(y)[4 * x + 3]; };
    EXPECT_EQ(alpha(100, 256), 0);
    EXPECT_EQ(alpha(130, 130), 255);
    EXPECT_EQ(alpha(250, 380), 255);
    EXPECT_EQ(alpha(300, 200), 0);
    EXPECT_EQ(alpha(200, 400), 0);
    EXPECT_EQ(drawn(layer, {{1e300, 1e300, 2e300, 2e300}, 8, 8}).rgba, Image(8, 8).rgba);
}

TEST(MapDrawing, takes_a_coarser_zoom_rather_than_too_many_tiles_and_gives_up_without_one) {
    const auto zoom = [](const Layer& layer, std::int64_t max_tiles) {
        const auto plan = MapDrawing::plan(layer, {mercator().extent(), 1024, 1024},
                                           Resampling::bilinear, max_tiles);
        return plan ? plan->zoom() : -1;
    };
    EXPECT_EQ(zoom(world(), 16), 2);
    EXPECT_EQ(zoom(world(), 15), 1);
    const StoreInfo deep{.format = TileFormat::png, .min_zoom = 10, .max_zoom = 14};
    EXPECT_EQ(zoom(world(deep), many_tiles), -1);
    auto town = deep;
    town.bounds = Box{8.5, 47.3, 8.6, 47.4};
    EXPECT_EQ(zoom(world(town), many_tiles), 10);
    EXPECT_FALSE(MapDrawing::plan(world(deep), {{-1e300, -1e300, 1e300, 1e300}, 2048, 1},
                                  Resampling::bilinear, many_tiles));
}

TEST(MapDrawing, asks_for_each_tile_once) {
    std::atomic<int> asked = 0;
    const auto layer = layer_with("counted", {.max_zoom = 5}, [&](const TileKey& key) {
        ++asked;
        return Tile{.content = painted_png(mercator(), key)};
    });
    const MapFrame frame{{-1e6, -1e6, 1e6, 1e6}, 700, 700};
    const auto plan = MapDrawing::plan(layer, frame, Resampling::bilinear, many_tiles).value();
    Image canvas{700, 700};
    plan.draw(canvas);
    EXPECT_EQ(asked, plan.tiles());
}

TEST(MapDrawing, refuses_tiles_that_are_not_what_the_grid_says) {
    const auto throwing = [](const Bytes& content) {
        return [layer = layer_with("bad", {.max_zoom = 0}, [content](const TileKey&) {
                    return Tile{.content = content};
                })] {
            drawn(layer, {mercator().extent(), 64, 64});
        };
    };
    EXPECT_THAT(throwing(encode_one_colour_png({1, 2, 3, 255}, 8000, 8000)),
                throws(Errc::too_large, HasSubstr("layer 'bad', tile 0/0/0")));
    EXPECT_THAT(throwing(encode_one_colour_png({1, 2, 3, 255}, 100, 100)),
                throws(Errc::corrupt, HasSubstr("100 by 100 pixels")));
    EXPECT_THAT(throwing(Bytes{1, 2, 3}), throws(Errc::unsupported, HasSubstr("tile 0/0/0")));
    EXPECT_NO_THROW(throwing(encode_one_colour_png({1, 2, 3, 255}, 512, 512))());
}

TEST(MapFrame, is_a_tile_to_within_a_quarter_of_a_pixel) {
    for (const auto* const grid : Grid::built_in()) {
        for (const auto& key : {TileKey{0, 0, 0}, {3, 5, 2}, {17, 65'000, 33'333}}) {
            const auto box = grid->box_of(key);
            const int side = grid->tile_size();
            const auto moved = [&](double pixels) {
                const double by = pixels * grid->resolution(key.z);
                return MapFrame{{box.min_x + by, box.min_y, box.max_x + by, box.max_y}, side, side};
            };
            EXPECT_EQ(tile_in(*grid, moved(0)), key);
            EXPECT_EQ(tile_in(*grid, moved(0.2)), key);
            EXPECT_EQ(tile_in(*grid, moved(0.3)), std::nullopt);
            EXPECT_EQ(tile_in(*grid, {box, side, side - 1}), std::nullopt);
        }
    }
    EXPECT_EQ(tile_in(mercator(), {{1e300, 1e300, 2e300, 2e300}, 256, 256}), std::nullopt);
    EXPECT_EQ(tile_in(mercator(), {{-1e-300, 0, 1e-300, 1e-300}, 256, 256}), std::nullopt);
}

}  // namespace
}  // namespace offgrid::test
