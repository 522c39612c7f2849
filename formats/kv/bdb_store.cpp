#include "formats/kv/bdb_store.h"

#include "formats/kv/bdb_database.h"
#include "formats/kv/sorted_scan.h"
#include "formats/kv/stored_tile.h"

#include <utility>

namespace offgrid {

// --- BdbReader

BdbReader::BdbReader(const BdbOptions& options, TilesetSlice slice)
    : options_{options},
      slice_{std::move(slice)},
      keys_{TileKeys::by_template(options.name, options.key, slice_)},
      database_{BdbDatabase::open_to_read(options)} {}

BdbReader::~BdbReader() = default;

/// The database as it is now, or null when there is none.
std::shared_ptr<const BdbDatabase> BdbReader::database() const {
    const std::lock_guard lock{mutex_};
    if (!database_ || database_->misses_environment()) {
        database_ = BdbDatabase::open_to_read(options_);
    }
    return database_;
}

std::optional<Tile> BdbReader::get(const TileKey& key) const {
    const auto opened = keys_.grid().contains(key) ? database() : nullptr;
    const auto value = opened ? opened->get(keys_.of(key) + '\0') : std::nullopt;
    return value ? std::optional{StoredTile{*value, keys_, key}.tile()} : std::nullopt;
}

bool BdbReader::exists(const TileKey& key) const {
    const auto opened = keys_.grid().contains(key) ? database() : nullptr;
    return opened && opened->exists(keys_.of(key) + '\0');
}

void BdbReader::scan(const TileRange& range, const Visitor& visit) const {
    if (const auto opened = database()) {
        scan_sorted(
            keys_, range,
            [&](std::string_view from, const ConsumeEntry& consume) {
                opened->walk(from, consume);
            },
            [&](const TileKey& key, const StoredTile& tile) { visit(key, tile.content()); });
    }
}

void BdbReader::list(const TileRange& range, const SizeVisitor& visit) const {
    if (const auto opened = database()) {
        scan_sorted(
            keys_, range,
            [&](std::string_view from, const ConsumeEntry& consume) {
                opened->walk(from, consume);
            },
            [&](const TileKey& key, const StoredTile& tile) { visit(key, tile.stored_bytes()); });
    }
}

// --- BdbWriter

BdbWriter::BdbWriter(const BdbOptions& options, TilesetSlice slice)
    : slice_{std::move(slice)},
      keys_{TileKeys::by_template(options.name, options.key, slice_)},
      database_{BdbDatabase::open_to_write(options)} {}

BdbWriter::~BdbWriter() = default;

void BdbWriter::put(const TileKey& key, BytesView content) {
    database_->put(keys_.of(key) + '\0', stored_value(content, keys_, key));
}

void BdbWriter::erase(const TileKey& key) {
    database_->erase(keys_.of(key) + '\0');
}

void BdbWriter::commit() {
    database_->sync();
}

}  // namespace offgrid
