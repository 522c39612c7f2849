#include "formats/image/blank.h"

#include "formats/base/error.h"
#include "formats/image/decode_rows.h"
#include "formats/image/png.h"
#include "formats/tile/tile_format.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace offgrid {
namespace {

constexpr std::uint8_t mark = '#';

/// The colour of a pixel of an Image. Rounds as MapCache does: a product of 8-bit numbers divided
/// by 255, without the division.
BlankColour colour_of(const std::uint8_t* rgba) noexcept {
    const unsigned alpha = rgba[3];
    const auto premultiplied = [&](unsigned channel) {
        const unsigned product = alpha * channel + 128;
        return static_cast<std::uint8_t>((product + (product >> 8)) >> 8);
    };
    return {{premultiplied(rgba[2]), premultiplied(rgba[1]), premultiplied(rgba[0]), rgba[3]}};
}

/// Whether all pixels of the row have the colour of the pixel. Different pixels may: where alpha is
/// low, premultiplied colours fall together, and where it is 0, all do.
bool has_colour_of(const std::uint8_t* row, int width, const std::uint8_t* pixel) noexcept {
    const auto colour = colour_of(pixel);
    for (int x = 0; x < width; ++x, row += 4) {
        if (std::memcmp(row, pixel, 4) != 0 && colour_of(row) != colour) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::optional<BlankColour> blank_colour_of(const ImageView& image) {
    if (image.width <= 0 || image.height <= 0) {
        return std::nullopt;
    }
    for (int y = 0; y < image.height; ++y) {
        if (!has_colour_of(image.row(y), image.width, image.first)) {
            return std::nullopt;
        }
    }
    return colour_of(image.first);
}

std::optional<BlankColour> blank_colour_of(BytesView tile) {
    const auto format = sniff_format(tile);
    if (!format || *format == TileFormat::pbf) {
        return std::nullopt;
    }
    try {
        // A tile that is not blank shows it in its first rows, mostly.
        const auto image = decode_rows(tile, *format, [](const Image& rows, int y) noexcept {
            return has_colour_of(rows.row(y), rows.width, rows.rgba.data());
        });
        return image ? std::optional{colour_of(image->rgba.data())} : std::nullopt;
    } catch (const Error& error) {
        if (error.code() == Errc::unsupported || error.code() == Errc::too_large) {
            return std::nullopt;
        }
        throw;
    }
}

Bytes blank_mark(const BlankColour& colour) {
    return {mark, colour.bgra[0], colour.bgra[1], colour.bgra[2], colour.bgra[3]};
}

std::optional<BlankColour> match_blank_mark(BytesView stored) {
    if (stored.size() != 5 || stored[0] != mark) {
        return std::nullopt;
    }
    return BlankColour{{stored[1], stored[2], stored[3], stored[4]}};
}

Bytes blank_png(const BlankColour& colour, int width, int height) {
    assert(width > 0 && height > 0);
    const auto& [blue, green, red, alpha] = colour.bgra;
    const auto unmultiplied = [divisor = unsigned{alpha}](unsigned channel) -> std::uint8_t {
        // A colour that is larger than its alpha comes from a damaged store.
        return divisor == 0 ? std::uint8_t{0}
                            : static_cast<std::uint8_t>(
                                  std::min(255U, (channel * 255 + divisor / 2) / divisor));
    };
    return encode_one_colour_png(
        {unmultiplied(red), unmultiplied(green), unmultiplied(blue), alpha}, width, height);
}

}  // namespace offgrid
