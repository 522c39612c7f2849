#include "formats/gpkg/gpkg_schema.h"

#include "formats/base/error.h"
#include "formats/sqlite/mbtiles_schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace offgrid::gpkg {
namespace {

using sqlite::Db;
using sqlite::Statement;

/// More zooms, or a matrix with more columns, than any grid has.
constexpr std::int64_t max_zoom_level = 99;
constexpr std::int64_t max_side = std::int64_t{1} << 40;
constexpr std::int64_t max_tile_side = 1 << 16;

/// A file that says it has more would have each of them looked at.
constexpr std::size_t max_tables = 1000;

Error not_ours(const Db& db, std::string_view why) {
    return Error{Errc::corrupt, fmt::format("{} is no GeoPackage with tiles: {}", db.file(), why)};
}

/// Throws `corrupt` unless the base table is there with these columns.
void require_table(Db& db, std::string_view table,
                   std::initializer_list<std::string_view> columns) {
    if (!sqlite::has_columns(sqlite::columns_of(db, table), columns)) {
        throw not_ours(db, fmt::format("it has no table '{}' with the columns {}", table,
                                       fmt::join(columns, ", ")));
    }
}

void require_tables(Db& db) {
    require_table(db, "gpkg_spatial_ref_sys",
                  {"srs_id", "organization", "organization_coordsys_id"});
    require_table(db, "gpkg_tile_matrix_set",
                  {"table_name", "srs_id", "min_x", "min_y", "max_x", "max_y"});
    require_table(db, "gpkg_tile_matrix",
                  {"table_name", "zoom_level", "matrix_width", "matrix_height", "tile_width",
                   "tile_height", "pixel_x_size", "pixel_y_size"});
}

/// Throws `corrupt` unless an index finds a tile.
void check_index(Db& db, const std::string& table) {
    auto plan = db.prepare(fmt::format(
        "EXPLAIN QUERY PLAN SELECT tile_data FROM {} WHERE zoom_level=1 AND tile_column=1"
        " AND tile_row=1",
        quoted_name(table)));
    while (plan.step()) {
        if (!plan.text(3).starts_with("SEARCH")) {
            throw not_ours(db, fmt::format("no index of table '{}' finds a tile", table));
        }
    }
}

/// Four columns as a box; nothing when one is no number.
std::optional<Box> box_in(const Statement& row, int first) {
    for (int column = first; column < first + 4; ++column) {
        if (row.is_null(column) || !std::isfinite(row.real(column))) {
            return std::nullopt;
        }
    }
    const Box box{row.real(first), row.real(first + 1), row.real(first + 2), row.real(first + 3)};
    return box.is_empty() ? std::nullopt : std::optional{box};
}

TileMatrix read_matrix(const Db& db, const Statement& row) {
    const TileMatrix matrix{row.integer(0), row.integer(1), row.integer(2), row.integer(3),
                            row.integer(4), row.real(5),    row.real(6)};
    const auto is_within = [](std::int64_t number, std::int64_t max) {
        return number >= 1 && number <= max;
    };
    const auto is_size = [](double size) { return std::isfinite(size) && size > 0; };
    const bool is_sane = matrix.zoom >= 0 && matrix.zoom <= max_zoom_level &&
                         is_within(matrix.columns, max_side) && is_within(matrix.rows, max_side) &&
                         is_within(matrix.tile_width, max_tile_side) &&
                         is_within(matrix.tile_height, max_tile_side) &&
                         is_size(matrix.pixel_width) && is_size(matrix.pixel_height);
    if (!is_sane) {
        throw not_ours(db,
                       fmt::format("the tile matrix of zoom {} describes no tiles", row.text(0)));
    }
    return matrix;
}

/// The matrices that hold tiles, by zoom.
std::vector<TileMatrix> read_matrices(Db& db, const std::string& table) {
    auto has_tiles =
        db.prepare(fmt::format("SELECT 1 FROM {} WHERE zoom_level=? LIMIT 1", quoted_name(table)));
    auto select = db.prepare(
        "SELECT zoom_level, matrix_width, matrix_height, tile_width, tile_height, pixel_x_size,"
        " pixel_y_size FROM gpkg_tile_matrix WHERE table_name=? ORDER BY zoom_level");
    select.bind(1, table);
    std::vector<TileMatrix> matrices;
    while (select.step()) {
        const auto matrix = read_matrix(db, select);
        if (has_tiles.bind(1, matrix.zoom).step()) {
            matrices.push_back(matrix);
        }
        has_tiles.reset();
    }
    return matrices;
}

void require_contents(Db& db) {
    require_table(db, "gpkg_contents",
                  {"table_name", "data_type", "identifier", "description", "min_x", "min_y",
                   "max_x", "max_y"});
}

bool has_tile_table(Db& db, const std::string& table) {
    require_contents(db);
    auto select =
        db.prepare("SELECT 1 FROM gpkg_contents WHERE table_name=? AND data_type='tiles'");
    return select.bind(1, table).step();
}

std::string choose_table(Db& db, const std::string& wanted) {
    if (!wanted.empty() && has_tile_table(db, wanted)) {
        return wanted;
    }
    auto tables = tile_tables(db);
    if (wanted.empty() && tables.size() == 1) {
        return std::move(tables.front());
    }
    if (tables.empty()) {
        throw Error{Errc::not_found, fmt::format("{} has no tables of tiles", db.file())};
    }
    const auto known = fmt::format("{}", fmt::join(tables, ", "));
    if (wanted.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{}: name a table as {}#TABLE; there are: {}", db.file(), db.file(),
                                known)};
    }
    throw Error{Errc::not_found, fmt::format("{} has no table of tiles '{}'; there are: {}",
                                             db.file(), wanted, known)};
}

}  // namespace

