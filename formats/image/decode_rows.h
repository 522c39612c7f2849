#pragma once

#include "formats/base/bytes.h"
#include "formats/image/decode.h"
#include "formats/image/image.h"
#include "formats/tile/tile_format.h"

#include <optional>

namespace offgrid {

/// Asked after each row of an image has been decoded, from the top; false ends the decoding. Must
/// not throw: the rows of a JPEG come from C.
using GoesOn = bool (*)(const Image& image, int row) noexcept;

/// The pixels of a tile, for what decode_tile throws; nothing once `goes_on`, which may be null,
/// says no. What comes after that row is not looked at, so damage there is not noticed.
std::optional<Image> decode_rows(BytesView tile, TileFormat format, GoesOn goes_on,
                                 int max_side = max_tile_pixels);

std::optional<Image> decode_jpeg(BytesView tile, GoesOn goes_on, int max_side);
std::optional<Image> decode_png(BytesView tile, GoesOn goes_on, int max_side);

}  // namespace offgrid
