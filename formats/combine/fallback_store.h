#pragma once

#include "formats/store/tile_store.h"

#include <memory>
#include <vector>

namespace offgrid {

/// The first store that does not fail answers (MapCache `fallback`). Absent is an answer.
class FallbackReader final : public TileReader {
public:
    /// REQUIRES: at least one store, all in one grid.
    explicit FallbackReader(std::vector<std::unique_ptr<TileReader>> stores);

    const StoreInfo& info() const override { return stores_.front()->info(); }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    bool can_scan() const override;

    /// Scan the first store that can. A failure in the middle is final: others may have it twice.
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    const TileFiles* files() const override;

private:
    std::vector<std::unique_ptr<TileReader>> stores_;
};

}  // namespace offgrid
