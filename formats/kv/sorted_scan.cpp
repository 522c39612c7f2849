#include "formats/kv/sorted_scan.h"

#include <vector>

namespace offgrid {
namespace {

/// What one walk may hold up others for.
constexpr std::size_t batch_bytes = std::size_t{1} << 20;
constexpr std::size_t batch_keys = 16'384;

struct Found {
    TileKey tile{};
    Bytes value{};
};

struct Batch {
    std::vector<Found> found{};
    std::string last_key{};  ///< empty: the zoom has no more
};

Batch read_batch(const TileKeys& keys, const TileRange& range, const std::string& prefix,
                 const std::string& from, const WalkEntries& walk) {
    Batch batch;
    std::size_t bytes = 0;
    std::size_t seen = 0;
    walk(from, [&](std::string_view key, BytesView value) {
        if (!key.starts_with(prefix)) {
            batch.last_key.clear();
            return false;
        }
        batch.last_key = key;
        if (key.ends_with('\0')) {
            const auto tile = keys.parse(key.substr(0, key.size() - 1));
            if (tile && range.contains(*tile)) {
                batch.found.push_back({*tile, {value.begin(), value.end()}});
                bytes += value.size();
            }
        }
        return bytes < batch_bytes && ++seen < batch_keys;
    });
    return batch;
}

using VisitStored = std::function<void(const TileKey&, const StoredTile&)>;

void scan_singly(const TileKeys& keys, const TileRange& range, const WalkEntries& walk,
                 const VisitStored& visit) {
    for (auto y = range.min_y; y < range.max_y; ++y) {
        for (auto x = range.min_x; x < range.max_x; ++x) {
            const TileKey tile{range.z, x, y};
            const auto wanted = keys.of(tile) + '\0';
            std::optional<Bytes> found;
            walk(wanted, [&](std::string_view key, BytesView value) {
                if (key == wanted) {
                    found.emplace(value.begin(), value.end());
                }
                return false;
            });
            if (found) {
                visit(tile, StoredTile{*found, keys, tile});
            }
        }
    }
}

}  // namespace

void scan_sorted(const TileKeys& keys, const TileRange& asked, const WalkEntries& walk,
                 const VisitStored& visit) {
    const auto range = keys.within_grid(asked);
    if (range.count() <= range_asked_singly) {
        scan_singly(keys, range, walk, visit);
        return;
    }
    const auto prefix = keys.prefix(range.z);
    auto from = prefix;
    for (;;) {
        const auto batch = read_batch(keys, range, prefix, from, walk);
        for (const auto& [tile, value] : batch.found) {
            visit(tile, StoredTile{value, keys, tile});
        }
        if (batch.last_key.empty()) {
            return;
        }
        from = batch.last_key + '\0';  // the next key that there can be
    }
}

}  // namespace offgrid
