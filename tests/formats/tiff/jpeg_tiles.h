#pragma once

#include "formats/base/bytes.h"
#include "formats/image/image.h"
#include "formats/image/jpeg.h"

#include <array>
#include <cstdint>

namespace offgrid::test {

using Rgb = std::array<std::uint8_t, 3>;

/// An image of one colour.
Image plain(const Rgb& colour, int size = 256);

/// A tile of one colour in JPEG, with all its tables.
Bytes jpeg_tile(const Rgb& colour, JpegColour layout = JpegColour::ycbcr_420, int size = 256);

/// The colour in the middle of a tile.
Rgb colour_in(BytesView tile);

/// A JPEG tile with a comment of any length, and the comment in it.
Bytes jpeg_with_comment(BytesView comment);
Bytes comment_in(BytesView jpeg);

}  // namespace offgrid::test
