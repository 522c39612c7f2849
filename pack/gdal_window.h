#pragma once

#include "formats/image/resampling.h"
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
    WindowReader(const SourceInfo& info, const std::atomic<bool>& is_stopped,
                 Resampling resampling = Resampling::bilinear);

    GDALDataset& dataset() { return *dataset_; }

    /// How often a source can be halved: a column of two billion pixels becomes one of 512.
    static constexpr int max_shift = 22;

    /// Columns and rows of the source when 2^shift of them are one. REQUIRES: 0 <= shift <=
    /// max_shift, here and below.
    std::int64_t columns(int x_shift) const { return ((info_.width - 1) >> x_shift) + 1; }
    std::int64_t rows(int y_shift) const { return ((info_.height - 1) >> y_shift) + 1; }

    /// The rectangle of the source reduced by 2^x_shift and 2^y_shift: means, weighted by alpha,
    /// premultiplied; for a resampling that keeps values, one pixel of each cell as it is. The
    /// overviews of the source are never used: nobody knows how they were made. Throws `corrupt`
    /// when the source cannot be read, `interrupted` when stopped. REQUIRES: the rectangle lies
    /// within the reduced source.
    Window read(std::int64_t x, std::int64_t y, int width, int height, int x_shift, int y_shift);

private:
    /// A rectangle of the reduced source.
    struct Cells {
        std::int64_t x = 0;
        std::int64_t y = 0;
        int width = 0;
        int height = 0;
        int x_shift = 0;
        int y_shift = 0;
    };

    /// Pixels of the source itself.
    struct Rect {
        int x = 0;
        int y = 0;
        int width = 0;
        int height = 0;
    };

    Rect source_rect(const Cells& cells) const;
    void read_into(Window& window, const Cells& cells);
    Image read_cell(const Cells& cell);
    Image read_reduced(const Cells& cells);
    Image read_pixels(const Rect& rect);
    void read_bytes(const Rect& rect, Image& out);
    void read_stretched(const Rect& rect, Image& out);
    void read_palette(const Rect& rect, Image& out);
    void apply_mask(GDALRasterBand& band, const Rect& rect, Image& out);
    void check(CPLErr outcome, const Messages& messages, const Rect& rect) const;

    const SourceInfo& info_;
    const std::atomic<bool>& is_stopped_;
    const Resampling resampling_;
    Dataset dataset_;
};

}  // namespace offgrid::gdal
