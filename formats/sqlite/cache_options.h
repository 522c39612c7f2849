#pragma once

#include "formats/tile/path_template.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::sqlite {

/// The tables of a cache in SQLite files.
enum class CacheSchema {
    tiles,           ///< MapCache `sqlite3`: one table for all tilesets, grids and dimensions
    mbtiles,         ///< MapCache `mbtiles`: `images`, `map` and the view `tiles`
    mbtiles_flat,    ///< one table `tiles` (MBTiles 1.3)
    mbtiles_hashed,  ///< `tiles_shallow` and `tiles_data` by a hash of the content, and the view
                     ///< `tiles`
};

/// The statements of a cache. An empty one is that of the schema.
///
/// Parameters: `:x :y :z :inv_x :inv_y :dim :grid :tileset :data`, y and inv_y as MapCache counts
/// them, from the grid's origin and from the other side. `get` returns the content and, if it
/// likes, the time of the last change in seconds since 1970.
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
    bool marks_blank = false;  ///< a tile of one colour is stored as five bytes (BlankColour)
};

}  // namespace offgrid::sqlite
