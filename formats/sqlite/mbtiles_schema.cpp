#include "formats/sqlite/mbtiles_schema.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>

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
        case MbtilesLayout::flat_with_hash:
            return {"tiles_with_hash", "", "m.tile_data"};
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
std::string select_from(MbtilesLayout layout, std::string_view columns, TileColumn column,
                        std::string_view join) {
    const auto source = source_of(layout);
    auto sql =
        column == TileColumn::data
            ? fmt::format("SELECT {}{} FROM {} m", columns, source.content, source.table)
            : fmt::format("SELECT {}length({}) FROM {} m", columns, source.content, source.table);
    if (!source.join.empty()) {
        sql += fmt::format(" {} JOIN {}", join, source.join);
    }
    return sql;
}

constexpr std::string_view one_address =
    " WHERE m.zoom_level=:z AND m.tile_column=:x AND m.tile_row=:y";

constexpr std::string_view address_columns = "m.zoom_level, m.tile_column, m.tile_row, ";

}  // namespace

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

bool has_columns(const std::vector<std::string>& columns,
                 std::initializer_list<std::string_view> wanted) {
    return std::ranges::all_of(wanted, [&](std::string_view name) {
        return std::ranges::find(columns, name) != columns.end();
    });
}

MbtilesLayout recognise_mbtiles(Db& db) {
    auto extras = db.prepare(
        "SELECT 'trigger', name FROM sqlite_schema WHERE type='trigger' UNION ALL "
        "SELECT 'virtual table', name FROM pragma_table_list"
        " WHERE schema='main' AND type IN ('virtual', 'shadow')");
    if (extras.step()) {
        throw not_ours(db, fmt::format("it has a {} '{}'", extras.text(0), extras.text(1)));
    }
    if (has_columns(columns_of(db, "tiles"),
                    {"zoom_level", "tile_column", "tile_row", "tile_data"})) {
        return MbtilesLayout::flat;
    }
    if (has_columns(columns_of(db, "tiles_with_hash"),
                    {"zoom_level", "tile_column", "tile_row", "tile_data", "tile_hash"})) {
        return MbtilesLayout::flat_with_hash;
    }
    if (has_columns(columns_of(db, "map"), {"zoom_level", "tile_column", "tile_row", "tile_id"})) {
        const auto images = columns_of(db, "images");
        if (has_columns(images, {"tile_id", "tile_data"})) {
            return has_columns(images, {"zoom_level"}) ? MbtilesLayout::map_images_by_zoom
                                                       : MbtilesLayout::map_images;
        }
    }
    if (has_columns(columns_of(db, "tiles_shallow"),
                    {"zoom_level", "tile_column", "tile_row", "tile_data_id"}) &&
        has_columns(columns_of(db, "tiles_data"), {"tile_data_id", "tile_data"})) {
        return MbtilesLayout::shallow_data;
    }
    throw not_ours(db, "no table 'tiles', nor tables 'map' and 'images', hold tiles");
}

std::string_view address_table(MbtilesLayout layout) {
    return source_of(layout).table;
}

std::string select_tile_sql(MbtilesLayout layout) {
    return select_from(layout, "", TileColumn::data, "CROSS").append(one_address);
}

std::string select_dated_tile_sql(MbtilesLayout layout) {
    return fmt::format(
        "SELECT ({}), (SELECT create_time / 1000 FROM tiles_metadata"
        " WHERE zoom_level=:z AND tile_column=:x AND tile_row=:y)",
        select_tile_sql(layout));
}

bool has_times(Db& db) {
    return has_columns(columns_of(db, "tiles_metadata"),
                       {"zoom_level", "tile_column", "tile_row", "create_time"});
}

std::string select_presence_sql(MbtilesLayout layout) {
    return fmt::format("{}{} AND length({}) > 0",
                       select_from(layout, "1, ", TileColumn::size, "CROSS"), one_address,
                       source_of(layout).content);
}

std::string select_zoom_sql(MbtilesLayout layout, TileColumn column) {
    return select_from(layout, address_columns, column, "CROSS") + " WHERE m.zoom_level=:z";
}

std::string select_tiles_sql(MbtilesLayout layout) {
    return select_zoom_sql(layout, TileColumn::data) +
           " AND m.tile_column BETWEEN :min_x AND :max_x"
           " AND m.tile_row BETWEEN :min_y AND :max_y";
}

std::string select_rows_sql(MbtilesLayout layout, TileColumn column) {
    return select_from(layout, address_columns, column, "LEFT");
}

std::pair<int, int> zooms_of_tiles(Db& db, MbtilesLayout layout, const Grid& grid) {
    // Apart, so that an index answers each.
    auto select =
        db.prepare(fmt::format("SELECT (SELECT min(zoom_level) FROM {0}),"
                               " (SELECT max(zoom_level) FROM {0})",
                               address_table(layout)));
    if (!select.step() || !select.is_integer(0) || !select.is_integer(1)) {
        return {0, 0};
    }
    const auto within = [&](std::int64_t zoom) {
        return static_cast<int>(std::clamp<std::int64_t>(zoom, 0, grid.levels() - 1));
    };
    return {within(select.integer(0)), within(select.integer(1))};
}

void check_index(Db& db, MbtilesLayout layout) {
    auto plan = db.prepare("EXPLAIN QUERY PLAN " + select_tile_sql(layout));
    while (plan.step()) {
        if (!plan.text(3).starts_with("SEARCH")) {
            throw not_ours(db, "no index finds a tile");
        }
    }
}

void check_addresses(Db& db, MbtilesLayout layout) {
    check_index(db, layout);
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
