#pragma once

#include "formats/image/image.h"

#include <cstdint>
#include <span>
#include <vector>

namespace offgrid {

/// The samples of one axis that make one row or column of the result. A value.
struct Taps {
    std::int64_t first = 0;  ///< index of the first sample
    int count = 0;           ///< 0: the position lies outside the source
    /// Sum to 256, so that products of 8-bit samples fit 16 bits.
    std::uint16_t weights[6] = {};
};

/// How the positions of one axis are made from samples by bilinear interpolation; where the source
/// is finer than the result the triangle is widened, so that every sample counts. A value.
///
/// `positions` are in samples from the edge of the first one (its centre is 0.5); `size` is the
/// number of samples. A position outside [0, size) gets no taps. REQUIRES: neighbouring positions
/// are less than 2.4 samples apart.
std::vector<Taps> bilinear_taps(std::span<const double> positions, std::int64_t size);

/// Colours multiplied by alpha, in place, as they must be to be averaged; and back.
void premultiply(Image& image);
void unpremultiply(std::uint8_t* rgba, int width);

/// A stretch of a source in memory: where its first pixel lies in the source, and its pixels,
/// premultiplied.
struct Window {
    std::int64_t x = 0;
    std::int64_t y = 0;
    Image pixels;
};

/// One row of the result: `rows` say which rows of the window make it, `columns` which columns make
/// each of its pixels. `scratch` is working memory. REQUIRES: the window holds every sample of the
/// taps.
void resample_row(const Window& window, const Taps& rows, std::span<const Taps> columns,
                  std::vector<std::uint8_t>& scratch, std::uint8_t* out);

/// The colour at a position in source pixels (the centre of the first is 0.5), bilinear. Samples
/// beyond the window are those at its edge.
std::uint32_t sample_bilinear(const Window& window, double x, double y);

/// The pixel that holds a position. REQUIRES: it lies in the window.
std::uint32_t sample_nearest(const Window& window, double x, double y);

/// Lay a row, which is changed for it when it is premultiplied, over another that is not.
void lay_over(std::span<std::uint8_t> top, bool is_premultiplied, std::uint8_t* bottom);

/// One pixel, near the middle, of each cell of `x_factor` by `y_factor` pixels, or of what the
/// right or lower edge leaves of it. REQUIRES: factors from 1 to 2^22.
Image picked(const Image& image, int x_factor, int y_factor);

/// The mean of each cell of `x_factor` by `y_factor` pixels, weighted by alpha; the image is
/// premultiplied or opaque. A cell that the right or lower edge cuts is the mean of the pixels that
/// it has. REQUIRES: factors from 1 to 2^22.
Image box_reduced(const Image& image, int x_factor, int y_factor);

}  // namespace offgrid
