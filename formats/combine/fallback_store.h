#pragma once

#include "formats/store/tile_store.h"

#include <memory>
#include <vector>

namespace offgrid {

/// The first store that does not fail answers (MapCache `fallback`). Absent is an answer: only a
/// failure passes to the next store. When all fail, the first failure is thrown. Safe for
/// concurrent use.
class FallbackReader final : public TileReader {
public:
    /// REQUIRES: at least one store, all in one grid.
    explicit FallbackReader(std::vector<std::unique_ptr<TileReader>> stores);

    const StoreInfo& info() const override { return stores_.front()->info(); }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;

    /// That of the first store: a client cannot go on to the next.
    std::optional<std::string> redirect_url(const TileKey& key) const override {
        return stores_.front()->redirect_url(key);
    }

    /// Whether all stores are.
    bool is_unchanging() const override;

    /// Whether any store can.
    bool can_scan() const override;

    /// Scan the first store that can; one that fails before its first tile passes to the next. A
    /// failure in the middle is final: others may have it twice.
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

    /// Those of the first store that can scan.
    std::vector<FileSet> file_sets() const override;

private:
    std::vector<std::unique_ptr<TileReader>> stores_;
};

/// Writes all stores, so that each can stand in for the others (MapCache `fallback`). What fails in
/// some is done in the others; the first failure is thrown after all were tried. Owned by one
/// thread.
class FallbackWriter final : public TileWriter {
public:
    explicit FallbackWriter(std::vector<std::unique_ptr<TileWriter>> stores);

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    std::vector<std::unique_ptr<TileWriter>> stores_;
};

}  // namespace offgrid
