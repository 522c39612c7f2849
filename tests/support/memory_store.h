#pragma once

#include "formats/base/error.h"
#include "formats/store/tile_store.h"
#include "tests/support/tiles.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace offgrid::test {

/// The tiles of a store in memory, shared by its readers and writers. Safe for concurrent use.
class MemoryTiles {
public:
    using Map = std::map<TileKey, Bytes>;

    MemoryTiles() = default;
    MemoryTiles(const Pyramid& pyramid) { assign(pyramid); }  // NOLINT(google-explicit-constructor)
    explicit MemoryTiles(Map tiles) : tiles_{std::move(tiles)} {}

    /// Hold the pyramid, each word as `png(word)`, and nothing else.
    void assign(const Pyramid& pyramid) {
        const std::lock_guard lock{mutex_};
        tiles_.clear();
        for (const auto& [key, word] : pyramid) {
            tiles_[key] = png_bytes(word);
        }
    }

    /// The words of all tiles.
    Pyramid drawn() const {
        Pyramid pyramid;
        for (auto& [key, content] : all()) {
            pyramid[key] = word_in(Tile{content, {}});
        }
        return pyramid;
    }

    Map all() const {
        const std::lock_guard lock{mutex_};
        return tiles_;
    }

    std::optional<Tile> get(const TileKey& key) const {
        const std::lock_guard lock{mutex_};
        const auto found = tiles_.find(key);
        return found == tiles_.end() ? std::nullopt : std::optional{Tile{found->second, {}}};
    }

    /// Store what is there, remove what is nothing.
    void apply(const std::map<TileKey, std::optional<Bytes>>& changes) {
        const std::lock_guard lock{mutex_};
        for (const auto& [key, content] : changes) {
            if (content) {
                tiles_[key] = *content;
            } else {
                tiles_.erase(key);
            }
        }
    }

private:
    mutable std::mutex mutex_;
    Map tiles_;
};

/// Told of each call before it takes effect; throws what the store is to fail with.
using MemoryHook = std::function<void(const TileKey& key)>;

/// Reads a store in memory. The tiles are not owned.
class MemoryReader final : public TileReader {
public:
    struct Options {
        StoreInfo info{};
        bool can_scan = true;
        MemoryHook on_get{};  ///< any thread
        std::function<void()> on_scan_start{};
        MemoryHook on_scan{};  ///< for each tile
    };

    explicit MemoryReader(const MemoryTiles& tiles) : tiles_{tiles} {}
    MemoryReader(const MemoryTiles& tiles, Options options)
        : tiles_{tiles}, options_{std::move(options)} {}

    const StoreInfo& info() const override { return options_.info; }

    std::optional<Tile> get(const TileKey& key) const override {
        if (!options_.info.grid->contains(key)) {
            return std::nullopt;
        }
        if (options_.on_get) {
            options_.on_get(key);
        }
        return tiles_.get(key);
    }

    bool can_scan() const override { return options_.can_scan; }

    void scan(const TileRange& range, const Visitor& visit) const override {
        if (!options_.can_scan) {
            throw Error{Errc::unsupported, "memory: cannot list its tiles"};
        }
        if (options_.on_scan_start) {
            options_.on_scan_start();
        }
        for (const auto& [key, content] : tiles_.all()) {
            if (range.contains(key)) {
                if (options_.on_scan) {
                    options_.on_scan(key);
                }
                visit(key, content);
            }
        }
    }

private:
    const MemoryTiles& tiles_;
    Options options_;
};

/// Writes a store in memory, in transactions; a commit that fails loses the work, as a store may.
/// The tiles are not owned.
class MemoryWriter final : public TileWriter {
public:
    struct Hooks {
        MemoryHook on_put{};
        MemoryHook on_erase{};
        std::function<void()> on_commit{};
    };

    explicit MemoryWriter(MemoryTiles& tiles) : tiles_{tiles} {}
    MemoryWriter(MemoryTiles& tiles, Hooks hooks) : tiles_{tiles}, hooks_{std::move(hooks)} {}

    void put(const TileKey& key, BytesView content) override {
        if (hooks_.on_put) {
            hooks_.on_put(key);
        }
        if (!Grid::google_maps_compatible().contains(key) || content.empty()) {
            throw Error{Errc::invalid_argument, "no tile"};
        }
        changes_[key] = Bytes{content.begin(), content.end()};
    }

    void erase(const TileKey& key) override {
        if (hooks_.on_erase) {
            hooks_.on_erase(key);
        }
        changes_[key] = std::nullopt;
    }

    void commit() override {
        const auto changes = std::exchange(changes_, {});
        if (hooks_.on_commit) {
            hooks_.on_commit();
        }
        tiles_.apply(changes);
    }

private:
    MemoryTiles& tiles_;
    Hooks hooks_;
    std::map<TileKey, std::optional<Bytes>> changes_;
};

}  // namespace offgrid::test
