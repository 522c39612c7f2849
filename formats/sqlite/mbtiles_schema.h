#pragma once

#include "formats/sqlite/sqlite.h"
#include "formats/tile/grid.h"

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// The tables of a file that holds each tile in one row (MBTiles 1.3, section "Tiles").
inline constexpr const char* mbtiles_flat_ddl =
    "PRAGMA application_id=0x4d504258;"
    "CREATE TABLE metadata (name text, value text);"
    "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer,"
    " tile_data blob);"
    "CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row);";

/// The same with a hash of each tile, as martin's tool `mbtiles` writes and validates it
/// ("flat-with-hash"): `tile_hash` is the MD5 of `tile_data` in upper-case hex.
inline constexpr const char* mbtiles_flat_with_hash_ddl =
    "PRAGMA application_id=0x4d504258;"
    "CREATE TABLE metadata (name text, value text);"
    "CREATE TABLE tiles_with_hash (zoom_level integer NOT NULL, tile_column integer NOT NULL,"
    " tile_row integer NOT NULL, tile_data blob, tile_hash text);"
    "CREATE UNIQUE INDEX tiles_with_hash_index ON tiles_with_hash"
    " (zoom_level, tile_column, tile_row);"
    "CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row, tile_data"
    " FROM tiles_with_hash;";

/// The time at which each tile was put, in milliseconds since 1970, as GeoWebCache keeps it.
inline constexpr const char* mbtiles_times_ddl =
    "CREATE TABLE IF NOT EXISTS tiles_metadata (zoom_level integer, tile_column integer,"
    " tile_row integer, create_time integer,"
    " CONSTRAINT pk_tiles PRIMARY KEY(zoom_level, tile_column,tile_row));";

/// The tables as GeoWebCache makes them, names of constraints included. Neither it nor anything
/// here writes to `grids` and `grid_data`.
inline constexpr const char* mbtiles_dated_ddl =
    "CREATE TABLE IF NOT EXISTS metadata (name text, value text,"
    " CONSTRAINT pk_metadata PRIMARY KEY(name));"
    "CREATE TABLE IF NOT EXISTS tiles (zoom_level integer, tile_column integer, tile_row integer,"
    " tile_data blob, CONSTRAINT pk_tiles PRIMARY KEY(zoom_level, tile_column,tile_row));"
    "CREATE TABLE IF NOT EXISTS grids (zoom_level integer, tile_column integer, tile_row integer,"
    " grid blob, CONSTRAINT pk_grids PRIMARY KEY(zoom_level, tile_column,tile_row));"
    "CREATE TABLE IF NOT EXISTS grid_data (zoom_level integer, tile_column integer,"
    " tile_row integer, key_name text, key_json text,"
    " CONSTRAINT pk_griddata PRIMARY KEY(zoom_level, tile_column,tile_row,key_name));"
    "CREATE TABLE IF NOT EXISTS tiles_metadata (zoom_level integer, tile_column integer,"
    " tile_row integer, create_time integer,"
    " CONSTRAINT pk_tiles PRIMARY KEY(zoom_level, tile_column,tile_row));";

/// The base tables that hold the tiles of a file.
enum class MbtilesLayout {
    flat,                ///< one table `tiles`
    flat_with_hash,      ///< one table `tiles_with_hash` (martin)
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

/// Columns of a base table. Empty when there is no base table of that name. Throws `corrupt` for
/// one with computed columns.
std::vector<std::string> columns_of(Db& db, std::string_view table);

/// Whether all the names are among the columns.
bool has_columns(const std::vector<std::string>& columns,
                 std::initializer_list<std::string_view> wanted);

/// The table that has a row for each tile: `zoom_level`, `tile_column`, `tile_row`.
std::string_view address_table(MbtilesLayout layout);

/// Look-up of a tile by zoom :z, column :x and row from the SOUTH :y (MBTiles 1.3, "tile_row"), in
/// this order: `tile_data`.
std::string select_tile_sql(MbtilesLayout layout);

/// The same with a second column: when the tile was put, in seconds since 1970, from
/// `tiles_metadata`. Always one row; NULL where there is nothing.
std::string select_dated_tile_sql(MbtilesLayout layout);

/// Whether there is a table `tiles_metadata` as GeoWebCache has it.
bool has_times(Db& db);

/// Look-up of the same: 1 when it has content.
std::string select_presence_sql(MbtilesLayout layout);

/// What a listing says of a tile.
enum class TileColumn { data, size };

/// The columns of `zoom_level`, `tile_column` and `tile_row` as the selects below name them.
inline constexpr std::array<std::string_view, 3> mbtiles_address{"m.zoom_level", "m.tile_column",
                                                                 "m.tile_row"};

/// All tiles of zoom :z: `zoom_level, tile_column, tile_row, tile_data` or its size. Ends with a
/// condition.
std::string select_zoom_sql(MbtilesLayout layout, TileColumn column);

/// All tiles of zoom :z, columns :min_x to :max_x and rows from the south :min_y to :max_y, all
/// inclusive, parameters in this order: `zoom_level, tile_column, tile_row, tile_data`, in the
/// order of the index.
std::string select_tiles_sql(MbtilesLayout layout);

/// Every row, also one that points nowhere: `zoom_level, tile_column, tile_row, tile_data` or its
/// size.
std::string select_rows_sql(MbtilesLayout layout, TileColumn column = TileColumn::data);

/// The lowest and the highest zoom of the tiles, within the grid; 0 and 0 when there are none.
std::pair<int, int> zooms_of_tiles(Db& db, MbtilesLayout layout, const Grid& grid);

/// Throws `corrupt` unless an index finds a tile by its address.
void check_index(Db& db, MbtilesLayout layout);

/// Throws `corrupt` unless an index finds a tile by its address, and no address occurs twice.
/// Without it every look-up reads the whole file.
void check_addresses(Db& db, MbtilesLayout layout);

}  // namespace offgrid::sqlite
