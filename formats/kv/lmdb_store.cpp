#include "formats/kv/lmdb_store.h"

#include "formats/base/error.h"
#include "formats/kv/lmdb_environment.h"
#include "formats/kv/lmdb_transaction.h"
#include "formats/kv/sorted_scan.h"
#include "formats/kv/stored_tile.h"

#include <utility>

namespace offgrid {
namespace {

constexpr std::size_t batch_bytes = std::size_t{8} << 20;
constexpr std::size_t batch_changes = 1'024;

void apply(LmdbTransaction& transaction, const std::string& key,
           const std::optional<Bytes>& value) {
    if (value) {
        transaction.put(key, *value);
    } else {
        transaction.erase(key);
    }
}

}  // namespace

// --- LmdbReader

LmdbReader::LmdbReader(const LmdbOptions& options, TilesetSlice slice)
    : options_{options},
      slice_{std::move(slice)},
      keys_{TileKeys::by_template(options.name, options.key, slice_)},
      environment_{LmdbEnvironment::open_to_read(options)} {}

LmdbReader::~LmdbReader() = default;

/// The environment, or null when there is no database.
std::shared_ptr<LmdbEnvironment> LmdbReader::environment() const {
    const std::lock_guard lock{mutex_};
    if (!environment_) {
        environment_ = LmdbEnvironment::open_to_read(options_);
    }
    return environment_;
}

std::optional<Tile> LmdbReader::get(const TileKey& key) const {
    const auto opened = keys_.grid().contains(key) ? environment() : nullptr;
    const auto value = opened ? opened->get(keys_.of(key) + '\0') : std::nullopt;
    return value ? std::optional{StoredTile{*value, keys_, key}.tile()} : std::nullopt;
}

bool LmdbReader::exists(const TileKey& key) const {
    const auto opened = keys_.grid().contains(key) ? environment() : nullptr;
    return opened && opened->exists(keys_.of(key) + '\0');
}

void LmdbReader::scan(const TileRange& range, const Visitor& visit) const {
    if (const auto opened = environment()) {
        scan_sorted(
            keys_, range,
            [&](std::string_view from, const ConsumeEntry& consume) {
                opened->walk(from, consume);
            },
            [&](const TileKey& key, const StoredTile& tile) { visit(key, tile.content()); });
    }
}

void LmdbReader::list(const TileRange& range, const SizeVisitor& visit) const {
    if (const auto opened = environment()) {
        scan_sorted(
            keys_, range,
            [&](std::string_view from, const ConsumeEntry& consume) {
                opened->walk(from, consume);
            },
            [&](const TileKey& key, const StoredTile& tile) { visit(key, tile.stored_bytes()); });
    }
}

// --- LmdbWriter

LmdbWriter::LmdbWriter(const LmdbOptions& options, TilesetSlice slice)
    : slice_{std::move(slice)},
      keys_{TileKeys::by_template(options.name, options.key, slice_)},
      timeout_{options.timeout},
      environment_{LmdbEnvironment::open_to_write(options)} {}

LmdbWriter::~LmdbWriter() = default;

void LmdbWriter::put(const TileKey& key, BytesView content) {
    make(keys_.of(key) + '\0', stored_value(content, keys_, key));
}

void LmdbWriter::erase(const TileKey& key) {
    make(keys_.of(key) + '\0', std::nullopt);
}

void LmdbWriter::make(std::string key, std::optional<Bytes> value) {
    // Twice the same key in a transaction would leave pages that are counted but never written.
    if (changes_.contains(key) || changed_bytes_ >= batch_bytes ||
        changes_.size() >= batch_changes) {
        commit();
    }
    try {
        apply(transaction(), key, value);
    } catch (const Error&) {
        transaction_.reset();  // spoilt; the changes before this one are made again
        throw;
    }
    changed_bytes_ += value ? value->size() : 0;
    changes_.emplace(std::move(key), std::move(value));
}

/// One that has all changes since the last commit.
LmdbTransaction& LmdbWriter::transaction() {
    if (!transaction_) {
        transaction_ = std::make_unique<LmdbTransaction>(environment_, timeout_);
        for (const auto& [key, value] : changes_) {
            apply(*transaction_, key, value);
        }
    }
    return *transaction_;
}

void LmdbWriter::commit() {
    if (changes_.empty()) {
        return;
    }
    try {
        transaction().commit();
    } catch (const Error&) {
        transaction_.reset();
        throw;
    }
    transaction_.reset();
    changes_.clear();
    changed_bytes_ = 0;
}

}  // namespace offgrid
