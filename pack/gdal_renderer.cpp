#include "pack/gdal_renderer.h"

#include "pack/gdal_positions.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace offgrid::gdal {
namespace {

constexpr int max_shift = WindowReader::max_shift;

/// Samples between neighbouring positions that `bilinear_taps` can take.
constexpr double max_step = 2.4;

/// What is transformed at a time, so that the window of the source fits the processor's cache.
constexpr int square_size = 256;

/// The largest window of the source in memory: 32 MiB.
constexpr double max_window_pixels = 8 << 20;

/// Source pixels, along one axis, that a pixel is made of at most: more are there only where a
/// transformation is extreme, as at the limb of a globe.
constexpr double max_scale = 16;

constexpr double nowhere = std::numeric_limits<double>::quiet_NaN();

/// How often the source can be halved and still be at least as fine as the pixels.
int shift_of(double samples_a_pixel) {
    return samples_a_pixel < 2 ? 0
                               : std::min(max_shift, static_cast<int>(std::log2(samples_a_pixel)));
}

/// The smallest and the largest distance between neighbours.
struct Steps {
    double finest = std::numeric_limits<double>::infinity();
    double coarsest = 0;
};

Steps steps_of(std::span<const double> positions) {
    Steps steps;
    for (std::size_t i = 1; i < positions.size(); ++i) {
        const double step = std::abs(positions[i] - positions[i - 1]);
        steps.finest = std::min(steps.finest, step);
        steps.coarsest = std::max(steps.coarsest, step);
    }
    return steps;
}

/// The positions among the samples after halving; nowhere for those outside the source.
std::vector<double> reduced(std::span<const double> positions, int size, int shift) {
    std::vector<double> scaled;
    for (const double position : positions) {
        const bool is_inside = position >= 0 && position < size;
        scaled.push_back(is_inside ? std::ldexp(position, -shift) : nowhere);
    }
    return scaled;
}

/// The samples that all taps need together, half-open; the indices of the first and last taps that
/// need any.
struct Span {
    std::int64_t begin = std::numeric_limits<std::int64_t>::max();
    std::int64_t end = 0;
    std::size_t first = 0;
    std::size_t last = 0;

    bool is_empty() const { return begin >= end; }
};

Span span_of(const std::vector<Taps>& all) {
    Span span;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].count == 0) {
            continue;
        }
        span.first = span.is_empty() ? i : span.first;
        span.last = i;
        span.begin = std::min(span.begin, all[i].first);
        span.end = std::max(span.end, all[i].first + all[i].count);
    }
    return span;
}

}  // namespace

Renderer::Renderer(const SourceInfo& info, const Grid& grid, const std::atomic<bool>& is_stopped,
                   Resampling resampling)
    : info_{info},
      grid_{grid},
      reader_{info, is_stopped, resampling},
      resampling_{resampling},
      is_premultiplied_{!info.bands.is_opaque() && !keeps_values(resampling)},
      sampler_{resampling},
      columns_{resampling},
      rows_{resampling} {
    if (!info.straight) {
        transform_.emplace(reader_.dataset(), info.name, grid);
    } else if (resampling != Resampling::bilinear) {
        straight_.emplace(info, grid, reader_, resampling);
    }
}

bool Renderer::draw(const PixelRect& rect, Image& image, int x, int y) {
    if (transform_) {
        return draw_transformed(rect, image, x, y);
    }
    return straight_ ? straight_->draw(rect, image, x, y) : draw_straight(rect, image, x, y);
}

/// Bilinear, in numbers of 16 bits.
bool Renderer::draw_straight(const PixelRect& rect, Image& image, int x, int y) {
    const auto columns = column_positions(rect, *info_.straight, grid_);
    const auto rows = row_positions(rect, *info_.straight, grid_);
    const double column_step = steps_of(columns).finest;
    bool is_drawn = false;
    for (std::size_t first = 0; first < columns.size();) {
        const auto rest = std::span{columns}.subspan(first);
        const auto run = rest.first(run_length(rest, column_step));
        is_drawn =
            draw_run(run, column_step, rows, image, x + static_cast<int>(first), y) || is_drawn;
        first += run.size();
    }
    return is_drawn;
}

