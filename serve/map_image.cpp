#include "serve/map_image.h"

#include "formats/image/composite.h"
#include "formats/image/row_resampler.h"
#include "formats/tile/lonlat.h"
#include "serve/srs_names.h"
#include "serve/tile_strip.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace offgrid {
namespace {

constexpr double exact_tile_pixels = 0.25;

/// MapCache's: a factor that is this near to 1 moves no pixel of a picture by a whole one.
constexpr double exact_factor = 1e-4;

constexpr std::int64_t max_strip_pixels = std::int64_t{16} << 20;  // of 4 bytes
constexpr std::int64_t max_row_pixels = std::int64_t{4} << 20;     // of 16 bytes

/// The tiles of a zoom that the layer may have.
TileRange coverage_of(const Layer& layer, int z) {
    return layer.limits ? layer.limits(z) : layer.info().grid->whole(z);
}

/// The zooms that the layer may have, from the coarsest on.
std::vector<int> zooms_of(const Layer& layer) {
    std::vector<int> zooms;
    const auto& info = layer.info();
    for (int z = 0; z < info.grid->levels(); ++z) {
        const bool has_zoom =
            layer.limits ? !layer.limits(z).is_empty() : z >= info.min_zoom && z <= info.max_zoom;
        if (has_zoom) {
            zooms.push_back(z);
        }
    }
    return zooms;
}

/// The place in `zooms` of the one that fits the picture, as MapCache chooses it.
std::size_t fitting_zoom(const Grid& grid, const std::vector<int>& zooms, const MapFrame& frame) {
    const double wanted = std::min(frame.column_width(), frame.row_height());
    const auto nearest = std::ranges::min_element(
        zooms, {}, [&](int z) { return std::abs(grid.resolution(z) - wanted); });
    return static_cast<std::size_t>(nearest - zooms.begin());
}

/// The tiles that make the picture, those included that its outermost pixels see a part of.
TileRange tiles_of(const Layer& layer, const MapFrame& frame, int z) {
    const auto& grid = *layer.info().grid;
    const double x = std::max(frame.column_width(), grid.resolution(z));
    const double y = std::max(frame.row_height(), grid.resolution(z));
    const Box seen{frame.box.min_x - x, frame.box.min_y - y, frame.box.max_x + x,
                   frame.box.max_y + y};
    return intersection(grid.range_of(z, seen), coverage_of(layer, z));
}

/// The same without those that the layer's metadata say it has not. These can be a bit off, so they
/// count only where there are too many tiles otherwise.
TileRange within_bounds(const Layer& layer, const TileRange& tiles) {
    const auto& info = layer.info();
    if (!info.bounds) {
        return tiles;
    }
    const auto box = from_lonlat(formula_of(*info.grid), *info.bounds);
    return box ? intersection(tiles, info.grid->range_of(tiles.z, *box)) : tiles;
}

/// Whether drawing the tiles takes a bounded amount of work and memory.
bool is_affordable(const Grid& grid, const MapFrame& frame, const TileRange& tiles,
                   std::int64_t max_tiles) {
    if (tiles.is_empty()) {
        return true;
    }
    const auto columns = tiles.max_x - tiles.min_x;
    const auto rows = tiles.max_y - tiles.min_y;
    if (columns > max_tiles || rows > max_tiles || columns * rows > max_tiles) {
        return false;
    }
    const std::int64_t side = grid.tile_size();
    constexpr std::int64_t usual_side = 256;
    if (columns * rows * side * side > max_tiles * usual_side * usual_side) {
        return false;
    }
    const double reach = 2 * std::max(1.0, frame.row_height() / grid.resolution(tiles.z)) + 2;
    const double kept = std::min(reach, static_cast<double>(rows * side));
    return columns * side * side <= max_strip_pixels &&
           kept * frame.width <= static_cast<double>(max_row_pixels);
}

/// What each pixel of one axis is made of. `start` is where the first begins, in samples.
void add_taps(TapTable& taps, int pixels, double start, double factor, std::int64_t samples) {
    // What is wider than the source sees all of it.
    const double width = std::min(factor, 2.0 * static_cast<double>(samples));
    for (int i = 0; i < pixels; ++i) {
        taps.add({.centre = start + (i + 0.5) * factor, .width = width}, samples);
    }
}

bool is_exact(double factor) {
    return std::abs(factor - 1) < exact_factor;
}

}  // namespace

