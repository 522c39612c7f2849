#include "pack/gdal_positions.h"

#include "formats/tile/lonlat.h"

#include <cmath>

namespace offgrid::gdal {

std::vector<double> column_positions(const PixelRect& rect, const StraightMapping& mapping,
                                     const Grid& grid) {
    const double resolution = grid.resolution(rect.zoom);
    const double turn = std::abs(360 / mapping.step_x);  // columns around the Earth
    std::vector<double> positions;
    for (int i = 0; i < rect.width; ++i) {
        double x = grid.extent().min_x + (static_cast<double>(rect.x + i) + 0.5) * resolution;
        if (mapping.is_lonlat) {
            x = x / grid.extent().width() * 360;
        }
        double position = (x - mapping.origin_x) / mapping.step_x;
        if (mapping.is_lonlat || grid.srs() == "EPSG:4326") {
            position -= std::floor(position / turn) * turn;
        }
        positions.push_back(position);
    }
    return positions;
}

std::vector<double> row_positions(const PixelRect& rect, const StraightMapping& mapping,
                                  const Grid& grid, double offset) {
    const double resolution = grid.resolution(rect.zoom);
    const double top = grid.box_of(grid.whole(rect.zoom)).max_y;
    std::vector<double> positions;
    for (int i = 0; i < rect.height; ++i) {
        double y = top - (static_cast<double>(rect.y + i) + offset) * resolution;
        if (mapping.is_lonlat) {
            y = to_lonlat(grid.srs(), {0, y, 1, y}).value_or(Box{}).min_y;
        }
        positions.push_back((y - mapping.origin_y) / mapping.step_y);
    }
    return positions;
}

double column_width(int zoom, const StraightMapping& mapping, const Grid& grid) {
    const double resolution = grid.resolution(zoom);
    const double units = mapping.is_lonlat ? resolution / grid.extent().width() * 360 : resolution;
    return std::abs(units / mapping.step_x);
}

std::size_t run_length(std::span<const double> positions, double step) {
    std::size_t length = 1;
    while (length < positions.size() &&
           std::abs(positions[length] - positions[length - 1]) < 2 * step) {
        ++length;
    }
    return length;
}

}  // namespace offgrid::gdal
