#include "formats/image/decode.h"

#include "formats/base/error.h"
#include "formats/image/decode_rows.h"
#include "formats/tile/tile_format.h"

#include <webp/decode.h>

namespace offgrid {
namespace {

/// Whether the caller wants the whole image. The rows of a format that is decoded at once are asked
/// for afterwards.
bool passes(const Image& image, GoesOn goes_on) {
    for (int y = 0; goes_on != nullptr && y < image.height; ++y) {
        if (!goes_on(image, y)) {
            return false;
        }
    }
    return true;
}

std::optional<Image> decode_webp(BytesView tile, GoesOn goes_on, int max_side) {
    WebPBitstreamFeatures features{};
    if (WebPGetFeatures(tile.data(), tile.size(), &features) != VP8_STATUS_OK) {
        throw Error{Errc::corrupt, "cannot decode WebP: it is damaged or ends early"};
    }
    if (features.has_animation != 0) {
        throw Error{Errc::unsupported, "cannot decode WebP: it is an animation"};
    }
    if (features.width > max_side || features.height > max_side) {
        throw Error{Errc::too_large,
                    fmt::format("cannot decode WebP: {} by {} pixels are more than {} across",
                                features.width, features.height, max_side)};
    }
    Image image{features.width, features.height};
    if (WebPDecodeRGBAInto(tile.data(), tile.size(), image.rgba.data(), image.rgba.size(),
                           static_cast<int>(image.stride())) == nullptr) {
        throw Error{Errc::corrupt, "cannot decode WebP: it is damaged or ends early"};
    }
    return passes(image, goes_on) ? std::optional{std::move(image)} : std::nullopt;
}

}  // namespace

std::optional<Image> decode_rows(BytesView tile, TileFormat format, GoesOn goes_on, int max_side) {
    switch (format) {
        case TileFormat::jpeg:
            return decode_jpeg(tile, goes_on, max_side);
        case TileFormat::png:
            return decode_png(tile, goes_on, max_side);
        case TileFormat::webp:
            return decode_webp(tile, goes_on, max_side);
        case TileFormat::pbf:
            break;
    }
    throw Error{Errc::unsupported, "cannot decode a tile that is no JPEG, PNG or WebP"};
}

Image decode_tile(BytesView tile, int max_side) {
    // What is no known format gets the answer for what is no image.
    return *decode_rows(tile, sniff_format(tile).value_or(TileFormat::pbf), nullptr, max_side);
}

}  // namespace offgrid
