#pragma once

#include "formats/base/error.h"
#include "tests/support/memory_store.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace offgrid::test {

/// A store in memory that fails as it is told. Outlives its readers and writers. One thread, but
/// for reading a store that never fails.
struct ScriptedStore {
    MemoryTiles tiles{};
    std::optional<Errc> failure{};  ///< what every call throws
    int failures_left = -1;         ///< how often; negative: for ever
    int failing_after = 0;          ///< tiles that a scan visits before it fails
    bool can_scan = true;
    int calls = 0;
    int commits = 0;
    int writers = 0;  ///< that were opened

    std::unique_ptr<TileReader> reader() {
        const auto fail = [this](const TileKey&) { fail_if_told(); };
        const auto visited = std::make_shared<int>(0);
        return std::make_unique<MemoryReader>(
            tiles,
            MemoryReader::Options{.can_scan = can_scan,
                                  .on_get = fail,
                                  .on_scan_start =
                                      [this, visited] {
                                          *visited = 0;
                                          if (failing_after == 0) {
                                              fail_if_told();
                                          }
                                      },
                                  .on_scan =
                                      [this, visited](const TileKey&) {
                                          if (failing_after > 0 && (*visited)++ == failing_after) {
                                              fail_if_told();
                                          }
                                      }});
    }

    std::unique_ptr<TileWriter> writer() {
        ++writers;
        const auto fail = [this](const TileKey&) { fail_if_told(); };
        return std::make_unique<MemoryWriter>(
            tiles, MemoryWriter::Hooks{.on_put = fail, .on_erase = fail, .on_commit = [this] {
                                           fail_if_told();
                                           ++commits;
                                       }});
    }

    void fail_if_told() {
        ++calls;
        if (failure && failures_left != 0) {
            --failures_left;
            throw Error{*failure, "told to fail"};
        }
    }
};

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
