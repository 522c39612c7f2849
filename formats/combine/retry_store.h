#pragma once

#include "formats/combine/retry.h"
#include "formats/store/tile_store.h"

#include <memory>

namespace offgrid {

/// Tries calls of another store again when they fail with `io` or `busy`; other failures would be
/// the same again. The last failure is thrown. Safe for concurrent use.
class RetryReader final : public TileReader {
public:
    RetryReader(std::unique_ptr<TileReader> store, RetryOptions options);

    const StoreInfo& info() const override { return store_->info(); }
    std::optional<Tile> get(const TileKey& key) const override;
    bool is_unchanging() const override { return store_->is_unchanging(); }
    bool exists(const TileKey& key) const override;
    std::optional<std::string> redirect_url(const TileKey& key) const override {
        return store_->redirect_url(key);
    }
    bool can_scan() const override { return store_->can_scan(); }

    /// A scan is tried again up to its first tile.
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    std::vector<FileSet> file_sets() const override { return store_->file_sets(); }

private:
    std::unique_ptr<TileReader> store_;
    RetryOptions options_;
};

/// As RetryReader, for `put` and `erase`. Owned by one thread.
class RetryWriter final : public TileWriter {
public:
    RetryWriter(std::unique_ptr<TileWriter> store, RetryOptions options);

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;

    /// Tried once: a store that has lost the work has nothing to commit the second time, and says
    /// that this went well.
    void commit() override;

private:
    std::unique_ptr<TileWriter> store_;
    RetryOptions options_;
};

}  // namespace offgrid
