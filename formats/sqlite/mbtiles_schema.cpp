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

/// What SQLite itself takes the table for, whatever the text of its definition says: `table`,
/// `view`, `virtual` or `shadow`. Empty when there is none of that name.
std::string kind_of(Db& db, std::string_view table) {
    auto list = db.prepare("SELECT type FROM pragma_table_list WHERE schema='main' AND name=?");
    return list.bind(1, table).step() ? std::string{list.text(0)} : std::string{};
}

/// Columns of a base table. Empty when there is no table of that name.
std::vector<std::string> columns_of(Db& db, std::string_view table) {
    if (kind_of(db, table) != "table") {
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

/// How the row `m` of a tile's address reaches its content: the tables joined in that order, and
/// the column.
struct Source {
    std::string_view table;
    std::string_view join;  ///< the table of contents and its condition; empty: in the same row
    std::string_view content;
};

Source source_of(MbtilesLayout layout) {
    switch (layout) {
        case MbtilesLayout::flat:
            return {"tiles", "", "m.tile_data"};
        case MbtilesLayout::map_images:
            return {"map", "images i ON i.tile_id = m.tile_id", "i.tile_data"};
        case MbtilesLayout::map_images_by_zoom:
            return {"map", "images i ON i.zoom_level = m.zoom_level AND i.tile_id = m.tile_id",
                    "i.tile_data"};
        case MbtilesLayout::shallow_data:
            return {"tiles_shallow", "tiles_data i ON i.tile_data_id = m.tile_data_id",
                    "i.tile_data"};
    }
    return {};
}

/// `join` is CROSS, which keeps the order of the tables, or LEFT.
std::string select_from(MbtilesLayout layout, std::string_view columns, std::string_view join) {
    const auto source = source_of(layout);
    auto sql = fmt::format("SELECT {}{} FROM {} m", columns, source.content, source.table);
    if (!source.join.empty()) {
        sql += fmt::format(" {} JOIN {}", join, source.join);
    }
    return sql;
}

constexpr std::string_view address_columns = "m.zoom_level, m.tile_column, m.tile_row, ";

}  // namespace

MbtilesLayout recognise_mbtiles(Db& db) {
    auto extras = db.prepare(
        "SELECT 'trigger', name FROM sqlite_schema WHERE type='trigger' UNION ALL "
        "SELECT 'virtual table', name FROM pragma_table_list"
        " WHERE schema='main' AND type IN ('virtual', 'shadow')");
    if (extras.step()) {
        throw not_ours(db, fmt::format("it has a {} '{}'", extras.text(0), extras.text(1)));
    }
    if (has_all(columns_of(db, "tiles"), {"zoom_level", "tile_column", "tile_row", "tile_data"})) {
        return MbtilesLayout::flat;
    }
    if (has_all(columns_of(db, "map"), {"zoom_level", "tile_column", "tile_row", "tile_id"})) {
        const auto images = columns_of(db, "images");
        if (has_all(images, {"tile_id", "tile_data"})) {
            return has_all(images, {"zoom_level"}) ? MbtilesLayout::map_images_by_zoom
                                                   : MbtilesLayout::map_images;
        }
    }
    if (has_all(columns_of(db, "tiles_shallow"),
                {"zoom_level", "tile_column", "tile_row", "tile_data_id"}) &&
        has_all(columns_of(db, "tiles_data"), {"tile_data_id", "tile_data"})) {
        return MbtilesLayout::shallow_data;
    }
    throw not_ours(db, "no table 'tiles', nor tables 'map' and 'images', hold tiles");
}

std::string_view address_table(MbtilesLayout layout) {
    return source_of(layout).table;
}

std::string select_tile_sql(MbtilesLayout layout) {
    return select_from(layout, "", "CROSS") +
           " WHERE m.zoom_level=?1 AND m.tile_column=?2 AND m.tile_row=?3";
}

std::string select_tiles_sql(MbtilesLayout layout) {
    return select_from(layout, address_columns, "CROSS") +
           " WHERE m.zoom_level=?1 AND m.tile_column BETWEEN ?2 AND ?3"
           " AND m.tile_row BETWEEN ?4 AND ?5";
}

std::string select_rows_sql(MbtilesLayout layout) {
    return select_from(layout, address_columns, "LEFT");
}

void check_addresses(Db& db, MbtilesLayout layout) {
    auto plan = db.prepare("EXPLAIN QUERY PLAN " + select_tile_sql(layout));
    while (plan.step()) {
        if (!plan.text(3).starts_with("SEARCH")) {
            throw not_ours(db, "no index finds a tile");
        }
    }
    auto twice =
        db.prepare(fmt::format("SELECT zoom_level, tile_column, tile_row FROM {}"
                               " GROUP BY 1, 2, 3 HAVING count(*) > 1 LIMIT 1",
                               address_table(layout)));
    if (twice.step()) {
        throw not_ours(db, fmt::format("tile {}/{}/{} is there twice", twice.text(0), twice.text(1),
                                       twice.text(2)));
    }
}

}  // namespace offgrid::sqlite
