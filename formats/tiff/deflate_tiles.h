#pragma once

#include "formats/base/bytes.h"
#include "formats/image/image.h"

#include <cstddef>
#include <span>
#include <vector>

namespace offgrid::tiff {

/// The bytes as a zlib stream. Throws `too_large` without memory.
Bytes deflate(BytesView bytes);

/// Each image as a tile of TIFF in RGBA: each row as differences (Predictor 2, which the images
/// hold afterwards), in a zlib stream (Compression 8). The same images give the same bytes,
/// whatever the number of threads. Throws `too_large` without memory.
std::vector<Bytes> deflate_tiles(std::span<Image> images, int threads);

/// How the pixels of a tile are in a zlib stream. A value.
struct DeflatedPixels {
    int size = 0;             ///< pixels, both ways
    std::size_t samples = 0;  ///< 3: RGB, 4: RGBA
    bool has_differences = false;
};

/// The image in a tile. Throws `corrupt` for a stream that is damaged or of another length.
Image inflate_tile(BytesView stream, const DeflatedPixels& pixels);

}  // namespace offgrid::tiff
