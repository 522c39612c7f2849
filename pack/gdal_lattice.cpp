#include "pack/gdal_lattice.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace offgrid::gdal {
namespace {

/// The error that interpolation may have, in pixels of the result, as gdalwarp allows by default.
constexpr double tolerance_px = 0.125;

/// The coordinates in the grid of a point of the rectangle.
void add_point(Points& points, const PixelRect& rect, const Grid& grid, double x, double y) {
    const double resolution = grid.resolution(rect.zoom);
    const double top = grid.box_of(grid.whole(rect.zoom)).max_y;
    points.add(grid.extent().min_x + (static_cast<double>(rect.x) + x) * resolution,
               top - (static_cast<double>(rect.y) + y) * resolution);
}

double mean(const double (&values)[4]) {
    return (values[0] + values[1] + values[2] + values[3]) / 4;
}

/// How far along one axis of the source a pixel of the cell reaches, by the edges of the cell:
/// a pixel that lies askew counts as the square of its area.
double scale_of(const double (&corners)[4]) {
    const double along_row = (corners[1] - corners[0] + corners[3] - corners[2]) / 2;
    const double along_column = (corners[2] - corners[0] + corners[3] - corners[1]) / 2;
    return std::hypot(along_row, along_column) / Lattice::cell_size;
}

/// The same for pixels that were transformed one by one. The median, as neighbours can be a world
/// apart; 1 where no pixel has neighbours.
double scale_of(const std::vector<double>& places, const std::vector<int>& is_valid) {
    constexpr std::size_t size = Lattice::cell_size;
    std::vector<double> scales;
    for (std::size_t i = 0; i + size < places.size(); ++i) {
        if (i % size + 1 < size && is_valid[i] != 0 && is_valid[i + 1] != 0 &&
            is_valid[i + size] != 0) {
            scales.push_back(std::hypot(places[i + 1] - places[i], places[i + size] - places[i]));
        }
    }
    if (scales.empty()) {
        return 1;
    }
    const auto middle = scales.begin() + static_cast<std::ptrdiff_t>(scales.size() / 2);
    std::ranges::nth_element(scales, middle);
    return *middle;
}

}  // namespace

Lattice::Lattice(const PixelRect& rect, const Grid& grid, const Transform& transform,
                 int source_width, int source_height)
    : source_{0, 0, static_cast<double>(source_width), static_cast<double>(source_height)},
      finest_scale_{std::numeric_limits<double>::infinity()} {
    const auto columns = static_cast<std::size_t>(rect.width / cell_size);
    const auto rows = static_cast<std::size_t>(rect.height / cell_size);
    Points corners;
    Points centres;
    for (std::size_t row = 0; row <= rows; ++row) {
        for (std::size_t column = 0; column <= columns; ++column) {
            const auto x = static_cast<double>(column * cell_size);
            const auto y = static_cast<double>(row * cell_size);
            add_point(corners, rect, grid, x, y);
            if (row < rows && column < columns) {
                add_point(centres, rect, grid, x + cell_size / 2.0, y + cell_size / 2.0);
            }
        }
    }
    transform.to_source(corners);
    transform.to_source(centres);
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t column = 0; column < columns; ++column) {
            const auto north_west = row * (columns + 1) + column;
            const std::size_t around[4] = {north_west, north_west + 1, north_west + columns + 1,
                                           north_west + columns + 2};
            const auto centre = row * columns + column;
            Cell cell{.x = static_cast<int>(column) * cell_size,
                      .y = static_cast<int>(row) * cell_size};
            int valid = centres.is_valid[centre] != 0 ? 1 : 0;
            for (std::size_t i = 0; i < 4; ++i) {
                cell.corner_x[i] = corners.x[around[i]];
                cell.corner_y[i] = corners.y[around[i]];
                valid += corners.is_valid[around[i]] != 0 ? 1 : 0;
            }
            if (valid > 0) {
                add_cell(std::move(cell), {centres.x[centre], centres.y[centre]}, valid == 5, rect,
                         grid, transform);
            }
        }
    }
    if (!std::isfinite(finest_scale_)) {
        finest_scale_ = 1;
    }
}

void Lattice::add_cell(Cell cell, const double (&centre)[2], bool is_valid, const PixelRect& rect,
                       const Grid& grid, const Transform& transform) {
    if (is_valid) {
        const auto& x = cell.corner_x;
        const auto& y = cell.corner_y;
        const double scale =
            std::sqrt(std::abs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]))) /
            cell_size;
        const double error = std::hypot(mean(x) - centre[0], mean(y) - centre[1]);
        if (error <= tolerance_px * std::max(1.0, scale)) {
            if (extend_bounds(cell, {x, x + 4}, {y, y + 4})) {
                finest_scale_ = scale > 0 ? std::min(finest_scale_, scale) : finest_scale_;
                cell.scale_x = scale_of(x);
                cell.scale_y = scale_of(y);
                cells_.push_back(std::move(cell));
            }
            return;
        }
    }
    Points pixels;
    for (int row = 0; row < cell_size; ++row) {
        for (int column = 0; column < cell_size; ++column) {
            add_point(pixels, rect, grid, cell.x + column + 0.5, cell.y + row + 0.5);
        }
    }
    transform.to_source(pixels);
    Points inside;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        const bool is_inside = pixels.is_valid[i] != 0 && pixels.x[i] >= 0 && pixels.y[i] >= 0 &&
                               pixels.x[i] < source_.max_x && pixels.y[i] < source_.max_y;
        pixels.is_valid[i] = is_inside ? 1 : 0;
        if (is_inside) {
            inside.add(pixels.x[i], pixels.y[i]);
        }
    }
    if (inside.size() > 0 && extend_bounds(cell, inside.x, inside.y)) {
        cell.scale_x = scale_of(pixels.x, pixels.is_valid);
        cell.scale_y = scale_of(pixels.y, pixels.is_valid);
        cell.exact = std::move(pixels);
        cells_.push_back(std::move(cell));
    }
}

/// False when the points, and what lies between them, are outside the source.
bool Lattice::extend_bounds(Cell& cell, const std::vector<double>& x,
                            const std::vector<double>& y) {
    const auto [west, east] = std::ranges::minmax(x);
    const auto [north, south] = std::ranges::minmax(y);
    const Box box{std::max(west, 0.0), std::max(north, 0.0), std::min(east, source_.max_x),
                  std::min(south, source_.max_y)};
    if (box.min_x > box.max_x || box.min_y > box.max_y) {
        return false;
    }
    cell.bounds = box;
    bounds_ = cells_.empty() ? box : hull(bounds_, box);
    return true;
}

}  // namespace offgrid::gdal