/// Draw what neighbouring columns show. Rows whose steps differ, as they do from the equator to a
/// pole, are split until one shift suits all of a part.
bool Renderer::draw_run(std::span<const double> columns, double column_step,
                        std::span<const double> rows, Image& image, int x, int y) {
    const auto row_steps = steps_of(rows);
    const int x_shift = shift_of(column_step);
    const int y_shift = shift_of(row_steps.finest);
    if (std::ldexp(row_steps.coarsest, -y_shift) > max_step && y_shift < max_shift &&
        rows.size() >= 4) {
        const auto upper = rows.first(rows.size() / 2);
        const auto lower = rows.subspan(upper.size());
        const bool is_upper_drawn = draw_run(columns, column_step, upper, image, x, y);
        return draw_run(columns, column_step, lower, image, x,
                        y + static_cast<int>(upper.size())) ||
               is_upper_drawn;
    }
    const auto column_taps =
        bilinear_taps(reduced(columns, info_.width, x_shift), reader_.columns(x_shift));
    const auto row_taps =
        bilinear_taps(reduced(rows, info_.height, y_shift), reader_.rows(y_shift));
    const auto across = span_of(column_taps);
    const auto down = span_of(row_taps);
    if (across.is_empty() || down.is_empty()) {
        return false;
    }
    const auto window =
        reader_.read(across.begin, down.begin, static_cast<int>(across.end - across.begin),
                     static_cast<int>(down.end - down.begin), x_shift, y_shift);
    const std::span<const Taps> used{&column_taps[across.first], across.last - across.first + 1};
    row_.resize(4 * used.size());
    for (auto row = down.first; row <= down.last; ++row) {
        if (row_taps[row].count > 0) {
            resample_row(window, row_taps[row], used, scratch_, row_.data());
            lay_over(row_, is_premultiplied_,
                     image.row(y + static_cast<int>(row)) +
                         4 * (static_cast<std::size_t>(x) + across.first));
        }
    }
    return true;
}

/// Square by square, cut where the whole world is cut, not where the rectangle begins: what a pixel
/// becomes must not depend on what is drawn with it.
bool Renderer::draw_transformed(const PixelRect& rect, Image& image, int x, int y) {
    bool is_drawn = false;
    for (auto top = rect.y / square_size * square_size; top < rect.y + rect.height;
         top += square_size) {
        for (auto left = rect.x / square_size * square_size; left < rect.x + rect.width;
             left += square_size) {
            const PixelRect square{rect.zoom, left, top, square_size, square_size};
            is_drawn = draw_square(square, rect, image, x, y) || is_drawn;
        }
    }
    return is_drawn;
}

/// Draw what the square and the rectangle share.
bool Renderer::draw_square(const PixelRect& square, const PixelRect& rect, Image& image, int x,
                           int y) {
    const auto left = std::max(square.x, rect.x);
    const auto top = std::max(square.y, rect.y);
    const auto right = std::min(square.x + square.width, rect.x + rect.width);
    const auto bottom = std::min(square.y + square.height, rect.y + rect.height);
    const Lattice lattice{square, grid_, *transform_, info_.width, info_.height};
    std::vector<const Lattice::Cell*> cells;
    for (const auto& cell : lattice.cells()) {
        if (square.x + cell.x < right && square.x + cell.x + Lattice::cell_size > left &&
            square.y + cell.y < bottom && square.y + cell.y + Lattice::cell_size > top) {
            cells.push_back(&cell);
        }
    }
    if (cells.empty()) {
        return false;
    }
    const int shift = shift_for(lattice);
    const auto window = read_for(cells, shift);
    Image pixels{square.width, square.height};
    for (const auto* const cell : cells) {
        draw_cell(*cell, window, shift, pixels);
    }
    for (auto row = top; row < bottom; ++row) {
        auto* const shared = pixels.row(static_cast<int>(row - square.y)) + 4 * (left - square.x);
        lay_over({shared, static_cast<std::size_t>(4 * (right - left))}, is_premultiplied_,
                 image.row(y + static_cast<int>(row - rect.y)) + 4 * (x + left - rect.x));
    }
    return true;
}

/// How often to halve the source: to the size of the pixels, or near to it, and further where
/// distortion makes the window huge.
int Renderer::shift_for(const Lattice& lattice) const {
    const double scale = lattice.finest_scale();
    int shift = 0;
    if (resampling_ == Resampling::bilinear) {
        shift = std::clamp(static_cast<int>(std::lround(std::log2(scale))), 0, max_shift);
    } else {
        shift = shift_before(scale, keeps_values(resampling_) ? 3 : 1);
    }
    const auto& bounds = lattice.bounds();
    while (shift < max_shift &&
           std::ldexp(bounds.width(), -shift) * std::ldexp(bounds.height(), -shift) >
               max_window_pixels) {
        ++shift;
    }
    return shift;
}

