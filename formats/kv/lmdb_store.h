#pragma once

#include "formats/kv/kv_options.h"
#include "formats/kv/tile_keys.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace offgrid {

class LmdbEnvironment;
class LmdbTransaction;

/// Reads the tiles in an LMDB environment (MapCache `lmdb`). Safe for concurrent use, also while
/// others write.
///
/// As long as there is no `data.mdb` no tile is there; it is opened once it appears. A missing
/// folder is an Error, `not_found`. A damaged file is told as far as LMDB tells it: this format has
/// no checksums.
class LmdbReader final : public TileReader {
public:
    LmdbReader(const LmdbOptions& options, TilesetSlice slice);
    ~LmdbReader() override;

    const StoreInfo& info() const override { return slice_.info; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

private:
    std::shared_ptr<LmdbEnvironment> environment() const;

    LmdbOptions options_;
    TilesetSlice slice_;
    TileKeys keys_;
    mutable std::mutex mutex_;
    mutable std::shared_ptr<LmdbEnvironment> environment_;  // guarded; null: no database yet
};

/// Writes the tiles in an LMDB environment as MapCache does, but keeps a blank tile as it is given.
///
/// Changes become visible and durable together: in `commit`, and before that whenever 8 MiB have
/// come together, since LMDB keeps in memory what is not committed. Between the first change and
/// the commit nobody else can write the environment: other programs wait, other writers of this one
/// fail with `busy` after a while. What a failed commit did not store is tried again by the next
/// one.
class LmdbWriter final : public TileWriter {
public:
    LmdbWriter(const LmdbOptions& options, TilesetSlice slice);
    ~LmdbWriter() override;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    void make(std::string key, std::optional<Bytes> value);
    LmdbTransaction& transaction();

    TilesetSlice slice_;
    TileKeys keys_;
    std::chrono::milliseconds timeout_;
    std::shared_ptr<LmdbEnvironment> environment_;
    std::map<std::string, std::optional<Bytes>>
        changes_;  ///< since the last commit; nothing: erase
    std::size_t changed_bytes_ = 0;
    std::unique_ptr<LmdbTransaction> transaction_;  ///< has all changes, or there is none
};

}  // namespace offgrid
