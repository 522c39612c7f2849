#pragma once

#include "formats/store/tile_store.h"

#include <functional>
#include <memory>
#include <vector>

namespace offgrid {

/// The first store that has the tile answers, and the faster stores before it keep what it found
/// (MapCache `multitier`). A failure of a tier is an Error: it is not known to be absent there.
class MultitierReader final : public TileReader {
public:
    struct Tier {
        std::unique_ptr<TileReader> reader{};

        /// Where tiles found in slower tiers are kept; null: they are not.
        std::unique_ptr<TileWriter> keeper{};
    };

    /// Told of a tile that a tier could not keep. Called by any thread.
    using Warn = std::function<void(const std::string& message)>;

    /// REQUIRES: at least one tier, all in one grid.
    MultitierReader(std::vector<Tier> tiers, Warn warn);
    ~MultitierReader() override;

    const StoreInfo& info() const override;
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    bool can_scan() const override;

    /// Scan the last tier, which has every tile that was written.
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    const TileFiles* files() const override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace offgrid
