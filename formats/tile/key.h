#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace offgrid {

/// The address of a tile in a grid. A value.
///
/// `z` is the zoom level, 0 the coarsest. `x` counts columns from the west, `y` counts rows from
/// the NORTH, in every part of the program; a format that counts from the south (MBTiles, TMS,
/// MapCache) converts at its own edge with `Grid::flip`.
struct TileKey {
    int z = 0;
    std::int64_t x = 0;
    std::int64_t y = 0;

    friend auto operator<=>(const TileKey&, const TileKey&) = default;
};

/// The tile one level up that covers this one, in a grid whose resolutions halve. REQUIRES: z > 0.
constexpr TileKey parent_of(const TileKey& key) {
    return {key.z - 1, key.x / 2, key.y / 2};
}

}  // namespace offgrid

template <>
struct std::hash<offgrid::TileKey> {
    std::size_t operator()(const offgrid::TileKey& key) const noexcept {
        auto mixed = static_cast<std::uint64_t>(key.z);
        for (const auto part : {key.x, key.y}) {
            mixed = (mixed ^ static_cast<std::uint64_t>(part)) * 0x9E3779B97F4A7C15U;
            mixed ^= mixed >> 32;
        }
        return mixed;
    }
};
