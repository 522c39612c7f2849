#pragma once

#include "formats/base/error.h"
#include "formats/store/tile_store.h"
#include "tests/support/tiles.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {

/// A store in memory that does as it is told. Outlives its readers and writers. Not for concurrent
/// writing.
struct MemoryStore {
    Pyramid tiles{};
    std::optional<Errc> failure{};  ///< what every call throws
    int failures_left = -1;         ///< how often; negative: for ever
    int failing_after = 0;          ///< tiles that a scan visits before it fails
    bool can_scan = true;
    int calls = 0;
    int commits = 0;

    std::unique_ptr<TileReader> reader();
    std::unique_ptr<TileWriter> writer();

    void fail_if_told() {
        ++calls;
        if (failure && failures_left != 0) {
            --failures_left;
            throw Error{*failure, "told to fail"};
        }
    }
};

class MemoryReader final : public TileReader {
public:
    explicit MemoryReader(MemoryStore& store) : store_{store} {}

    const StoreInfo& info() const override { return info_; }

    std::optional<Tile> get(const TileKey& key) const override {
        store_.fail_if_told();
        const auto found = store_.tiles.find(key);
        return found == store_.tiles.end() ? std::nullopt
                                           : std::optional{Tile{png_bytes(found->second)}};
    }

    bool can_scan() const override { return store_.can_scan; }

    void scan(const TileRange& range, const Visitor& visit) const override {
        int visited = 0;
        if (store_.failing_after == 0) {
            store_.fail_if_told();
        }
        for (const auto& [key, word] : store_.tiles) {
            if (!range.contains(key)) {
                continue;
            }
            if (visited++ == store_.failing_after && visited > 1) {
                store_.fail_if_told();
            }
            visit(key, png_bytes(word));
        }
    }

private:
    MemoryStore& store_;
    StoreInfo info_;
};

class MemoryWriter final : public TileWriter {
public:
    explicit MemoryWriter(MemoryStore& store) : store_{store} {}

    void put(const TileKey& key, BytesView content) override {
        store_.fail_if_told();
        if (!Grid::google_maps_compatible().contains(key) || content.empty()) {
            throw Error{Errc::invalid_argument, "no tile"};
        }
        store_.tiles[key] = word_in(Tile{{content.begin(), content.end()}});
    }

    void erase(const TileKey& key) override {
        store_.fail_if_told();
        store_.tiles.erase(key);
    }

    void commit() override {
        store_.fail_if_told();
        ++store_.commits;
    }

private:
    MemoryStore& store_;
};

inline std::unique_ptr<TileReader> MemoryStore::reader() {
    return std::make_unique<MemoryReader>(*this);
}

inline std::unique_ptr<TileWriter> MemoryStore::writer() {
    return std::make_unique<MemoryWriter>(*this);
}

template <typename... Stores>
std::vector<std::unique_ptr<TileReader>> readers_of(Stores&... stores) {
    std::vector<std::unique_ptr<TileReader>> readers;
    (readers.push_back(stores.reader()), ...);
    return readers;
}

template <typename... Stores>
std::vector<std::unique_ptr<TileWriter>> writers_of(Stores&... stores) {
    std::vector<std::unique_ptr<TileWriter>> writers;
    (writers.push_back(stores.writer()), ...);
    return writers;
}

/// What a scan of the zoom visits, and a list.
inline Pyramid scanned(const TileReader& reader, int z) {
    Pyramid tiles;
    reader.scan(Grid::google_maps_compatible().whole(z), [&](const TileKey& key, BytesView bytes) {
        tiles[key] = word_in(Tile{{bytes.begin(), bytes.end()}});
    });
    return tiles;
}

inline std::size_t listed(const TileReader& reader, int z) {
    std::size_t tiles = 0;
    reader.list(Grid::google_maps_compatible().whole(z),
                [&](const TileKey&, std::uint64_t) { ++tiles; });
    return tiles;
}

}  // namespace offgrid::test