std::optional<TileKey> tile_in(const Grid& grid, const MapFrame& frame) {
    if (frame.width != grid.tile_size() || frame.height != grid.tile_size()) {
        return std::nullopt;
    }
    const int z = grid.nearest_zoom(frame.column_width());
    const auto whole = grid.box_of(grid.whole(z));
    const double tile = grid.resolution(z) * grid.tile_size();
    const double x = std::round((frame.box.min_x - whole.min_x) / tile);
    const double y = std::round((whole.max_y - frame.box.max_y) / tile);
    if (!(x >= 0 && y >= 0 && x < static_cast<double>(grid.matrix_width(z)) &&
          y < static_cast<double>(grid.matrix_height(z)))) {
        return std::nullopt;
    }
    const TileKey key{z, static_cast<std::int64_t>(x), static_cast<std::int64_t>(y)};
    const auto box = grid.box_of(key);
    const double most = exact_tile_pixels * grid.resolution(z);
    const bool is_there = std::abs(box.min_x - frame.box.min_x) < most &&
                          std::abs(box.min_y - frame.box.min_y) < most &&
                          std::abs(box.max_x - frame.box.max_x) < most &&
                          std::abs(box.max_y - frame.box.max_y) < most;
    return is_there ? std::optional{key} : std::nullopt;
}

std::optional<MapDrawing> MapDrawing::plan(const Layer& layer, const MapFrame& frame,
                                           Resampling resampling, std::int64_t max_tiles) {
    const auto& grid = *layer.info().grid;
    const auto zooms = zooms_of(layer);
    if (zooms.empty()) {
        return MapDrawing{layer, frame, {}, resampling};
    }
    for (auto place = fitting_zoom(grid, zooms, frame) + 1; place-- > 0;) {
        const auto tiles = tiles_of(layer, frame, zooms[place]);
        for (const auto& some : {tiles, within_bounds(layer, tiles)}) {
            if (is_affordable(grid, frame, some, max_tiles)) {
                return MapDrawing{layer, frame, some, resampling};
            }
        }
    }
    return std::nullopt;
}

MapDrawing::MapDrawing(const Layer& layer, const MapFrame& frame, const TileRange& tiles,
                       Resampling resampling)
    : layer_{&layer}, tiles_{tiles}, columns_{resampling}, rows_{resampling} {
    if (tiles.is_empty()) {
        return;
    }
    const auto& grid = *layer.info().grid;
    const auto box = grid.box_of(tiles);
    const double resolution = grid.resolution(tiles.z);
    const double x_factor = frame.column_width() / resolution;
    const double y_factor = frame.row_height() / resolution;
    if (is_exact(x_factor) && is_exact(y_factor)) {
        columns_ = rows_ = TapTable{Resampling::nearest};
    }
    const auto side = grid.tile_size();
    add_taps(columns_, frame.width, (frame.box.min_x - box.min_x) / resolution, x_factor,
             (tiles.max_x - tiles.min_x) * side);
    add_taps(rows_, frame.height, (box.max_y - frame.box.max_y) / resolution, y_factor,
             (tiles.max_y - tiles.min_y) * side);
}

void MapDrawing::draw(Image& canvas) const {
    if (tiles_.is_empty()) {
        return;
    }
    TileStrip strip{*layer_, tiles_};
    RowResampler resampler{columns_, rows_, 0};
    std::vector<std::uint8_t> row(canvas.stride());
    for (int y = 0; y < canvas.height; ++y) {
        resampler.row(
            static_cast<std::size_t>(y), [&](std::int64_t source) { return strip.row(source); },
            row);
        composite_over(row.data(), canvas.row(y), canvas.width);
    }
}

}  // namespace offgrid
