#pragma once

#include "formats/sqlite/cache_file.h"
#include "formats/sqlite/cache_statement.h"
#include "formats/store/tileset_slice.h"

#include <optional>

namespace offgrid::sqlite {

/// What was put in an MBTiles file since it was opened. A value.
struct MbtilesPuts {
    std::optional<TileFormat> format{};  ///< of the first tile whose bytes show it
    std::optional<TileRange> deepest{};  ///< around the tiles of the deepest zoom
    int min_zoom = 0;                    ///< where there are any

    void add(const TileKey& key, BytesView content);
};

/// Make the table `metadata` say what MBTiles 1.3 wants, section "Metadata": `name` and `format`,
/// `bounds`, `center`, `minzoom`, `maxzoom`, `type`, `version`, and `attribution` and `description`
/// where they are known. What it says already stays, except that zooms and bounds grow with what
/// was put. A file without the table is left as it is.
void update_mbtiles_metadata(CacheFile& file, const CacheSlice& slice, const TilesetSlice& tileset,
                             const MbtilesPuts& puts);

/// Make the rows `minzoom` and `maxzoom` say which zooms the tiles have; 0 and 0 without tiles. A
/// file without the table is left as it is.
void update_zoom_rows(Db& db, MbtilesLayout layout);

/// Let the row `bounds` hold all tiles of the deepest zoom; what it held already it goes on to
/// hold. A file without the table is left as it is, and so is one whose grid is not known in
/// degrees.
void widen_bounds_row(Db& db, MbtilesLayout layout, const Grid& grid);

}  // namespace offgrid::sqlite
