#pragma once

#include "formats/gpkg/matrix_set.h"
#include "formats/sqlite/sqlite.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::gpkg {

/// "GPKG" and version 1.3.0 in the header of the file (12-128r17, requirement 2).
inline constexpr const char* header_pragmas =
    "PRAGMA application_id=0x47504B47;"
    "PRAGMA user_version=10300;";

/// The tables of a GeoPackage with tiles (12-128r17, annex C); that of the tiles has a name of its
/// own.
inline constexpr const char* core_ddl =
    "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY,"
    " organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL,"
    " definition TEXT NOT NULL, description TEXT);"
    "CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,"
    " identifier TEXT UNIQUE, description TEXT DEFAULT '',"
    " last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),"
    " min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,"
    " CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));"
    "CREATE TABLE gpkg_tile_matrix_set (table_name TEXT NOT NULL PRIMARY KEY,"
    " srs_id INTEGER NOT NULL, min_x DOUBLE NOT NULL, min_y DOUBLE NOT NULL,"
    " max_x DOUBLE NOT NULL, max_y DOUBLE NOT NULL,"
    " CONSTRAINT fk_gtms_table_name FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),"
    " CONSTRAINT fk_gtms_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));"
    "CREATE TABLE gpkg_tile_matrix (table_name TEXT NOT NULL, zoom_level INTEGER NOT NULL,"
    " matrix_width INTEGER NOT NULL, matrix_height INTEGER NOT NULL,"
    " tile_width INTEGER NOT NULL, tile_height INTEGER NOT NULL,"
    " pixel_x_size DOUBLE NOT NULL, pixel_y_size DOUBLE NOT NULL,"
    " CONSTRAINT pk_ttm PRIMARY KEY (table_name, zoom_level),"
    " CONSTRAINT fk_tmm_table_name FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name));";

/// Only in a file that uses one.
inline constexpr const char* extensions_ddl =
    "CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT,"
    " extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,"
    " CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));";

/// The columns of a table of tiles; its constraint is the index by which a tile is found.
inline constexpr std::string_view tiles_columns =
    "(id INTEGER PRIMARY KEY AUTOINCREMENT, zoom_level INTEGER NOT NULL,"
    " tile_column INTEGER NOT NULL, tile_row INTEGER NOT NULL, tile_data BLOB NOT NULL,"
    " UNIQUE (zoom_level, tile_column, tile_row))";

/// The name as SQL quotes it.
std::string quoted_name(std::string_view table);

/// What a file says of one of its tile pyramids. A value.
struct Pyramid {
    std::string table{};
    std::string identifier{};
    std::string description{};
    std::string reference{};       ///< authority and code, for example `EPSG:3857`
    MatrixSet set{};               ///< of the zooms that have tiles
    std::optional<Box> content{};  ///< what the tiles show, as far as the file says it
};

/// The tables of tiles in the file, sorted; empty when it has features or attributes only. Reads
/// base tables alone, never a view. Throws `corrupt` for a database that is no GeoPackage,
/// `too_large` for more than 1000 tables.
std::vector<std::string> tile_tables(sqlite::Db& db);

/// The pyramid in the table; with an empty name, that of the only table of tiles.
///
/// Throws `not_found` when there is none of that name, `invalid_argument` when several are meant,
/// both listing those there are; `corrupt` for tables with other columns, for one in which no index
/// finds a tile, and for numbers that describe no tiles.
Pyramid read_pyramid(sqlite::Db& db, const std::string& table);

}  // namespace offgrid::gpkg
