#pragma once

#include "formats/image/kernel.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace offgrid {

/// Makes an image row by row out of a larger or smaller one whose rows are given one after the
/// other, so that neither has to be in memory as a whole: each row of the source is made as wide as
/// the result once, and kept until the last row that needs it.
///
/// Colours are weighted by alpha. A pixel whose taps are one sample is that sample. Borrows the
/// taps. One thread at a time.
class RowResampler {
public:
    /// A row of the source: red, green, blue and alpha, not premultiplied, from `first_column` on;
    /// null for one that is all transparent. Valid until the next is asked for.
    using Source = std::function<const std::uint8_t*(std::int64_t row)>;

    /// The samples of some taps, half-open; empty where there are none.
    struct Span {
        std::int64_t first = 0;
        std::int64_t end = 0;
    };
    static Span span_of(const TapTable& taps);

    /// The most samples that one entry of the taps has.
    static std::size_t longest_of(const TapTable& taps);

    /// `first_column` is that of the rows that the source gives. It holds `longest_of(rows)` rows
    /// of the result in floating point: 16 bytes a pixel.
    RowResampler(const TapTable& columns, const TapTable& rows, std::int64_t first_column);

    /// Make row `y` of the result, not premultiplied. Rows of the source are asked for from the
    /// north, each at most once. REQUIRES: as many pixels as `columns` has; each `y` greater than
    /// the one before, from `rows` that never step back.
    void row(std::size_t y, const Source& source, std::span<std::uint8_t> out);

private:
    void across(const std::uint8_t* samples, std::span<float> out) const;
    std::span<float> kept(std::int64_t row);

    const TapTable& columns_;
    const TapTable& rows_;
    std::int64_t first_column_;
    std::int64_t next_;           // the row of the source that was not asked for yet
    std::size_t ring_;            // rows that are kept
    std::vector<float> kept_;     // colours premultiplied by alpha from 0 to 1, and alpha
    std::vector<char> is_shown_;  // of the rows that are kept
    std::vector<float> sums_;     // of a row of the result
};

}  // namespace offgrid
