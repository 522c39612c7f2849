#pragma once

#include "formats/tile/key.h"

#include <cstdint>

namespace offgrid::pmtiles {

/// The deepest zoom whose ids have 64 bits.
inline constexpr int max_zoom = 31;

/// The id of the first tile of a zoom: how many tiles all zooms above have. REQUIRES: 0 <= z <= 32.
constexpr std::uint64_t first_id_of(int z) {
    constexpr auto ones = ~std::uint64_t{0} / 3;  // every other bit
    return z == 0 ? 0 : ones >> (64 - 2 * z);
}

/// Behind the last id that a tile can have.
inline constexpr std::uint64_t end_of_ids = first_id_of(max_zoom + 1);

/// The place of the tile on the Hilbert curves of all zooms, one after the other (PMTiles v3,
/// "Entries"). REQUIRES: a tile of the square of its zoom, which is at most `max_zoom`.
std::uint64_t hilbert_id(const TileKey& key);

/// The reverse. REQUIRES: id < end_of_ids.
TileKey key_of(std::uint64_t id);

/// The zoom of an id. REQUIRES: id < end_of_ids.
int zoom_of(std::uint64_t id);

}  // namespace offgrid::pmtiles
