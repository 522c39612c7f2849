#pragma once

#include "pack/transfer/transfer.h"
#include "tests/support/memory_store.h"

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {

inline Selection zooms(int min_zoom, int max_zoom) {
    const auto& grid = Grid::google_maps_compatible();
    std::vector<TileRange> ranges;
    for (int z = min_zoom; z <= max_zoom; ++z) {
        ranges.push_back(grid.whole(z));
    }
    return {grid, ranges};
}

/// All tiles of zoom 6 in memory: 4096, so that a transfer takes several batches.
inline MemoryTiles many_tiles() {
    MemoryTiles::Map tiles;
    for (std::int64_t i = 0; i < 4096; ++i) {
        tiles[{6, i / 64, i % 64}] = png_bytes(fmt::format("{}", i));
    }
    return MemoryTiles{std::move(tiles)};
}

/// One transfer between two stores in memory, with everything a test may want to change.
struct TransferFixture {
    explicit TransferFixture(MemoryTiles source_tiles) : source{std::move(source_tiles).all()} {}

    TransferResult run() {
        const MemoryReader reader{source, read};
        const MemoryReader present{destination};
        TransferJob job{.source = reader, .selection = selection, .is_stopped = is_stopped};
        job.only = only.empty() ? nullptr : &only;
        job.open_writer = [this] { return std::make_unique<MemoryWriter>(destination, write); };
        job.writers = writers;
        job.writes_in_files = writes_in_files;
        job.is_built_once = is_built_once;
        job.threads = threads;
        job.lacking_in = is_missing_only ? &present : nullptr;
        job.convert = convert;
        job.tiles_per_second = tiles_per_second;
        job.after = after;
        job.keep_mark = [this](const TransferMark& mark) { marks.push_back(mark); };
        job.keep_failure = [this](const TileKey& key, std::string_view cause) {
            failures.push_back(fmt::format("{}/{}/{} {}", key.z, key.x, key.y, cause));
        };
        return transfer(job);
    }

    MemoryTiles source;
    MemoryTiles destination;
    Selection selection = zooms(0, 8);
    std::vector<TileKey> only;
    MemoryReader::Options read;
    MemoryWriter::Hooks write;
    int writers = 1;
    bool writes_in_files = false;
    bool is_built_once = false;
    int threads = 1;
    bool is_missing_only = false;
    std::function<Bytes(BytesView, std::size_t)> convert;
    double tiles_per_second = 0;
    std::optional<TransferMark> after;
    std::atomic<bool> is_stopped = false;
    std::vector<TransferMark> marks;
    std::vector<std::string> failures;
};

}  // namespace offgrid::test
