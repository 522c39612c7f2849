#include "sync/jobs/tile_file_edit.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/sqlite/mbtiles_metadata.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using sqlite::MbtilesLayout;

/// GeoWebCache's table of the times at which its tiles came.
constexpr std::string_view create_times = "tiles_metadata";

void make_tables(sqlite::Db& db, const TileFileEdit::Metadata& metadata) {
    db.execute(sqlite::mbtiles_ddl);
    auto insert = db.prepare("INSERT INTO metadata (name, value) VALUES (?, ?)");
    for (const auto& [name, value] : metadata) {
        insert.bind(1, std::string_view{name}).bind(2, std::string_view{value}).execute();
    }
}

/// Opens the database before the layout can be told.
sqlite::MbtilesLayout prepared_layout(sqlite::Db& db, bool is_new,
                                      const TileFileEdit::Metadata& metadata) {
    // No one else sees the file, and it is made durable as a whole before anyone does.
    db.execute("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF");
    if (is_new) {
        make_tables(db, metadata);
    }
    const auto layout = sqlite::recognise_mbtiles(db);
    db.execute("BEGIN");
    return layout;
}

sqlite::Statement erase_from(sqlite::Db& db, std::string_view table) {
    return db.prepare(
        fmt::format("DELETE FROM {} WHERE zoom_level=? AND tile_column BETWEEN ?"
                    " AND ? AND tile_row BETWEEN ? AND ?",
                    table));
}

sqlite::Statement insert_into(sqlite::Db& db, std::string_view table, std::string_view columns,
                              std::string_view values) {
    return db.prepare(
        fmt::format("INSERT INTO {} (zoom_level, tile_column, tile_row, {}) VALUES (?,?,?,{})",
                    table, columns, values));
}

}  // namespace

TileFileEdit::TileFileEdit(const fs::path& path, const Grid& grid, const Metadata& metadata)
    : grid_{grid},
      is_new_{!fs::exists(path)},
      db_{path, sqlite::OpenMode::update, path.filename().string()},
      layout_{prepared_layout(db_, is_new_, metadata)},
      select_{db_.prepare(sqlite::select_tile_sql(layout_))} {
    erase_.push_back(erase_from(db_, sqlite::address_table(layout_)));
    if (!sqlite::columns_of(db_, create_times).empty()) {
        erase_.push_back(erase_from(db_, create_times));
    }
}

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
    std::int64_t erased = 0;
    for (auto& erase : erase_) {
        erase.bind(1, range.z).bind(2, range.min_x).bind(3, range.max_x - 1);
        erase.bind(4, min_row).bind(5, max_row);
        erase.execute();
        erased += db_.changes();
    }
    has_changed_ = erased > 0 || has_changed_;
}

void TileFileEdit::insert(const TileKey& key, std::int64_t row, BytesView content) {
    prepare_inserts();
    insert_->bind(1, key.z).bind(2, key.x).bind(3, row);
    if (layout_ == MbtilesLayout::map_images) {
        const auto id = tile_id(content);
        insert_image_->bind(1, std::string_view{id}).bind(2, content).execute();
        insert_->bind(4, std::string_view{id}).execute();
        return;
    }
    insert_->bind(4, content);
    const auto hash = layout_ == MbtilesLayout::flat_with_hash ? md5_hex(content) : std::string{};
    if (!hash.empty()) {
        insert_->bind(5, std::string_view{hash});
    }
    insert_->execute();
}

void TileFileEdit::prepare_inserts() {
    if (insert_) {
        return;
    }
    switch (layout_) {
        case MbtilesLayout::flat:
            insert_ = insert_into(db_, "tiles", "tile_data", "?");
            return;
        case MbtilesLayout::flat_with_hash:
            insert_ = insert_into(db_, "tiles_with_hash", "tile_data, tile_hash", "?,?");
            return;
        case MbtilesLayout::map_images:
            insert_ = insert_into(db_, "map", "tile_id", "?");
            insert_image_ = db_.prepare(
                "INSERT INTO images (tile_id, tile_data) SELECT ?1, ?2"
                " WHERE NOT EXISTS (SELECT 1 FROM images WHERE tile_id=?1)");
            return;
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
    sqlite::update_zoom_rows(db_, layout_);
    sqlite::widen_bounds_row(db_, layout_, grid_);
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
