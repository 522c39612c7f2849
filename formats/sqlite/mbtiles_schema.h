#pragma once

#include "formats/sqlite/sqlite.h"

#include <string>

namespace offgrid::sqlite {

/// The tables of an MBTiles file that is written here (MBTiles 1.3; the four objects that MapCache
/// expects, so that it finds what it would create). `tile_id` is the content's hash, so equal tiles
/// are stored once.
///
/// Rowid tables with an index: WITHOUT ROWID reads blobs four times slower.
inline constexpr const char* mbtiles_ddl =
    "PRAGMA application_id=0x4d504258;"  // "MPBX", MBTiles 1.3 section "Database specifications"
    "CREATE TABLE metadata (name text, value text);"
    "CREATE TABLE images (tile_id text, tile_data blob, PRIMARY KEY (tile_id));"
    "CREATE TABLE map (zoom_level integer, tile_column integer, tile_row integer, tile_id text,"
    " PRIMARY KEY (zoom_level, tile_column, tile_row));"
    "CREATE VIEW tiles AS SELECT map.zoom_level AS zoom_level, map.tile_column AS tile_column,"
    " map.tile_row AS tile_row, images.tile_data AS tile_data"
    " FROM map JOIN images ON images.tile_id = map.tile_id;";

/// The base tables that hold the tiles of a file.
enum class MbtilesLayout {
    flat,                ///< one table `tiles`
    map_images,          ///< `map` points into `images`
    map_images_by_zoom,  ///< the same, where an image belongs to a zoom (tippecanoe)
    shallow_data,        ///< `tiles_shallow` points into `tiles_data` (planetiler)
};

/// Recognise the layout by the base tables alone; the view `tiles` of a foreign file is never run.
///
/// Throws `corrupt` for a file that holds no tiles in any of these ways, and for one that carries
/// what no tile store needs: triggers, virtual tables, computed columns. Such a schema can make one
/// look-up cost any time and memory.
MbtilesLayout recognise_mbtiles(Db& db);

/// The table that has a row for each tile: `zoom_level`, `tile_column`, `tile_row`.
std::string_view address_table(MbtilesLayout layout);

/// Look-up of a tile by zoom, column and row from the SOUTH (MBTiles 1.3, "tile_row"): `tile_data`.
std::string select_tile_sql(MbtilesLayout layout);

/// All tiles of zoom ?1, columns ?2..?3 and rows from the south ?4..?5, all inclusive:
/// `zoom_level, tile_column, tile_row, tile_data`, in the order of the index.
std::string select_tiles_sql(MbtilesLayout layout);

/// Every row, also one that points nowhere: `zoom_level, tile_column, tile_row, tile_data`.
std::string select_rows_sql(MbtilesLayout layout);

/// Throws `corrupt` unless an index finds a tile by its address, and no address occurs twice.
/// Without it every look-up reads the whole file.
void check_addresses(Db& db, MbtilesLayout layout);

}  // namespace offgrid::sqlite
