#pragma once

#include "formats/tile/key.h"

#include <algorithm>
#include <cstdint>

namespace offgrid {

/// A rectangle of tiles of one zoom, half-open: columns [min_x, max_x), rows [min_y, max_y) from
/// the north. A value.
struct TileRange {
    int z = 0;
    std::int64_t min_x = 0;
    std::int64_t min_y = 0;
    std::int64_t max_x = 0;
    std::int64_t max_y = 0;

    bool is_empty() const { return min_x >= max_x || min_y >= max_y; }

    bool contains(const TileKey& key) const {
        return key.z == z && key.x >= min_x && key.x < max_x && key.y >= min_y && key.y < max_y;
    }

    std::int64_t count() const { return is_empty() ? 0 : (max_x - min_x) * (max_y - min_y); }

    friend bool operator==(const TileRange&, const TileRange&) = default;
};

/// The tiles in both ranges. REQUIRES: the same zoom.
inline TileRange intersection(const TileRange& a, const TileRange& b) {
    return {a.z, std::max(a.min_x, b.min_x), std::max(a.min_y, b.min_y), std::min(a.max_x, b.max_x),
            std::min(a.max_y, b.max_y)};
}

/// The tiles `levels` zooms further down that the range covers, in a grid whose resolutions halve.
inline TileRange descendants(const TileRange& range, int levels) {
    return {range.z + levels, range.min_x << levels, range.min_y << levels, range.max_x << levels,
            range.max_y << levels};
}

}  // namespace offgrid
