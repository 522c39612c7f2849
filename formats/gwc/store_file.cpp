#include "formats/gwc/store_file.h"

#include "formats/base/error.h"
#include "formats/sqlite/cache_file.h"
#include "formats/sqlite/mbtiles_metadata.h"
#include "formats/sqlite/mbtiles_schema.h"
#include "formats/sqlite/sqlite.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string_view>

namespace offgrid::gwc {
namespace {

namespace fs = std::filesystem;
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

/// Null when there is no file.
std::unique_ptr<Db> open_existing(const std::string& path) {
    try {
        auto db = std::make_unique<Db>(path, OpenMode::existing);
        db->wait_for_locks(lock_timeout);
        return db;
    } catch (const Error& error) {
        if (error.code() == Errc::not_found && !sqlite::identify(path)) {
            return nullptr;
        }
        throw;
    }
}

bool has_tiles(Db& db, MbtilesLayout layout) {
    return db.prepare(fmt::format("SELECT 1 FROM {} LIMIT 1", sqlite::address_table(layout)))
        .step();
}

bool says_layer(Db& db, const std::string& layer) {
    return sqlite::has_columns(sqlite::columns_of(db, "metadata"), {"name", "value"}) &&
           db.prepare("SELECT 1 FROM metadata WHERE name = 'name' AND value = ? LIMIT 1")
               .bind(1, layer)
               .step();
}

void remove_file(const std::string& path) {
    std::error_code failure;
    fs::remove(path, failure);
    if (failure) {
        throw system_error(failure.value(), fmt::format("cannot remove {}", path));
    }
}

/// Whether the file has gone: somebody may have put a tile meanwhile.
bool remove_if_empty(const std::string& path, MbtilesLayout layout) {
    bool is_gone = false;
    while_nobody_writes(path, [&] {
        Db db{path, OpenMode::shared};
        if (!has_tiles(db, layout)) {
            remove_side_files(path);
            remove_file(path);
            is_gone = true;
        }
    });
    return is_gone;
}

}  // namespace

bool while_nobody_writes(const std::string& path, const std::function<void()>& action) {
    std::unique_ptr<Db> db;  // closing it ends its transaction
    try {
        db = open_existing(path);
        if (!db) {
            return false;
        }
        db->execute("PRAGMA journal_mode=DELETE");  // fails where others have it in WAL mode
        db->execute("BEGIN IMMEDIATE");
    } catch (const Error& error) {
        if (error.code() != Errc::corrupt) {
            throw;
        }
        db.reset();
    }
    action();
    return true;
}

void remove_side_files(const std::string& path) {
    for (const auto* end : {"-journal", "-wal", "-shm"}) {
        remove_file(path + end);
    }
}

void rename_layer_in(const std::string& path, const std::string& layer, const std::string& name) {
    try {
        const auto db = open_existing(path);
        if (!db || !says_layer(*db, layer)) {
            return;
        }
        db->prepare("UPDATE metadata SET value = ? WHERE name = 'name' AND value = ?")
            .bind(1, name)
            .bind(2, layer)
            .execute();
    } catch (const Error& error) {
        if (error.code() != Errc::corrupt) {
            throw;
        }
    }
}

RemovedTiles remove_tiles(const std::string& path, std::span<const SouthRange> ranges,
                          WhenEmpty when_empty) {
    auto db = open_existing(path);
    if (!db) {
        return {};
    }
    const auto layout = sqlite::recognise_mbtiles(*db);
    if (layout == MbtilesLayout::map_images_by_zoom || layout == MbtilesLayout::shallow_data) {
        throw Error{
            Errc::unsupported,
            fmt::format("cannot remove tiles from {}: tables like these are only read", path)};
    }
    db->execute("BEGIN IMMEDIATE");
    RemovedTiles removed{.tiles = remove_from(*db, sqlite::address_table(layout), ranges)};
    if (layout == MbtilesLayout::map_images && removed.tiles > 0) {
        db->execute(
            "DELETE FROM images WHERE tile_id NOT IN"
            " (SELECT tile_id FROM map WHERE tile_id IS NOT NULL)");
    }
    if (sqlite::has_times(*db)) {
        remove_from(*db, "tiles_metadata", ranges);
    }
    sqlite::update_zoom_rows(*db, layout);
    const bool is_empty = !has_tiles(*db, layout);
    db->execute("COMMIT");
    db.reset();
    removed.is_gone =
        is_empty && when_empty == WhenEmpty::remove_file && remove_if_empty(path, layout);
    return removed;
}

}  // namespace offgrid::gwc
