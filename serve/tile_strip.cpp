#include "serve/tile_strip.h"

#include "formats/base/error.h"
#include "formats/image/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace offgrid {
namespace {

/// Some stores hold tiles of twice the pixels for screens of high resolution.
constexpr int largest_scale = 2;

}  // namespace

TileStrip::TileStrip(const Layer& layer, const TileRange& tiles)
    : layer_{layer},
      tiles_{tiles},
      side_{layer.info().grid->tile_size()},
      pixels_{static_cast<int>(tiles.max_x - tiles.min_x) * side_, side_} {}

const std::uint8_t* TileStrip::row(std::int64_t y) {
    const auto tile_row = y / side_;
    if (tile_row != loaded_) {
        load(tile_row);
    }
    return is_empty_ ? nullptr : pixels_.row(static_cast<int>(y % side_));
}

void TileStrip::load(std::int64_t tile_row) {
    loaded_ = -1;
    if (!is_empty_) {
        std::ranges::fill(pixels_.rgba, std::uint8_t{0});
        is_empty_ = true;
    }
    for (auto x = tiles_.min_x; x < tiles_.max_x; ++x) {
        const TileKey key{tiles_.z, x, tiles_.min_y + tile_row};
        try {
            const auto tile = layer_.tiles->get(key);
            if (tile && !tile->content.empty()) {
                place(pixels_of(tile->content), x - tiles_.min_x);
            }
        } catch (const Error& error) {
            rethrow_with(error, "layer '{}', tile {}/{}/{}", layer_.id, key.z, key.x, key.y);
        }
    }
    loaded_ = tile_row;
}

void TileStrip::place(const ImageView& tile, std::int64_t column) {
    const auto offset = 4 * static_cast<std::size_t>(column) * static_cast<std::size_t>(side_);
    for (int y = 0; y < side_; ++y) {
        std::memcpy(pixels_.row(y) + offset, tile.row(y), 4 * static_cast<std::size_t>(side_));
    }
    is_empty_ = false;
}

Image TileStrip::pixels_of(BytesView content) const {
    auto image = decode_tile(content, std::min(largest_scale * side_, max_tile_pixels));
    if (image.width == largest_scale * side_ && image.height == image.width) {
        image = halved(image);
    }
    if (image.width != side_ || image.height != side_) {
        throw Error{Errc::corrupt, fmt::format("{} by {} pixels, while those of the grid have {}",
                                               image.width, image.height, side_)};
    }
    return image;
}

}  // namespace offgrid
