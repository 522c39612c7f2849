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

/// The one colour of the image, or nothing when it has several.
std::optional<BlankColour> blank_colour_of(const ImageView& image);

/// The one colour of an encoded tile; nothing when it has several, and for what is no image.
/// Throws `corrupt` for a damaged image.
std::optional<BlankColour> blank_colour_of(BytesView tile);

/// The five bytes that stand for a blank tile in a store: `#`, blue, green, red, alpha.
Bytes blank_mark(const BlankColour& colour);

/// The colour for which the bytes stand, or nothing when they are a tile. Exactly five bytes: a
/// payload of another length that happens to start with `#` is itself.
std::optional<BlankColour> match_blank_mark(BytesView stored);

/// The blank tile as an image: a PNG of one palette entry with the colour no longer premultiplied,
/// which MapCache forgets.
Bytes blank_png(const BlankColour& colour, int width, int height);

}  // namespace offgrid
