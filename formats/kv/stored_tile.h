#pragma once

#include "formats/kv/tile_keys.h"
#include "formats/store/tile_store.h"

#include <chrono>
#include <optional>
#include <string_view>

namespace offgrid {

/// The value of a tile in a key-value store, as MapCache lays it out: the image, or the five bytes
/// of a blank tile (formats/image/blank.h), and 8 bytes of time, here the present: microseconds
/// since 1970 in the byte order of the machine. Throws `invalid_argument`, naming cache and tile,
/// for an empty tile.
Bytes stored_value(BytesView content, const TileKeys& keys, const TileKey& tile);

/// What such a value says. Borrows the value. One thread at a time.
class StoredTile {
public:
    /// Throws `corrupt`, naming cache and tile, when the value is too short to hold a tile. The
    /// image of a blank tile is as large as the tiles of the grid.
    StoredTile(BytesView value, const TileKeys& keys, const TileKey& tile);

    BytesView content() const { return blank_ ? BytesView{*blank_} : content_; }

    /// Bytes as they are stored, without the time.
    std::size_t stored_bytes() const { return content_.size(); }

    /// Nothing when the time is none that a clock shows.
    std::optional<std::chrono::system_clock::time_point> modified() const;

    /// A copy that lives on its own.
    Tile tile() const { return {{content().begin(), content().end()}, modified()}; }

private:
    BytesView content_;
    std::int64_t microseconds_ = 0;
    std::optional<Bytes> blank_;
};

}  // namespace offgrid
