#pragma once

#include "pack/gdal_lattice.h"
#include "pack/gdal_window.h"
#include "pack/sampler.h"

#include <cstdint>
#include <span>
#include <vector>

namespace offgrid::gdal {

/// How often a source is halved before a kernel sees it, when a pixel of the result spans that many
/// of its pixels: until that are less than 2^(spare + 1).
int shift_before(double pixels, int spare);

/// Draws a source whose columns and rows follow the grid's (StraightMapping), each axis on its own,
/// by any kernel; bilinear has a faster way, in the Renderer. What a pixel becomes depends on its
/// place alone, never on what is drawn with it. One thread at a time.
class StraightRenderer {
public:
    /// `info`, `grid` and `reader` are not owned and outlive it. REQUIRES: the source has a
    /// mapping.
    StraightRenderer(const SourceInfo& info, const Grid& grid, WindowReader& reader,
                     Resampling resampling);

    /// As Renderer::draw.
    bool draw(const PixelRect& rect, Image& image, int x, int y);

private:
    /// Pixels of the result that are drawn together: the taps of both axes and how often the source
    /// is halved, the column and row of the image at which they begin.
    struct Run {
        TapTable columns;
        TapTable rows;
        int x_shift = 0;
        int y_shift = 0;
        int x = 0;
        int y = 0;
    };

    bool draw_columns(std::span<const double> columns, const PixelRect& rect, Image& image, int x,
                      int y);
    bool draw_part(const Run& run, const TapRange& columns, const TapRange& rows, Image& image);

    const SourceInfo& info_;
    const Grid& grid_;
    WindowReader& reader_;
    const Resampling resampling_;
    const bool is_premultiplied_;
    Sampler sampler_;
    std::vector<std::uint8_t> row_;
};

}  // namespace offgrid::gdal
