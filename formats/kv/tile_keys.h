#pragma once

#include "formats/store/tileset_slice.h"
#include "formats/tile/path_template.h"

#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// The textual keys under which a key-value store holds the tiles of one slice, exactly as MapCache
/// spells them. Rows count from the grid's origin. Immutable; safe for concurrent use.
class TileKeys {
public:
    /// Keys by the template of a configuration (MapCache: bdb, lmdb), without the NUL that ends
    /// them in the store. Throws `invalid_argument`, naming the cache, when the template gives
    /// several tiles one key, and for a dimension that the slice does not have.
    static TileKeys by_template(const std::string& cache, const std::string& text,
                                const TilesetSlice& slice);

    /// `TILESET/GRID[/DIMENSIONS]/Z/Y/X/EXT` (MapCache: memcache, redis). White space and control
    /// characters in the value of a dimension become `#` where it is the only one.
    static TileKeys slashed(const std::string& cache, const TilesetSlice& slice);

    /// Throws `invalid_argument` for a tile outside the grid.
    std::string of(const TileKey& tile) const;

    /// The tile that has the key; nothing when the key is none of this slice.
    std::optional<TileKey> parse(std::string_view key) const;

    /// What the keys of all tiles of a zoom begin with. REQUIRES: the grid has the zoom.
    std::string prefix(int z) const;

    /// The part of the range that the grid has, empty for a zoom that it does not have.
    TileRange within_grid(const TileRange& range) const;

    const Grid& grid() const { return *grid_; }
    const std::string& cache() const { return cache_; }

private:
    TileKeys(std::string cache, const Grid& grid, PathTemplate keys);

    std::string cache_;
    const Grid* grid_;  // not owned
    PathTemplate keys_;
};

}  // namespace offgrid
