#include "pack/gdal_window.h"

#include "pack/gdal_bands.h"
#include "pack/gdal_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace offgrid::gdal {
namespace {

/// The pixels and samples of the source in memory while they are reduced.
constexpr std::int64_t max_piece_bytes = std::int64_t{16} << 20;

/// Pieces are cut to this height before they are made narrower: most files are stored in rows.
constexpr int piece_rows = 512;

/// Make a pixel absent where each of its three bytes is the value that says so.
void clear_nodata(const BandPlan& bands, Image& image) {
    std::array<int, 3> absent{};
    for (std::size_t c = 0; c < 3; ++c) {
        const auto& value = bands.nodata[bands.colours.size() == 3 ? c : 0];
        if (!value) {
            return;
        }
        absent[c] = static_cast<int>(*value);
    }
    for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
        auto* const pixel = &image.rgba[i];
        if (pixel[0] == absent[0] && pixel[1] == absent[1] && pixel[2] == absent[2]) {
            std::memset(pixel, 0, 4);
        }
    }
}

/// Make all pixels that do not show the same one.
void clear_transparent(Image& image) {
    for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
        if (image.rgba[i + 3] == 0) {
            std::memset(&image.rgba[i], 0, 4);
        }
    }
}

void fill_alpha(Image& image) {
    for (std::size_t i = 3; i < image.rgba.size(); i += 4) {
        image.rgba[i] = 255;
    }
}

std::uint8_t to_byte(double value) {
    return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

}  // namespace

WindowReader::WindowReader(const SourceInfo& info, const std::atomic<bool>& is_stopped,
                           Resampling resampling)
    : info_{info}, is_stopped_{is_stopped}, resampling_{resampling}, dataset_{open_again(info)} {}

Window WindowReader::read(std::int64_t x, std::int64_t y, int width, int height, int x_shift,
                          int y_shift) {
    Window window{x, y, Image{width, height}};
    read_into(window, {x, y, width, height, x_shift, y_shift});
    return window;
}

/// Read piece by piece, so that little of the source is in memory before it is reduced.
void WindowReader::read_into(Window& window, const Cells& cells) {
    const auto rect = source_rect(cells);
    const auto samples = info_.stretch ? info_.bands.colours.size() + 1 : 0;
    const auto pixel_bytes = static_cast<std::int64_t>(4 + samples * sizeof(float));
    const bool is_too_large =
        std::int64_t{rect.width} * rect.height * pixel_bytes > max_piece_bytes;
    if (is_too_large && cells.height > 1 && (rect.height > piece_rows || cells.width == 1)) {
        auto upper = cells;
        auto lower = cells;
        upper.height /= 2;
        lower.y += upper.height;
        lower.height -= upper.height;
        read_into(window, upper);
        read_into(window, lower);
        return;
    }
    if (is_too_large && cells.width > 1) {
        auto left = cells;
        auto right = cells;
        left.width /= 2;
        right.x += left.width;
        right.width -= left.width;
        read_into(window, left);
        read_into(window, right);
        return;
    }
    const auto piece = is_too_large ? read_cell(cells) : read_reduced(cells);
    for (int row = 0; row < piece.height; ++row) {
        std::memcpy(window.pixels.row(static_cast<int>(cells.y - window.y) + row) +
                        4 * (cells.x - window.x),
                    piece.row(row), piece.stride());
    }
}

/// One cell that is too large to be read at once: the mean of its quarters, or the pixel in its
/// middle.
Image WindowReader::read_cell(const Cells& cell) {
    if (keeps_values(resampling_)) {
        const auto rect = source_rect(cell);
        return read_pixels({rect.x + rect.width / 2, rect.y + rect.height / 2, 1, 1});
    }
    const int halve_x = cell.x_shift > 0 ? 1 : 0;
    const int halve_y = cell.y_shift > 0 ? 1 : 0;
    const int x_shift = cell.x_shift - halve_x;
    const int y_shift = cell.y_shift - halve_y;
    const auto x = cell.x << halve_x;
    const auto y = cell.y << halve_y;
    const auto width = std::min<std::int64_t>(1 << halve_x, columns(x_shift) - x);
    const auto height = std::min<std::int64_t>(1 << halve_y, rows(y_shift) - y);
    Window quarters{x, y, Image{static_cast<int>(width), static_cast<int>(height)}};
    read_into(quarters,
              {x, y, static_cast<int>(width), static_cast<int>(height), x_shift, y_shift});
    return box_reduced(quarters.pixels, 1 << halve_x, 1 << halve_y);
}

Image WindowReader::read_reduced(const Cells& cells) {
    auto pixels = read_pixels(source_rect(cells));
    if (cells.x_shift == 0 && cells.y_shift == 0) {
        return pixels;
    }
    const auto reduced = keeps_values(resampling_) ? picked : box_reduced;
    return reduced(pixels, 1 << cells.x_shift, 1 << cells.y_shift);
}

WindowReader::Rect WindowReader::source_rect(const Cells& cells) const {
    const auto right =
        std::min<std::int64_t>((cells.x + cells.width) << cells.x_shift, info_.width);
    const auto bottom =
        std::min<std::int64_t>((cells.y + cells.height) << cells.y_shift, info_.height);
    const auto left = cells.x << cells.x_shift;
    const auto top = cells.y << cells.y_shift;
    return {static_cast<int>(left), static_cast<int>(top), static_cast<int>(right - left),
            static_cast<int>(bottom - top)};
}

