#pragma once

#include <filesystem>
#include <string>

namespace offgrid {

/// How a folder of tiles names them. Rows count from the grid's origin, as in MapCache.
enum class DiskLayout {
    tilecache,   ///< BASE/TILESET/GRID[/DIM…]/ZZ/xxx/xxx/xxx/yyy/yyy/yyy.EXT (MapCache's default)
    arcgis,      ///< BASE/TILESET/GRID[/DIM…]/LZZ/Ryyyyyyyy/Cxxxxxxxx.EXT, lower-case hexadecimal
    worldwind,   ///< BASE/Z/yyyy/yyyy_xxxx.EXT: no tileset, grid or dimension, so tilesets collide
    by_template  ///< as a PathTemplate says: {z} {x} {y} or {inv_z} {inv_x} {inv_y}, and texts
};

/// A folder of tiles, one file each (MapCache `disk`).
///
/// In the fixed layouts each value of a dimension is a folder, the last that is declared first.
struct DiskOptions {
    std::string name{};  ///< of the cache, for messages; empty: the path tells enough
    DiskLayout layout = DiskLayout::tilecache;
    std::filesystem::path base{};  ///< of all layouts but `by_template`
    std::string path_template{};   ///< of `by_template`
    bool symlinks_blank = false;   ///< a tile of one colour is a link to one file for that colour:
                                   ///< BASE/TILESET/GRID/blanks/BBGGRRAA.EXT. Not in `by_template`,
                                   ///< as in MapCache: there such a tile is stored like any other
    bool leaves_out_blank = false;  ///< a fully transparent tile is not stored
    int creation_retry = 0;         ///< how often a file is tried again after its folder vanished
};

}  // namespace offgrid
