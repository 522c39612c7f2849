#include "formats/sqlite/mbtiles_schema.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace offgrid::sqlite {
namespace {

Error not_ours(const Db& db, std::string_view why) {
    return Error{Errc::corrupt, fmt::format("{} is not a tile store: {}", db.file(), why)};
}

/// Columns of a base table. Empty when there is no table of that name.
std::vector<std::string> columns_of(Db& db, std::string_view table) {
    auto kind = db.prepare("SELECT 1 FROM sqlite_schema WHERE type='table' AND name=?");
    if (!kind.bind(1, table).step()) {
        return {};
    }
    // hidden: 1 of a virtual table, 2 and 3 computed (sqlite.org/pragma.html#pragma_table_xinfo)
    auto info = db.prepare("SELECT name, hidden FROM pragma_table_xinfo(?)");
    info.bind(1, table);
    std::vector<std::string> columns;
    while (info.step()) {
        if (info.integer(1) != 0) {
            throw not_ours(db, fmt::format("table '{}' has computed columns", table));
        }
        columns.emplace_back(info.text(0));
    }
    return columns;
}

bool has_all(const std::vector<std::string>& columns,
             std::initializer_list<std::string_view> wanted) {
    return std::ranges::all_of(wanted, [&](std::string_view name) {
        return std::ranges::find(columns, name) != columns.end();
    });
}

}  // namespace

MbtilesLayout recognise_mbtiles(Db& db) {
    auto extras = db.prepare(
        "SELECT type, name FROM sqlite_schema WHERE type='trigger' OR (type='table' AND sql LIKE "
        "'CREATE VIRTUAL%')");
    if (extras.step()) {
        throw not_ours(db, fmt::format("it has a {} '{}'",
                                       extras.text(0) == "trigger" ? "trigger" : "virtual table",
                                       extras.text(1)));
    }
    const auto tiles = columns_of(db, "tiles");
    if (has_all(tiles, {"zoom_level", "tile_column", "tile_row", "tile_data"})) {
        return MbtilesLayout::flat;
    }
    if (has_all(columns_of(db, "map"), {"zoom_level", "tile_column", "tile_row", "tile_id"}) &&
        has_all(columns_of(db, "images"), {"tile_id", "tile_data"})) {
        return MbtilesLayout::map_images;
    }
    throw not_ours(db, "neither a table 'tiles' nor tables 'map' and 'images' hold tiles");
}

std::string select_tile_sql(MbtilesLayout layout) {
    switch (layout) {
        case MbtilesLayout::flat:
            return "SELECT tile_data FROM tiles WHERE zoom_level=?1 AND tile_column=?2 AND "
                   "tile_row=?3";
        case MbtilesLayout::map_images:
            return "SELECT i.tile_data FROM map m CROSS JOIN images i ON i.tile_id = m.tile_id"
                   " WHERE m.zoom_level=?1 AND m.tile_column=?2 AND m.tile_row=?3";
    }
    return {};
}

std::string select_tiles_sql(MbtilesLayout layout) {
    const std::string where =
        " WHERE zoom_level BETWEEN ?1 AND ?2 AND tile_column BETWEEN ?3 AND ?4"
        " AND tile_row BETWEEN ?5 AND ?6";
    switch (layout) {
        case MbtilesLayout::flat:
            return "SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles" + where;
        case MbtilesLayout::map_images:
            return "SELECT zoom_level, tile_column, tile_row, i.tile_data FROM map m"
                   " CROSS JOIN images i ON i.tile_id = m.tile_id" +
                   where;
    }
    return {};
}

}  // namespace offgrid::sqlite
