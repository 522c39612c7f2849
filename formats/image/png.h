#pragma once

#include "formats/base/bytes.h"
#include "formats/image/image.h"
#include "formats/image/palette_image.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

struct libdeflate_compressor;

namespace offgrid {

struct FreeCompressor {
    void operator()(libdeflate_compressor* compressor) const noexcept;
};

/// A PNG whose pixels all have the one colour (red, green, blue, alpha): a palette of one entry and
/// a bit a pixel. REQUIRES: a width and a height above 0.
Bytes encode_one_colour_png(const std::array<std::uint8_t, 4>& rgba, int width, int height);

/// Writes PNG (ISO/IEC 15948): 8 bits of grey or true colour, with alpha only where a pixel is not
/// opaque; or a palette.
///
/// Several times faster than libpng at the same size: only the filters None, Sub and Up, which
/// vectorise, and libdeflate on the whole image at once. Owns the compressor's memory. One thread
/// at a time.
class PngEncoder {
public:
    PngEncoder();

    /// `coverage` is what `coverage_of` says of the image.
    Bytes encode(const ImageView& image, Coverage coverage);

    /// With as few bits a pixel as the colours need: 1, 2, 4 or 8.
    Bytes encode(const PaletteImage& image);

private:
    std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor_;
    std::vector<std::uint8_t>
        rows_[2];  // the row before and this one, without the alpha that is not written
    std::vector<std::uint8_t> trials_[2];  // this row through Sub and Up
    std::vector<std::uint8_t> filtered_;   // all rows, each with its filter type in front
};

}  // namespace offgrid
