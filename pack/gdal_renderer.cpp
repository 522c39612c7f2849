#include "pack/gdal_renderer.h"

#include "formats/tile/lonlat.h"

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

/// How many of the positions, at least one, follow each other: where a world begins again, the next
/// one is at its other end.
std::size_t run_length(std::span<const double> positions, double step) {
    std::size_t length = 1;
    while (length < positions.size() &&
           std::abs(positions[length] - positions[length - 1]) < 2 * step) {
        ++length;
    }
    return length;
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

Renderer::Renderer(const SourceInfo& info, const Grid& grid, const std::atomic<bool>& is_stopped)
    : info_{info}, grid_{grid}, reader_{info, is_stopped} {
    if (!info.straight) {
        transform_.emplace(reader_.dataset(), info.name, grid);
    }
}

bool Renderer::draw(const PixelRect& rect, Image& image, int x, int y) {
    return info_.straight ? draw_straight(rect, image, x, y) : draw_transformed(rect, image, x, y);
}

std::vector<double> Renderer::column_positions(const PixelRect& rect) const {
    const auto& mapping = *info_.straight;
    const double resolution = grid_.resolution(rect.zoom);
    const double turn = std::abs(360 / mapping.step_x);  // columns around the Earth
    std::vector<double> positions;
    for (int i = 0; i < rect.width; ++i) {
        double x = grid_.extent().min_x + (static_cast<double>(rect.x + i) + 0.5) * resolution;
        if (mapping.is_lonlat) {
            x = x / grid_.extent().width() * 360;
        }
        double position = (x - mapping.origin_x) / mapping.step_x;
        if (mapping.is_lonlat || grid_.srs() == "EPSG:4326") {
            position -= std::floor(position / turn) * turn;
        }
        positions.push_back(position);
    }
    return positions;
}

std::vector<double> Renderer::row_positions(const PixelRect& rect) const {
    const auto& mapping = *info_.straight;
    const double resolution = grid_.resolution(rect.zoom);
    const double top = grid_.box_of(grid_.whole(rect.zoom)).max_y;
    std::vector<double> positions;
    for (int i = 0; i < rect.height; ++i) {
        double y = top - (static_cast<double>(rect.y + i) + 0.5) * resolution;
        if (mapping.is_lonlat) {
            y = to_lonlat(grid_.srs(), {0, y, 1, y}).value_or(Box{}).min_y;
        }
        positions.push_back((y - mapping.origin_y) / mapping.step_y);
    }
    return positions;
}

bool Renderer::draw_straight(const PixelRect& rect, Image& image, int x, int y) {
    const auto columns = column_positions(rect);
    const auto rows = row_positions(rect);
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
    const auto make_taps = info_.bands.palette ? nearest_taps : bilinear_taps;
    const auto column_taps =
        make_taps(reduced(columns, info_.width, x_shift), reader_.columns(x_shift));
    const auto row_taps = make_taps(reduced(rows, info_.height, y_shift), reader_.rows(y_shift));
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
            finish_row(row_, image.row(y + static_cast<int>(row)) +
                                 4 * (static_cast<std::size_t>(x) + across.first));
        }
    }
    return true;
}

bool Renderer::draw_transformed(const PixelRect& rect, Image& image, int x, int y) {
    bool is_drawn = false;
    for (int top = 0; top < rect.height; top += square_size) {
        for (int left = 0; left < rect.width; left += square_size) {
            const PixelRect part{rect.zoom, rect.x + left, rect.y + top,
                                 std::min(square_size, rect.width - left),
                                 std::min(square_size, rect.height - top)};
            const Lattice lattice{part, grid_, *transform_, info_.width, info_.height};
            if (lattice.cells().empty()) {
                continue;
            }
            const int shift = shift_for(lattice);
            const auto window = read_bounds(lattice.bounds(), shift);
            Image square{part.width, part.height};
            for (const auto& cell : lattice.cells()) {
                draw_cell(cell, window, shift, square);
            }
            for (int row = 0; row < part.height; ++row) {
                finish_row({square.row(row), square.stride()},
                           image.row(y + top + row) + 4 * static_cast<std::size_t>(x + left));
            }
            is_drawn = true;
        }
    }
    return is_drawn;
}

/// How often to halve the source: to the size of the pixels, and further where distortion makes the
/// window huge.
int Renderer::shift_for(const Lattice& lattice) const {
    int shift =
        std::clamp(static_cast<int>(std::lround(std::log2(lattice.finest_scale()))), 0, max_shift);
    const auto& bounds = lattice.bounds();
    while (shift < max_shift &&
           std::ldexp(bounds.width(), -shift) * std::ldexp(bounds.height(), -shift) >
               max_window_pixels) {
        ++shift;
    }
    return shift;
}

Window Renderer::read_bounds(const Box& bounds, int shift) {
    const auto first = [&](double edge) {
        return std::max<std::int64_t>(
            0, static_cast<std::int64_t>(std::floor(std::ldexp(edge, -shift))) - 1);
    };
    const auto end = [&](double edge, std::int64_t size) {
        return std::min(size, static_cast<std::int64_t>(std::floor(std::ldexp(edge, -shift))) + 2);
    };
    const auto left = std::min(first(bounds.min_x), reader_.columns(shift) - 1);
    const auto top = std::min(first(bounds.min_y), reader_.rows(shift) - 1);
    return reader_.read(
        left, top, static_cast<int>(end(bounds.max_x, reader_.columns(shift)) - left),
        static_cast<int>(end(bounds.max_y, reader_.rows(shift)) - top), shift, shift);
}

void Renderer::draw_cell(const Lattice::Cell& cell, const Window& window, int shift,
                         Image& square) const {
    constexpr int size = Lattice::cell_size;
    const auto sample = info_.bands.palette ? sample_nearest : sample_bilinear;
    const double factor = std::ldexp(1, -shift);
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
                const auto pixel = sample(window, source_x * factor, source_y * factor);
                std::memcpy(out, &pixel, sizeof pixel);
            }
        }
    }
}

void Renderer::finish_row(std::span<std::uint8_t> row, std::uint8_t* out) const {
    const auto width = static_cast<int>(row.size() / 4);
    if (!info_.bands.is_opaque()) {
        unpremultiply(row.data(), width);
    }
    composite_over(row.data(), out, width);
}

}  // namespace offgrid::gdal
