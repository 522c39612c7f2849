#include "pack/gdal_straight.h"

#include "pack/gdal_positions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace offgrid::gdal {
namespace {

/// The largest window of the source in memory: 16 MiB.
constexpr std::int64_t max_window_pixels = 4 << 20;

/// The samples that some taps need together, half-open.
struct Span {
    std::int64_t begin = std::numeric_limits<std::int64_t>::max();
    std::int64_t end = 0;

    std::int64_t size() const { return end - begin; }
};

/// Nothing when all of them lie outside the source.
std::optional<Span> span_of(const TapTable& taps, const TapRange& range) {
    Span span;
    for (auto i = range.first; i < range.end; ++i) {
        if (const auto each = taps[i]; !each.weights.empty()) {
            span.begin = std::min(span.begin, each.first);
            span.end = std::max(span.end, each.end());
        }
    }
    return span.size() > 0 ? std::optional{span} : std::nullopt;
}

/// A footprint on the source, among its samples after halving; nowhere when outside.
Footprint reduced(double centre, double width, int size, int shift) {
    const bool is_inside = centre >= 0 && centre < size;
    return {is_inside ? std::ldexp(centre, -shift) : std::numeric_limits<double>::quiet_NaN(),
            std::ldexp(width, -shift)};
}

/// Pixels are halved only where so many of them are left that the kernel hardly notices; where
/// values are kept, only where there are more than anyone counts.
int spare_for(Resampling resampling) {
    switch (resampling) {
        case Resampling::nearest:
            return 5;
        case Resampling::bilinear:
            return 0;
        case Resampling::cubic:
        case Resampling::lanczos:
        case Resampling::average:
            return 2;
        case Resampling::mode:
            break;
    }
    return 9;
}

}  // namespace

int shift_before(double pixels, int spare) {
    // A power of two that rounding has made a little less is taken for what it is.
    constexpr double hair = 1e-6;
    const auto halvings = static_cast<int>(std::floor(std::log2(std::max(pixels, 1.0)) + hair));
    return std::clamp(halvings - spare, 0, WindowReader::max_shift);
}

StraightRenderer::StraightRenderer(const SourceInfo& info, const Grid& grid, WindowReader& reader,
                                   Resampling resampling)
    : info_{info},
      grid_{grid},
      reader_{reader},
      resampling_{resampling},
      is_premultiplied_{!info.bands.is_opaque() && !keeps_values(resampling)},
      sampler_{resampling} {}

bool StraightRenderer::draw(const PixelRect& rect, Image& image, int x, int y) {
    const auto columns = column_positions(rect, *info_.straight, grid_);
    const double width = column_width(rect.zoom, *info_.straight, grid_);
    bool is_drawn = false;
    for (std::size_t first = 0; first < columns.size();) {
        const auto rest = std::span{columns}.subspan(first);
        const auto run = rest.first(run_length(rest, width));
        is_drawn = draw_columns(run, rect, image, x + static_cast<int>(first), y) || is_drawn;
        first += run.size();
    }
    return is_drawn;
}

/// Draw what neighbouring columns show. Rows that the source has denser than others, as from the
/// equator to a pole, are halved more often.
bool StraightRenderer::draw_columns(std::span<const double> columns, const PixelRect& rect,
                                    Image& image, int x, int y) {
    const double width = column_width(rect.zoom, *info_.straight, grid_);
    const auto centres = row_positions(rect, *info_.straight, grid_);
    auto edges_rect = rect;
    ++edges_rect.height;
    const auto edges = row_positions(edges_rect, *info_.straight, grid_, 0);
    const auto height = [&](std::size_t row) { return std::abs(edges[row + 1] - edges[row]); };
    const auto y_shift = [&](std::size_t row) {
        return shift_before(height(row), spare_for(resampling_));
    };

    Run run{.columns = TapTable{resampling_}, .rows = TapTable{resampling_}};
    run.x_shift = shift_before(width, spare_for(resampling_));
    run.x = x;
    for (const double column : columns) {
        run.columns.add(reduced(column, width, info_.width, run.x_shift),
                        reader_.columns(run.x_shift));
    }
    bool is_drawn = false;
    for (std::size_t row = 0; row < centres.size();) {
        run.rows.clear();
        run.y_shift = y_shift(row);
        run.y = y + static_cast<int>(row);
        for (; row < centres.size() && y_shift(row) == run.y_shift; ++row) {
            run.rows.add(reduced(centres[row], height(row), info_.height, run.y_shift),
                         reader_.rows(run.y_shift));
        }
        is_drawn = draw_part(run, {0, run.columns.size()}, {0, run.rows.size()}, image) || is_drawn;
    }
    return is_drawn;
}

/// Draw some columns and rows of a run, in halves when they need too much of the source at once.
bool StraightRenderer::draw_part(const Run& run, const TapRange& columns, const TapRange& rows,
                                 Image& image) {
    const auto across = span_of(run.columns, columns);
    const auto down = span_of(run.rows, rows);
    if (!across || !down) {
        return false;
    }
    const bool is_too_large = across->size() > max_window_pixels / down->size();
    if (is_too_large && rows.size() > 1) {
        const auto middle = rows.first + rows.size() / 2;
        const bool is_upper_drawn = draw_part(run, columns, {rows.first, middle}, image);
        return draw_part(run, columns, {middle, rows.end}, image) || is_upper_drawn;
    }
    if (is_too_large && columns.size() > 1) {
        const auto middle = columns.first + columns.size() / 2;
        const bool is_left_drawn = draw_part(run, {columns.first, middle}, rows, image);
        return draw_part(run, {middle, columns.end}, rows, image) || is_left_drawn;
    }
    const auto window = reader_.read(across->begin, down->begin, static_cast<int>(across->size()),
                                     static_cast<int>(down->size()), run.x_shift, run.y_shift);
    row_.resize(4 * columns.size());
    for (auto row = rows.first; row < rows.end; ++row) {
        if (const auto taps = run.rows[row]; !taps.weights.empty()) {
            sampler_.row(window, run.columns, columns, taps, row_.data());
            lay_over(row_, is_premultiplied_,
                     image.row(run.y + static_cast<int>(row)) +
                         4 * (static_cast<std::size_t>(run.x) + columns.first));
        }
    }
    return true;
}

}  // namespace offgrid::gdal
