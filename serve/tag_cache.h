#pragma once

#include "formats/base/hash.h"
#include "formats/tile/key.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace offgrid {

/// What the bytes of tiles hash to that were sent lately, so that a client that has a tile is told
/// so without reading it again. Holds what stores have, not what a client is sent: an entity tag is
/// made of that by who knows the representation (`etag_of`).
///
/// Of fixed size: a tile has one place, which it takes from another that has the same. Only for
/// readers that are unchanging, which are told apart by `TileReader::id`. Safe for concurrent use:
/// nobody waits, and who meets another at a place finds nothing, or leaves it as it is.
class TagCache {
public:
    /// REQUIRES: a power of two. 64 bytes each.
    explicit TagCache(std::size_t places = 1U << 16);

    std::optional<ContentHash> find(std::uint64_t reader, const TileKey& key) const noexcept;
    void put(std::uint64_t reader, const TileKey& key, const ContentHash& hash) noexcept;

private:
    /// A line of the processor's cache: threads at different places do not disturb each other.
    struct alignas(64) Place {
        std::atomic_flag is_taken{};  // guards what follows
        std::uint64_t reader = 0;     // 0: of nobody
        TileKey key{};
        ContentHash hash{};
    };

    Place& place_of(std::uint64_t reader, const TileKey& key) const noexcept;

    std::size_t mask_;
    std::unique_ptr<Place[]> places_;
};

}  // namespace offgrid
