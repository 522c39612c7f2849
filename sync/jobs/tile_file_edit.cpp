#include "sync/jobs/tile_file_edit.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using sqlite::MbtilesLayout;

/// GeoWebCache's table of the times at which its tiles came.
constexpr std::string_view create_times = "tiles_metadata";

void prepare(sqlite::Db& db, bool is_new) {
    // No one else sees the file, and it is made durable as a whole before anyone does.
    db.execute("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF");
    if (is_new) {
        db.execute(sqlite::mbtiles_ddl);
    }
}

/// Opens the database before the layout can be told.
sqlite::MbtilesLayout prepared_layout(sqlite::Db& db, bool is_new) {
    prepare(db, is_new);
    const auto layout = sqlite::recognise_mbtiles(db);
    db.execute("BEGIN");
    return layout;
}

}  // namespace

TileFileEdit::TileFileEdit(const fs::path& path, const Grid& grid)
    : grid_{grid},
      is_new_{!fs::exists(path)},
      db_{path, sqlite::OpenMode::update, path.filename().string()},
      layout_{prepared_layout(db_, is_new_)},
      has_create_times_{!sqlite::columns_of(db_, create_times).empty()},
      select_{db_.prepare(sqlite::select_tile_sql(layout_))} {}

void TileFileEdit::put(const TileKey& key, BytesView content, ExistingTile existing) {
    const auto row = grid_.flip(key.z, key.y);
    select_.reset();
    select_.bind(1, key.z).bind(2, key.x).bind(3, row);
    const bool is_there = select_.step() && !select_.is_null(0);
    const bool stays = is_there && (existing == ExistingTile::keep ||
                                    std::ranges::equal(select_.blob(0), content));
    select_.reset();
    if (stays) {
        return;
    }
    erase_rows({key.z, key.x, key.y, key.x + 1, key.y + 1}, row, row);
    insert(key, row, content);
    has_changed_ = true;
}

void TileFileEdit::erase(const TileRange& range) {
    if (!range.is_empty()) {
        erase_rows(range, grid_.flip(range.z, range.max_y - 1), grid_.flip(range.z, range.min_y));
    }
}

void TileFileEdit::erase_rows(const TileRange& range, std::int64_t min_row, std::int64_t max_row) {
    const auto erase_from = [&](std::string_view table) {
        auto erase = db_.prepare(
            fmt::format("DELETE FROM {} WHERE zoom_level=? AND tile_column BETWEEN ? AND ?"
                        " AND tile_row BETWEEN ? AND ?",
                        table));
        erase.bind(1, range.z).bind(2, range.min_x).bind(3, range.max_x - 1);
        erase.bind(4, min_row).bind(5, max_row);
        erase.execute();
        return db_.changes();
    };
    has_changed_ = erase_from(sqlite::address_table(layout_)) > 0 || has_changed_;
    if (has_create_times_) {
        erase_from(create_times);
    }
}

void TileFileEdit::insert(const TileKey& key, std::int64_t row, BytesView content) {
    const auto insert_into = [&](std::string_view table, std::string_view columns,
                                 std::string_view values) {
        auto insert = db_.prepare(
            fmt::format("INSERT INTO {} (zoom_level, tile_column, tile_row, {}) VALUES (?,?,?,{})",
                        table, columns, values));
        insert.bind(1, key.z).bind(2, key.x).bind(3, row);
        return insert;
    };
    switch (layout_) {
        case MbtilesLayout::flat:
            insert_into("tiles", "tile_data", "?").bind(4, content).execute();
            return;
        case MbtilesLayout::flat_with_hash: {
            const auto hash = md5_hex(content);
            auto insert = insert_into("tiles_with_hash", "tile_data, tile_hash", "?,?");
            insert.bind(4, content).bind(5, std::string_view{hash}).execute();
            return;
        }
        case MbtilesLayout::map_images: {
            const auto id = tile_id(content);
            auto image = db_.prepare(
                "INSERT INTO images (tile_id, tile_data) SELECT ?1, ?2"
                " WHERE NOT EXISTS (SELECT 1 FROM images WHERE tile_id=?1)");
            image.bind(1, std::string_view{id}).bind(2, content).execute();
            insert_into("map", "tile_id", "?").bind(4, std::string_view{id}).execute();
            return;
        }
        case MbtilesLayout::map_images_by_zoom:
        case MbtilesLayout::shallow_data:
            break;
    }
    throw Error{Errc::unsupported,
                fmt::format("tiles cannot be put into {}: only read it", db_.file())};
}

std::int64_t TileFileEdit::count() {
    auto count =
        db_.prepare(fmt::format("SELECT count(*) FROM {}", sqlite::address_table(layout_)));
    return count.step() ? count.integer(0) : 0;
}

void TileFileEdit::finish() {
    remove_unused_images();
    if (sqlite::has_columns(sqlite::columns_of(db_, "metadata"), {"name", "value"})) {
        for (const auto* const end : {"min", "max"}) {
            db_.execute(fmt::format("UPDATE metadata SET value=(SELECT {0}(zoom_level) FROM {1})"
                                    " WHERE name='{0}zoom'",
                                    end, sqlite::address_table(layout_))
                            .c_str());
        }
    }
    db_.execute("COMMIT; VACUUM");
}

void TileFileEdit::remove_unused_images() {
    switch (layout_) {
        case MbtilesLayout::flat:
        case MbtilesLayout::flat_with_hash:
            return;
        case MbtilesLayout::map_images:
            db_.execute(
                "DELETE FROM images WHERE tile_id NOT IN"
                " (SELECT tile_id FROM map WHERE tile_id IS NOT NULL)");
            return;
        case MbtilesLayout::map_images_by_zoom:
            db_.execute(
                "DELETE FROM images WHERE (zoom_level, tile_id) NOT IN"
                " (SELECT zoom_level, tile_id FROM map WHERE tile_id IS NOT NULL)");
            return;
        case MbtilesLayout::shallow_data:
            db_.execute(
                "DELETE FROM tiles_data WHERE tile_data_id NOT IN"
                " (SELECT tile_data_id FROM tiles_shallow WHERE tile_data_id IS NOT NULL)");
            return;
    }
}

}  // namespace offgrid