Image WindowReader::read_pixels(const Rect& rect) {
    if (is_stopped_) {
        throw Error{Errc::interrupted, "interrupted"};
    }
    Image image{rect.width, rect.height};
    if (info_.bands.palette) {
        read_palette(rect, image);
    } else if (info_.stretch) {
        read_stretched(rect, image);
    } else {
        read_bytes(rect, image);
    }
    auto& first = *dataset_->GetRasterBand(info_.bands.colours.front());
    if (info_.bands.has_mask) {
        apply_mask(*first.GetMaskBand(), rect, image);
    } else if (info_.bands.palette && info_.bands.alpha > 0) {
        apply_mask(*dataset_->GetRasterBand(info_.bands.alpha), rect, image);
    }
    if (info_.bands.is_opaque()) {
        return image;
    }
    if (keeps_values(resampling_)) {
        clear_transparent(image);
    } else {
        premultiply(image);
    }
    return image;
}

void WindowReader::check(CPLErr outcome, const Messages& messages, const Rect& rect) const {
    if (outcome != CE_None) {
        if (is_stopped_) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        throw messages.error(
            Errc::corrupt, fmt::format("{}: cannot be read at pixels {},{} to {},{}", info_.name,
                                       rect.x, rect.y, rect.x + rect.width, rect.y + rect.height));
    }
}

void WindowReader::read_bytes(const Rect& rect, Image& out) {
    const Messages messages;
    const auto& bands = info_.bands;
    std::vector<int> numbers = bands.colours;
    if (numbers.size() == 1) {
        numbers.assign(3, numbers.front());
    }
    if (bands.alpha > 0) {
        numbers.push_back(bands.alpha);
    } else {
        fill_alpha(out);
    }
    const auto stride = static_cast<GSpacing>(out.stride());
    check(dataset_->RasterIO(GF_Read, rect.x, rect.y, rect.width, rect.height, out.rgba.data(),
                             out.width, out.height, GDT_Byte, static_cast<int>(numbers.size()),
                             numbers.data(), 4, stride, 1, nullptr),
          messages, rect);
    if (bands.alpha == 0) {
        clear_nodata(bands, out);
    }
}

void WindowReader::read_stretched(const Rect& rect, Image& out) {
    const Messages messages;
    const auto& bands = info_.bands;
    std::vector<int> numbers = bands.colours;
    if (bands.alpha > 0) {
        numbers.push_back(bands.alpha);
    }
    const auto count = numbers.size();
    std::vector<float> samples(count * out.rgba.size() / 4);
    const auto pixel_bytes = static_cast<GSpacing>(count * sizeof(float));
    check(dataset_->RasterIO(GF_Read, rect.x, rect.y, rect.width, rect.height, samples.data(),
                             out.width, out.height, GDT_Float32, static_cast<int>(count),
                             numbers.data(), pixel_bytes, pixel_bytes * out.width, sizeof(float),
                             nullptr),
          messages, rect);
    std::array<double, 3> low{};
    std::array<double, 3> scale{};
    for (std::size_t c = 0; c < 3; ++c) {
        const auto& range = (*info_.stretch)[bands.colours.size() == 3 ? c : 0];
        low[c] = range.low;
        scale[c] = 255 / (range.high - range.low);
    }
    for (std::size_t i = 0; i < out.rgba.size() / 4; ++i) {
        const auto* const pixel = &samples[i * count];
        if (!is_present(bands, pixel)) {
            continue;
        }
        for (std::size_t c = 0; c < 3; ++c) {
            const double value = pixel[bands.colours.size() == 3 ? c : 0];
            out.rgba[4 * i + c] = to_byte(std::clamp((value - low[c]) * scale[c], 0.0, 255.0));
        }
        const double alpha = bands.alpha > 0 ? pixel[count - 1] / bands.alpha_max : 1;
        out.rgba[4 * i + 3] = to_byte(std::clamp(alpha, 0.0, 1.0) * 255);
    }
}

void WindowReader::read_palette(const Rect& rect, Image& out) {
    const Messages messages;
    std::vector<std::uint8_t> indices(out.rgba.size() / 4);
    check(dataset_->GetRasterBand(info_.bands.colours.front())
              ->RasterIO(GF_Read, rect.x, rect.y, rect.width, rect.height, indices.data(),
                         out.width, out.height, GDT_Byte, 1, out.width, nullptr),
          messages, rect);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        std::memcpy(&out.rgba[4 * i], &(*info_.bands.palette)[indices[i]], 4);
    }
}

void WindowReader::apply_mask(GDALRasterBand& band, const Rect& rect, Image& out) {
    const Messages messages;
    std::vector<std::uint8_t> mask(out.rgba.size() / 4);
    check(band.RasterIO(GF_Read, rect.x, rect.y, rect.width, rect.height, mask.data(), out.width,
                        out.height, GDT_Byte, 1, out.width, nullptr),
          messages, rect);
    for (std::size_t i = 0; i < mask.size(); ++i) {
        out.rgba[4 * i + 3] = std::min(out.rgba[4 * i + 3], mask[i]);
    }
}

}  // namespace offgrid::gdal
