#pragma once

#include "formats/store/tile_store.h"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace offgrid {

/// The first store that has the tile answers, and the faster stores before it keep what it found
/// (MapCache `multitier`). A failure of a tier is an Error: it is not known to be absent there.
///
/// A tile is kept before it is returned, under a lock for each tier. One that cannot be kept is
/// returned all the same, and `warn` is told of the first such tile of each tier. Safe for
/// concurrent use.
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

    const StoreInfo& info() const override { return tiers_.back()->tier.reader->info(); }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;

    /// Whether the last tier can.
    bool can_scan() const override { return tiers_.back()->tier.reader->can_scan(); }

    /// Scan the last tier, which has every tile that was written.
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    std::vector<FileSet> file_sets() const override {
        return tiers_.back()->tier.reader->file_sets();
    }

private:
    struct State {
        Tier tier{};
        std::mutex mutex{};  // guards the keeper and what follows
        bool has_warned = false;
    };

    void keep(State& state, const TileKey& key, BytesView content) const;

    std::vector<std::unique_ptr<State>> tiers_;
    Warn warn_;
};

/// Writes the last store, which is to have every tile; the faster ones get theirs by being read
/// (MapCache `multitier`). An older tile that a faster store has kept stays there until that store
/// forgets it: erase it where the new one must be seen at once. Owned by one thread.
class MultitierWriter final : public TileWriter {
public:
    /// REQUIRES: at least one store.
    explicit MultitierWriter(std::vector<std::unique_ptr<TileWriter>> stores);

    void put(const TileKey& key, BytesView content) override;

    /// Remove the tile from all stores. When some fail, the first failure is thrown after all were
    /// tried.
    void erase(const TileKey& key) override;
    void commit() override;

private:
    std::vector<std::unique_ptr<TileWriter>> stores_;
};

}  // namespace offgrid
