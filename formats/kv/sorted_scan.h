#pragma once

#include "formats/kv/stored_tile.h"
#include "formats/kv/tile_keys.h"
#include "formats/store/tile_store.h"

#include <functional>
#include <optional>
#include <string_view>

namespace offgrid {

/// Ranges of no more tiles than this are asked for tile by tile: cheaper than all keys of a zoom.
inline constexpr std::int64_t range_asked_singly = 1'024;

/// How a store whose keys are sorted is walked: calls `consume` with each key and value from the
/// key `from` on, until it answers false or there are no more. Both are valid for the call only.
using ConsumeEntry = std::function<bool(std::string_view key, BytesView value)>;
using WalkEntries = std::function<void(std::string_view from, const ConsumeEntry& consume)>;

/// Visit the tiles of the range among the keys, each of which ends in NUL: row by row in a small
/// range, else in the order of the keys. Keys of others are passed over. No walk is under way while
/// the visitor is called, so it may use the same store.
void scan_sorted(const TileKeys& keys, const TileRange& range, const WalkEntries& walk,
                 const std::function<void(const TileKey&, const StoredTile&)>& visit);

}  // namespace offgrid
