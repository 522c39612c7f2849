#include "pack/inspect/content_check.h"

#include "formats/base/error.h"
#include "formats/image/blank.h"
#include "formats/image/decode.h"

#include <fmt/format.h>

namespace offgrid {
namespace {

/// A store that keeps blank tiles as a colour gives them as PNG, whatever its format (MapCache).
bool is_blank_png(TileFormat format, BytesView tile) {
    return format == TileFormat::png && blank_colour_of(tile).has_value();
}

}  // namespace

std::optional<std::string> ContentCheck::problem(BytesView tile) const try {
    if (tile.empty()) {
        return "is empty";
    }
    const auto format = sniff_format(tile);
    if (!format && format_ != TileFormat::pbf) {  // a vector tile need not show what it is
        return format_ ? fmt::format("is not {}", extension_of(*format_)) : "is no image";
    }
    if (format && format_ && format != format_ && !is_blank_png(*format, tile)) {
        return fmt::format("is {}, not {}", extension_of(*format), extension_of(*format_));
    }
    const bool is_image = format && format != TileFormat::pbf;
    return depth_ == Depth::pixels && is_image ? problem_of_pixels(tile) : std::nullopt;
} catch (const Error& error) {
    return error.what();
}

std::optional<std::string> ContentCheck::problem_of_pixels(BytesView tile) const {
    const auto image = decode_tile(tile);
    if (image.width != tile_size_ || image.height != tile_size_) {
        return fmt::format("has {} by {} pixels, not {} by {}", image.width, image.height,
                           tile_size_, tile_size_);
    }
    return std::nullopt;
}

}  // namespace offgrid
