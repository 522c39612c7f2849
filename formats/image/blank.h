#pragma once

#include "formats/base/bytes.h"
#include "formats/image/image.h"

#include <array>
#include <cstdint>
#include <optional>

namespace offgrid {

/// The colour of a tile that has only one, as MapCache stores it: the bytes blue, green, red, alpha
/// with the colour premultiplied by alpha. A value.
struct BlankColour {
    std::array<std::uint8_t, 4> bgra{};

    bool is_transparent() const { return bgra[3] == 0; }

    friend bool operator==(const BlankColour&, const BlankColour&) = default;
};

/// The one colour of the image, or nothing when it has several or no pixels. Pixels that are the
/// same once premultiplied count as one colour, all transparent ones among them (MapCache).
std::optional<BlankColour> blank_colour_of(const ImageView& image);

/// The one colour of an encoded tile; nothing when it has several, and for what decode_tile does
/// not read. Cheap for most tiles that are not blank: JPEG and PNG are decoded up to the first row
/// with a second colour.
///
/// Throws `corrupt` for an image that is damaged before that row.
std::optional<BlankColour> blank_colour_of(BytesView tile);

/// The five bytes that stand for a blank tile in a store: `#`, blue, green, red, alpha.
Bytes blank_mark(const BlankColour& colour);

/// The colour for which the bytes stand, or nothing when they are a tile. Exactly five bytes: a
/// payload of another length that happens to start with `#` is itself.
std::optional<BlankColour> match_blank_mark(BytesView stored);

/// The blank tile as an image: a PNG of one palette entry with the colour no longer premultiplied,
/// which MapCache forgets. No larger than MapCache's. REQUIRES: a width and a height above 0.
Bytes blank_png(const BlankColour& colour, int width, int height);

}  // namespace offgrid
