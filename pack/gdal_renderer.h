#pragma once

#include "formats/tile/grid.h"
#include "pack/gdal_lattice.h"
#include "pack/gdal_straight.h"
#include "pack/gdal_transform.h"
#include "pack/gdal_window.h"

#include <optional>
#include <span>

namespace offgrid::gdal {

/// Draws a source onto the pixels of a grid. One thread at a time.
///
/// Where the columns and rows of the source follow the grid's (StraightMapping), both axes are
/// resampled on their own. Otherwise GDAL transforms a lattice of points, the positions between
/// them are interpolated where that is exact enough, and each pixel is sampled. What is much finer
/// than the pixels is averaged first; where values are kept, some are left out.
class Renderer {
public:
    /// `info`, `grid` and `is_stopped` are not owned and outlive the renderer.
    Renderer(const SourceInfo& info, const Grid& grid, const std::atomic<bool>& is_stopped,
             Resampling resampling);

    /// Draw over what the image shows of the rectangle, which begins at column `x` and row `y` of
    /// it. Returns false when the source has nothing there.
    bool draw(const PixelRect& rect, Image& image, int x, int y);

private:
    bool draw_straight(const PixelRect& rect, Image& image, int x, int y);
    bool draw_run(std::span<const double> columns, double column_step, std::span<const double> rows,
                  Image& image, int x, int y);
    bool draw_transformed(const PixelRect& rect, Image& image, int x, int y);
    bool draw_square(const PixelRect& square, const PixelRect& rect, Image& image, int x, int y);
    int shift_for(const Lattice& lattice) const;
    Window read_for(const std::vector<const Lattice::Cell*>& cells, int shift);
    void draw_cell(const Lattice::Cell& cell, const Window& window, int shift, Image& square);
    std::uint32_t sample(const Window& window, const Footprint& across, const Footprint& down,
                         int shift);

    const SourceInfo& info_;
    const Grid& grid_;
    WindowReader reader_;
    const Resampling resampling_;
    const bool is_premultiplied_;
    std::optional<StraightRenderer> straight_;
    std::optional<Transform> transform_;
    Sampler sampler_;
    TapTable columns_;  // of one pixel
    TapTable rows_;
    std::vector<std::uint8_t> scratch_;
    std::vector<std::uint8_t> row_;
};

}  // namespace offgrid::gdal
