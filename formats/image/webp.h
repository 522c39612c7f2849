#pragma once

#include "formats/base/bytes.h"
#include "formats/image/image.h"

namespace offgrid {

/// Writes WebP (RFC 9649), lossy, `quality` counts from 1 to 100; alpha is kept as it is.
/// `coverage` is what `coverage_of` says of the image. Throws `io` when the codec fails: for more
/// than 16383 pixels across, for one.
Bytes encode_webp(const ImageView& image, Coverage coverage, int quality);

/// The same, lossless but for the colour of transparent pixels.
Bytes encode_lossless_webp(const ImageView& image, Coverage coverage);

}  // namespace offgrid
