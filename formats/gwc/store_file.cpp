#include "formats/gwc/store_file.h"

#include "formats/base/error.h"
#include "formats/sqlite/cache_file.h"
#include "formats/sqlite/mbtiles_metadata.h"
#include "formats/sqlite/mbtiles_schema.h"
#include "formats/sqlite/sqlite.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>

namespace offgrid::gwc {
namespace {

using sqlite::Db;
using sqlite::MbtilesLayout;
using sqlite::OpenMode;

constexpr std::chrono::seconds lock_timeout{30};

std::int64_t remove_from(Db& db, std::string_view table, std::span<const SouthRange> ranges) {
    auto remove =
        db.prepare(fmt::format("DELETE FROM {} WHERE zoom_level = ? AND tile_column BETWEEN ? AND ?"
                               " AND tile_row BETWEEN ? AND ?",
                               table));
    std::int64_t removed = 0;
    for (const auto& range : ranges) {
        remove.bind(1, std::int64_t{range.z})
            .bind(2, range.min_x)
            .bind(3, range.max_x)
            .bind(4, range.min_y)
            .bind(5, range.max_y)
            .execute();
        removed += db.changes();
    }
    return removed;
}

}  // namespace

void while_nobody_writes(const std::string& path, const std::function<void()>& action) {
    if (!sqlite::identify(path)) {
        throw Error{Errc::not_found, fmt::format("{} is gone", path)};  // opening would make it
    }
    std::optional<Db> db;  // closing it ends its transaction
    try {
        db.emplace(path, OpenMode::update);
        db->wait_for_locks(lock_timeout);
        db->execute("BEGIN IMMEDIATE");
    } catch (const Error& error) {
        if (error.code() != Errc::corrupt) {
            throw;
        }
        db.reset();
    }
    action();
}

void rename_layer_in(const std::string& path, const std::string& layer, const std::string& name) {
    Db db{path, OpenMode::update};
    db.wait_for_locks(lock_timeout);
    if (!sqlite::has_columns(sqlite::columns_of(db, "metadata"), {"name", "value"})) {
        return;
    }
    db.prepare("UPDATE metadata SET value = ? WHERE name = 'name' AND value = ?")
        .bind(1, name)
        .bind(2, layer)
        .execute();
}

RemovedTiles remove_tiles(const std::string& path, std::span<const SouthRange> ranges,
                          WhenEmpty when_empty) {
    Db db{path, OpenMode::update};
    db.wait_for_locks(lock_timeout);
    const auto layout = sqlite::recognise_mbtiles(db);
    if (layout == MbtilesLayout::map_images_by_zoom || layout == MbtilesLayout::shallow_data) {
        throw Error{
            Errc::unsupported,
            fmt::format("cannot remove tiles from {}: tables like these are only read", path)};
    }
    db.execute("BEGIN IMMEDIATE");
    RemovedTiles removed{.tiles = remove_from(db, sqlite::address_table(layout), ranges)};
    if (layout == MbtilesLayout::map_images && removed.tiles > 0) {
        db.execute("DELETE FROM images WHERE tile_id NOT IN (SELECT tile_id FROM map)");
    }
    if (sqlite::has_times(db)) {
        remove_from(db, "tiles_metadata", ranges);
    }
    sqlite::update_zoom_rows(db, layout);
    const bool is_empty =
        !db.prepare(fmt::format("SELECT 1 FROM {} LIMIT 1", sqlite::address_table(layout))).step();
    if (is_empty && when_empty == WhenEmpty::remove_file) {
        std::error_code failure;  // within the transaction, so that nobody has put a tile meanwhile
        removed.is_gone = std::filesystem::remove(path, failure);
        if (failure) {
            throw system_error(failure.value(), fmt::format("cannot remove {}", path));
        }
        db.execute("ROLLBACK");
        return removed;
    }
    db.execute("COMMIT");
    return removed;
}

}  // namespace offgrid::gwc
