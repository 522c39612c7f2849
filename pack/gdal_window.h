#pragma once

#include "pack/gdal_error.h"
#include "pack/resample.h"
#include "pack/source_info.h"

#include <atomic>

namespace offgrid::gdal {

/// Reads rectangles of a source as pixels, at full or reduced resolution. One thread at a time.
class WindowReader {
public:
    /// Opens the source again, for this thread. `info` and `is_stopped` are not owned and outlive
    /// the reader.
    WindowReader(const SourceInfo& info, const std::atomic<bool>& is_stopped);

    GDALDataset& dataset() { return *dataset_; }

    /// Columns and rows of the source when 2^shift of them are one. REQUIRES: 0 <= shift <= 12,
    /// here and below.
    std::int64_t columns(int x_shift) const { return ((info_.width - 1) >> x_shift) + 1; }
    std::int64_t rows(int y_shift) const { return ((info_.height - 1) >> y_shift) + 1; }

    /// The rectangle of the source reduced by 2^x_shift and 2^y_shift: means, weighted by alpha;
    /// for a palette the nearest pixels. Premultiplied. Throws `corrupt` when the source cannot be
    /// read, `interrupted` when stopped. REQUIRES: the rectangle lies within the reduced source.
    Window read(std::int64_t x, std::int64_t y, int width, int height, int x_shift, int y_shift);

private:
    /// Pixels of the source itself.
    struct Rect {
        int x = 0;
        int y = 0;
        int width = 0;
        int height = 0;
    };

    Rect source_rect(std::int64_t x, std::int64_t y, int width, int height, int x_shift,
                     int y_shift) const;
    Image read_pixels(const Rect& rect, int width, int height);
    void read_bytes(const Rect& rect, Image& out);
    void read_stretched(const Rect& rect, Image& out);
    void read_palette(const Rect& rect, Image& out);
    void apply_mask(const Rect& rect, Image& out);
    void check(CPLErr outcome, const Messages& messages, const Rect& rect) const;

    const SourceInfo& info_;
    const std::atomic<bool>& is_stopped_;
    Dataset dataset_;
};

}  // namespace offgrid::gdal
