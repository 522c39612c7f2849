#include "pack/store_blocks.h"

#include "formats/base/error.h"
#include "formats/image/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace offgrid {
namespace {

PixelBlocks::Shape shape_of(const StoreLevel& level) {
    const auto& [range, pixels] = std::tie(level.range, level.tile_pixels);
    return {.width = static_cast<int>((range.max_x - range.min_x) * pixels),
            .height = static_cast<int>((range.max_y - range.min_y) * pixels),
            .block_width = pixels,
            .block_height = pixels};
}

Image decode(const Bytes& content, int pixels) {
    auto image = decode_tile(content);
    if (image.width != pixels || image.height != pixels) {
        throw Error{Errc::corrupt, fmt::format("has {} by {} pixels, others have {}", image.width,
                                               image.height, pixels)};
    }
    return image;
}

}  // namespace

StoreBlocks::StoreBlocks(std::shared_ptr<const TileReader> reader, const StoreLevel& level,
                         Requests* requests)
    : reader_{std::move(reader)}, level_{level}, requests_{requests}, shape_{shape_of(level)} {}

PixelBlocks::Block StoreBlocks::read(int column, int row) const {
    const auto& range = level_.range;
    const TileKey key{range.z, range.min_x + column, range.min_y + row};
    try {
        const auto get = [&] { return reader_->get(key); };
        const auto tile = requests_ != nullptr ? requests_->make(get) : get();
        if (!tile) {
            return nullptr;
        }
        auto image = decode(tile->content, level_.tile_pixels);
        hide_rest(image.rgba, column, row);
        return std::make_shared<const Bytes>(std::move(image.rgba));
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        rethrow_with(error, "tile {}/{}/{}", key.z, key.x, key.y);
    }
}

/// Make transparent what is not to be shown of a tile.
void StoreBlocks::hide_rest(Bytes& rgba, int column, int row) const {
    if (!level_.shown) {
        return;
    }
    const int size = level_.tile_pixels;
    const auto within = [&](int edge, int first) {
        return static_cast<std::size_t>(
            std::clamp<std::int64_t>(std::int64_t{edge} - std::int64_t{first} * size, 0, size));
    };
    const auto left = within(level_.shown->min_x, column);
    const auto right = std::max(left, within(level_.shown->max_x, column));
    const auto top = within(level_.shown->min_y, row);
    const auto bottom = within(level_.shown->max_y, row);
    const auto width = static_cast<std::size_t>(size);
    for (std::size_t y = 0; y < width; ++y) {
        auto* const line = rgba.data() + 4 * width * y;
        if (y < top || y >= bottom) {
            std::memset(line, 0, 4 * width);
        } else {
            std::memset(line, 0, 4 * left);
            std::memset(line + 4 * right, 0, 4 * (width - right));
        }
    }
}

}  // namespace offgrid
