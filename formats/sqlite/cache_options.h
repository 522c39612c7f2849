#pragma once

#include "formats/tile/path_template.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::sqlite {

/// The tables of a cache in SQLite files. Those of MBTiles say how a new file is made: one that is
/// there is read, and written where that is possible, as its own tables want it.
///
/// Rows count from the grid's origin in `tiles` and `mbtiles`, as MapCache writes them, and from
/// the south in the others, as MBTiles wants it: on a grid that starts at the top, other programs
/// see MapCache's MBTiles upside down.
enum class CacheSchema {
    tiles,           ///< MapCache `sqlite3`: one table for all tilesets, grids and dimensions
    mbtiles,         ///< MapCache `mbtiles`: `images`, `map` and the view `tiles`
    mbtiles_flat,    ///< one table `tiles` (MBTiles 1.3)
    mbtiles_hashed,  ///< one table `tiles_with_hash`, with the MD5 of each tile, and the view
                     ///< `tiles` (martin "flat-with-hash")
    mbtiles_dated,   ///< one table `tiles`, and `tiles_metadata` with the time of each tile
                     ///< (GeoWebCache)
};

/// The statements of a cache. An empty one is that of the schema.
///
/// Parameters: `:x :y :z :inv_x :inv_y :dim :grid :tileset :data`, y and inv_y as MapCache counts
/// them, from the grid's origin and from the other side. `get` returns the content and, if it
/// likes, the time of the last change in seconds since 1970. Without a statement for `exists`, a
/// given `get` answers that too. `create` runs each time a file is opened for writing, so it must
/// bear that; never for reading.
///
/// The statements are the operator's and run as they are, with the views and triggers of the file.
struct CacheQueries {
    std::string create{};
    std::string exists{};
    std::string get{};
    std::string set{};
    std::string erase{};
};

/// A cache in one SQLite file, or in many named by a template (MapCache `sqlite3` and `mbtiles`).
struct CacheOptions {
    std::string name{};  ///< of the cache, for messages
    CacheSchema schema = CacheSchema::tiles;
    std::string file{};          ///< a PathTemplate
    PathTemplateOptions path{};  ///< xcount, ycount, top and formats of `file`
    CacheQueries queries{};
    std::vector<std::pair<std::string, std::string>> pragmas{};  ///< in the order they are set
    bool counts_from_south = false;  ///< rows, whatever schema and grid: of an MBTiles file that is
                                     ///< no cache of MapCache's
    bool marks_blank = false;  ///< a tile of one colour is stored as five bytes (BlankColour); not
                               ///< in MBTiles, where other programs expect images

    /// Of `mbtiles_dated`: whether the time of each tile is kept, and told to readers. A tile
    /// without one is as old as its file.
    bool keeps_times = true;
    /// Of `mbtiles_dated`: name and value of each row of `metadata` that a new file gets beside
    /// `minzoom` and `maxzoom`, which follow its tiles.
    std::vector<std::pair<std::string, std::string>> metadata{};

    std::chrono::milliseconds read_timeout{5'000};    ///< how long a reader waits for locks
    std::chrono::milliseconds write_timeout{30'000};  ///< how long a writer or a scan does
};

}  // namespace offgrid::sqlite