std::string quoted_name(std::string_view table) {
    std::string sql = "\"";
    for (const char c : table) {
        sql.append(c == '"' ? 2 : 1, c);
    }
    return sql += '"';
}

std::vector<std::string> tile_tables(Db& db) {
    require_contents(db);
    auto select = db.prepare(
        "SELECT table_name FROM gpkg_contents WHERE data_type='tiles' ORDER BY table_name");
    std::vector<std::string> tables;
    while (select.step()) {
        if (tables.size() == max_tables) {
            throw Error{Errc::too_large,
                        fmt::format("{} has more than {} tables of tiles", db.file(), max_tables)};
        }
        tables.emplace_back(select.text(0));
    }
    return tables;
}

Pyramid read_pyramid(Db& db, const std::string& wanted) {
    Pyramid pyramid{.table = choose_table(db, wanted)};
    require_tables(db);
    require_table(db, pyramid.table, {"zoom_level", "tile_column", "tile_row", "tile_data"});
    check_index(db, pyramid.table);
    auto contents = db.prepare(
        "SELECT identifier, description, min_x, min_y, max_x, max_y FROM gpkg_contents"
        " WHERE table_name=?");
    if (contents.bind(1, pyramid.table).step()) {
        pyramid.identifier = contents.text(0);
        pyramid.description = contents.text(1);
        pyramid.content = box_in(contents, 2);
    }
    auto set = db.prepare(
        "SELECT s.organization, s.organization_coordsys_id, m.min_x, m.min_y, m.max_x, m.max_y"
        " FROM gpkg_tile_matrix_set m CROSS JOIN gpkg_spatial_ref_sys s ON s.srs_id = m.srs_id"
        " WHERE m.table_name=?");
    if (!set.bind(1, pyramid.table).step()) {
        throw not_ours(
            db, fmt::format("nothing tells the reference system of table '{}'", pyramid.table));
    }
    pyramid.reference = fmt::format("{}:{}", set.text(0), set.integer(1));
    const auto box = box_in(set, 2);
    if (!box) {
        throw not_ours(db,
                       fmt::format("the matrix set of table '{}' covers nothing", pyramid.table));
    }
    pyramid.set = {*box, read_matrices(db, pyramid.table)};
    return pyramid;
}

}  // namespace offgrid::gpkg
