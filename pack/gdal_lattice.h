#pragma once

#include "formats/tile/grid.h"
#include "pack/gdal_transform.h"

#include <cstdint>
#include <vector>

namespace offgrid::gdal {

/// A rectangle of pixels of one zoom of the grid, counted from the north-west corner of the matrix.
/// A value.
struct PixelRect {
    int zoom = 0;
    std::int64_t x = 0;
    std::int64_t y = 0;
    int width = 0;
    int height = 0;
};

/// Where in a source the pixels of a rectangle of the grid lie. Immutable.
///
/// GDAL transforms the corners and the centre of each cell of 32 by 32 pixels. Where interpolation
/// between the corners hits the centre, it serves for the cell; elsewhere, as at the limb of a
/// globe, each pixel is transformed.
class Lattice {
public:
    static constexpr int cell_size = 32;

    /// A cell that may show the source.
    struct Cell {
        int x = 0;  ///< pixels from the corner of the rectangle
        int y = 0;
        double corner_x[4] = {};  ///< source pixels: NW, NE, SW, SE
        double corner_y[4] = {};
        Points exact{};      ///< each pixel, row by row, where the corners do not say enough
        double scale_x = 1;  ///< source pixels that a pixel spans along each axis of the source
        double scale_y = 1;
        Box bounds{};  ///< what its pixels lie in, in source pixels
    };

    /// REQUIRES: width and height are multiples of `cell_size`.
    Lattice(const PixelRect& rect, const Grid& grid, const Transform& transform, int source_width,
            int source_height);

    const std::vector<Cell>& cells() const { return cells_; }

    /// Source pixels that one pixel spans, where these are fewest.
    double finest_scale() const { return finest_scale_; }

    /// What all pixels lie in, in source pixels. REQUIRES: there are cells.
    const Box& bounds() const { return bounds_; }

private:
    void add_cell(Cell cell, const double (&centre)[2], bool is_valid, const PixelRect& rect,
                  const Grid& grid, const Transform& transform);
    bool extend_bounds(Cell& cell, const std::vector<double>& x, const std::vector<double>& y);

    Box source_;
    std::vector<Cell> cells_;
    double finest_scale_ = 0;
    Box bounds_;
};

}  // namespace offgrid::gdal
