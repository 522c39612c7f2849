#pragma once

#include "formats/base/error.h"
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
/// A tile is kept before it is returned, without a lock. Where all keepers of a tier are at work
/// for others it is not kept this time: nobody waits for that. One that cannot be kept is returned
/// all the same, and `warn` is told of the first such tile of each tier. Safe for concurrent use.
class MultitierReader final : public TileReader {
public:
    /// Opens a writer of a tier.
    using OpenKeeper = std::function<std::unique_ptr<TileWriter>()>;

    struct Tier {
        std::unique_ptr<TileReader> reader{};

        /// Opens what keeps tiles found in slower tiers, when there is the first; empty: they are
        /// not kept. Called by any thread, and again after a failure: what a writer has left open
        /// then goes with it.
        OpenKeeper open_keeper{};

        int max_keepers = 1;  ///< open at a time: one where one writer locks out the others
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
        std::mutex mutex{};  // guards what follows
        std::vector<std::unique_ptr<TileWriter>> idle{};
        int at_work = 0;
        bool has_warned = false;
    };

    class Turn;

    void keep(State& state, const TileKey& key, BytesView content) const;
    void warn_once(State& state, const TileKey& key, const Error& error) const;

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
