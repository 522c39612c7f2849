#pragma once

#include "formats/base/bytes.h"
#include "formats/image/image.h"

namespace offgrid {

/// A tile larger than this, either way, is not decoded: a few bytes can claim to be gigapixels.
inline constexpr int max_tile_pixels = 8192;

/// The pixels of a tile: PNG and WebP of any colour type, JPEG in grey, YCbCr or RGB. 16-bit
/// samples lose their lower half.
///
/// Throws `unsupported` for any other format (vector tiles, CMYK, animations), `too_large` beyond
/// `max_side` pixels either way, before anything is decoded, `corrupt` for a tile that is damaged
/// or ends early. Safe for concurrent use.
Image decode_tile(BytesView tile, int max_side = max_tile_pixels);

}  // namespace offgrid
