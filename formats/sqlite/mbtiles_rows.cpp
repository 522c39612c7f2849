#include "formats/sqlite/mbtiles_rows.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace offgrid::sqlite {
namespace {

constexpr std::string_view of_tile = " WHERE zoom_level=:z AND tile_column=:x AND tile_row=:y";

constexpr std::string_view select_image =
    "SELECT tile_id FROM map WHERE zoom_level=:z AND tile_column=:x AND tile_row=:y";
constexpr std::string_view insert_image =
    "INSERT INTO images (tile_id, tile_data) SELECT :id, :data"
    " WHERE NOT EXISTS (SELECT 1 FROM images WHERE tile_id=:id)";
constexpr std::string_view delete_image = "DELETE FROM images WHERE tile_id=:id";
constexpr std::string_view update_time =
    "UPDATE tiles_metadata SET create_time=:time"
    " WHERE zoom_level=:z AND tile_column=:x AND tile_row=:y";
constexpr std::string_view insert_time =
    "INSERT INTO tiles_metadata (zoom_level, tile_column, tile_row, create_time)"
    " VALUES (:z, :x, :y, :time)";
constexpr std::string_view delete_time =
    "DELETE FROM tiles_metadata WHERE zoom_level=:z AND tile_column=:x AND tile_row=:y";
constexpr std::string_view select_shown_images = "SELECT tile_id FROM map";

/// The columns beside the address that a put sets, and their parameters. Empty when it cannot.
std::pair<std::string_view, std::string_view> columns_set(MbtilesLayout layout) {
    switch (layout) {
        case MbtilesLayout::flat:
            return {"tile_data", ":data"};
        case MbtilesLayout::flat_with_hash:
            return {"tile_data, tile_hash", ":data, :id"};
        case MbtilesLayout::map_images:
            return {"tile_id", ":id"};
        case MbtilesLayout::map_images_by_zoom:
        case MbtilesLayout::shallow_data:
            break;
    }
    return {};
}

/// The zoom and column go first, so that the index grows where the tiles of a scan come in. By the
/// hash alone each commit would change every page of it, and writing slow down as the file grows.
std::string image_id(const TileKey& key, BytesView content) {
    return fmt::format("{:02x}-{:08x}-{}", key.z, key.x, tile_id(content));
}

}  // namespace

MbtilesRows::MbtilesRows(CacheFile& file, const CacheOptions& options, const CacheSlice& slice,
                         const TilesetSlice& tileset)
    : file_{file},
      options_{options},
      slice_{slice},
      tileset_{tileset},
      layout_{file.mbtiles_layout()} {
    const auto [columns, values] = columns_set(layout_);
    if (columns.empty()) {
        throw Error{Errc::unsupported,
                    fmt::format("cannot write to {}: tiles in tables like these are only read",
                                file.db().file())};
    }
    check_index(file.db(), layout_);
    const auto table = address_table(layout_);
    update_ = fmt::format("UPDATE {} SET ({}) = ({}){}", table, columns, values, of_tile);
    insert_ = fmt::format(
        "INSERT INTO {} (zoom_level, tile_column, tile_row, {})"
        " VALUES (:z, :x, :y, {})",
        table, columns, values);
    erase_ = fmt::format("DELETE FROM {}{}", table, of_tile);
    if (options_.schema == CacheSchema::mbtiles_dated) {
        file_.has_times();  // asked outside of a transaction, so that a table is remembered
    }
}

CacheStatement& MbtilesRows::at(std::string_view sql, const TileKey& key) {
    auto& statement = file_.statement(sql);
    slice_.bind(statement, key);
    return statement;
}

