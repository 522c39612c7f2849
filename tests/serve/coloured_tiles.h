#pragma once

#include "formats/image/encode.h"
#include "formats/image/image.h"
#include "formats/tile/grid.h"

#include <cmath>
#include <cstdint>

namespace offgrid::test {

/// A pixel of a world that is painted with waves and squares, the same at every zoom, so that any
/// part of it can be checked: x and y count from its north-western corner, from 0 to 1.
inline void paint(double x, double y, std::uint8_t* rgba) {
    rgba[0] = static_cast<std::uint8_t>(127 + 120 * std::sin(40 * x));
    rgba[1] = static_cast<std::uint8_t>(127 + 120 * std::cos(30 * y + 7 * x));
    rgba[2] = static_cast<std::uint8_t>(
        std::fmod(std::floor(8 * x) + std::floor(8 * y), 2.0) == 0 ? 40 : 200);
    rgba[3] = 255;
}

/// The tile of that world.
inline Image painted_tile(const Grid& grid, const TileKey& key) {
    const int side = grid.tile_size();
    Image image{side, side};
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            const double column = static_cast<double>(key.x * side + x) + 0.5;
            const double row = static_cast<double>(key.y * side + y) + 0.5;
            paint(column / static_cast<double>(grid.matrix_width(key.z) * side),
                  row / static_cast<double>(grid.matrix_height(key.z) * side),
                  image.row(y) + 4 * x);
        }
    }
    return image;
}

inline Bytes painted_png(const Grid& grid, const TileKey& key) {
    return Encoder{Encoding::png, 75}.encode(painted_tile(grid, key));
}

/// The mean difference of the colours of two images of the same size.
inline double mean_difference(const Image& one, const Image& other) {
    double sum = 0;
    for (std::size_t i = 0; i < one.rgba.size(); ++i) {
        sum += std::abs(one.rgba[i] - other.rgba[i]);
    }
    return sum / static_cast<double>(one.rgba.size());
}

}  // namespace offgrid::test