/// Read what the pixels of the cells are made of.
Window Renderer::read_for(const std::vector<const Lattice::Cell*>& cells, int shift) {
    Box bounds = cells.front()->bounds;
    double scale_x = 1;
    double scale_y = 1;
    for (const auto* const cell : cells) {
        bounds = hull(bounds, cell->bounds);
        scale_x = std::max(scale_x, std::min(max_scale, std::ldexp(cell->scale_x, -shift)));
        scale_y = std::max(scale_y, std::min(max_scale, std::ldexp(cell->scale_y, -shift)));
    }
    const bool is_kernel =
        resampling_ != Resampling::bilinear && resampling_ != Resampling::nearest;
    const double radius = is_kernel ? kernel_radius(resampling_) : 0;
    const auto first = [&](double edge, double reach) {
        return std::max<std::int64_t>(
            0, static_cast<std::int64_t>(std::floor(std::ldexp(edge, -shift) - reach)));
    };
    const auto end = [&](double edge, double reach, std::int64_t size) {
        const auto last = static_cast<std::int64_t>(std::floor(std::ldexp(edge, -shift) + reach));
        return std::min(size, last + 1);
    };
    const double reach_x = radius * scale_x + 1;
    const double reach_y = radius * scale_y + 1;
    const auto left = std::min(first(bounds.min_x, reach_x), reader_.columns(shift) - 1);
    const auto top = std::min(first(bounds.min_y, reach_y), reader_.rows(shift) - 1);
    const auto right = end(bounds.max_x, reach_x, reader_.columns(shift));
    const auto bottom = end(bounds.max_y, reach_y, reader_.rows(shift));
    return reader_.read(left, top, static_cast<int>(right - left), static_cast<int>(bottom - top),
                        shift, shift);
}

void Renderer::draw_cell(const Lattice::Cell& cell, const Window& window, int shift,
                         Image& square) {
    constexpr int size = Lattice::cell_size;
    const double factor = std::ldexp(1, -shift);
    const double scale_x = std::min(max_scale, cell.scale_x * factor);
    const double scale_y = std::min(max_scale, cell.scale_y * factor);
    const auto& cx = cell.corner_x;
    const auto& cy = cell.corner_y;
    for (int row = 0; row < size; ++row) {
        const double down = (row + 0.5) / size;
        const double left_x = cx[0] + (cx[2] - cx[0]) * down;
        const double left_y = cy[0] + (cy[2] - cy[0]) * down;
        const double step_x = (cx[1] + (cx[3] - cx[1]) * down - left_x) / size;
        const double step_y = (cy[1] + (cy[3] - cy[1]) * down - left_y) / size;
        auto* out = square.row(cell.y + row) + 4 * static_cast<std::size_t>(cell.x);
        for (int column = 0; column < size; ++column, out += 4) {
            double source_x = left_x + (column + 0.5) * step_x;
            double source_y = left_y + (column + 0.5) * step_y;
            if (cell.exact.size() > 0) {
                const auto i = static_cast<std::size_t>(row * size + column);
                source_x = cell.exact.is_valid[i] != 0 ? cell.exact.x[i] : nowhere;
                source_y = cell.exact.y[i];
            }
            if (source_x >= 0 && source_y >= 0 && source_x < info_.width &&
                source_y < info_.height) {
                const auto pixel = sample(window, {source_x * factor, scale_x},
                                          {source_y * factor, scale_y}, shift);
                std::memcpy(out, &pixel, sizeof pixel);
            }
        }
    }
}

std::uint32_t Renderer::sample(const Window& window, const Footprint& across, const Footprint& down,
                               int shift) {
    if (resampling_ == Resampling::bilinear) {
        return sample_bilinear(window, across.centre, down.centre);
    }
    if (resampling_ == Resampling::nearest) {
        return sample_nearest(window, across.centre, down.centre);
    }
    columns_.clear();
    rows_.clear();
    columns_.add(across, reader_.columns(shift));
    rows_.add(down, reader_.rows(shift));
    return sampler_.pixel(window, columns_[0], rows_[0]);
}

}  // namespace offgrid::gdal