void MbtilesRows::put(const TileKey& key, BytesView content) {
    switch (layout_) {
        case MbtilesLayout::flat:
            put_row(key, content, {});
            break;
        case MbtilesLayout::flat_with_hash:
            put_row(key, content, md5_hex(content));
            break;
        case MbtilesLayout::map_images:
        case MbtilesLayout::map_images_by_zoom:
        case MbtilesLayout::shallow_data:
            put_image(key, content);
    }
    if (options_.schema == CacheSchema::mbtiles_dated && options_.keeps_times) {
        put_time(key);
    }
    puts_.add(key, content);
}

/// A file of another program gets the table with its first tile.
void MbtilesRows::put_time(const TileKey& key) {
    if (!file_.has_times()) {
        file_.db().execute(mbtiles_times_ddl);
    }
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    for (const auto sql : {update_time, insert_time}) {
        at(sql, key).bind(CacheParameter::time, std::int64_t{now.count()}).execute();
        if (file_.db().changes() > 0) {
            return;
        }
    }
}

/// One statement changes the row or adds it, so a tile that is refused leaves the one before.
void MbtilesRows::put_row(const TileKey& key, BytesView content, std::string_view id) {
    for (const auto* sql : {&update_, &insert_}) {
        at(*sql, key).bind(CacheParameter::data, content).bind(CacheParameter::id, id).execute();
        if (file_.db().changes() > 0) {
            return;
        }
    }
}

void MbtilesRows::put_image(const TileKey& key, BytesView content) {
    const auto id = image_id(key, content);
    const auto before = image_of(key);
    file_.statement(insert_image)
        .bind(CacheParameter::id, std::string_view{id})
        .bind(CacheParameter::data, content)
        .execute();
    put_row(key, content, id);
    if (before && *before != id) {
        release_image(key, *before);
    }
}

std::optional<std::string> MbtilesRows::image_of(const TileKey& key) {
    auto run = at(select_image, key).run();
    return run.step() ? std::optional{std::string{run.row().text(0)}} : std::nullopt;
}

void MbtilesRows::erase(const TileKey& key) {
    const auto image =
        layout_ == MbtilesLayout::map_images ? image_of(key) : std::optional<std::string>{};
    at(erase_, key).execute();
    if (options_.schema == CacheSchema::mbtiles_dated && file_.has_times()) {
        at(delete_time, key).execute();
    }
    if (image) {
        release_image(key, *image);
    }
}

/// The tile does not show the image any more. Only one that bears the tile's own name is surely not
/// shown by another.
void MbtilesRows::release_image(const TileKey& key, const std::string& id) {
    if (id == fmt::format("{}-{}-{}", key.x, slice_.row_of(key), key.z)) {
        file_.statement(delete_image).bind(CacheParameter::id, std::string_view{id}).execute();
    } else {
        released_images_.insert(id);
    }
}

/// No index finds the tiles of an image, so all are looked through, once.
void MbtilesRows::remove_released_images() {
    {
        auto shown = file_.statement(select_shown_images).run();
        while (!released_images_.empty() && shown.step()) {
            released_images_.erase(std::string{shown.row().text(0)});
        }
    }
    for (const auto& id : std::exchange(released_images_, {})) {
        file_.statement(delete_image).bind(CacheParameter::id, std::string_view{id}).execute();
    }
}

void MbtilesRows::finish() {
    if (!released_images_.empty()) {
        remove_released_images();
    }
    if (options_.schema == CacheSchema::mbtiles_dated) {
        finish_dated();
    } else {
        update_mbtiles_metadata(file_, slice_, tileset_, puts_);
    }
}

void MbtilesRows::finish_dated() {
    auto& db = file_.db();
    if (!has_columns(columns_of(db, "metadata"), {"name", "value"})) {
        return;
    }
    if (!db.prepare("SELECT 1 FROM metadata LIMIT 1").step()) {
        auto insert = db.prepare("INSERT INTO metadata (name, value) VALUES (?, ?)");
        for (const auto& [name, value] : options_.metadata) {
            insert.bind(1, name).bind(2, value).execute();
        }
    }
    update_zoom_rows(db, layout_);
}

}  // namespace offgrid::sqlite
