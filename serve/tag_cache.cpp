#include "serve/tag_cache.h"

#include <cassert>

namespace offgrid {

TagCache::TagCache(std::size_t places)
    : mask_{places - 1}, places_{std::make_unique<Place[]>(places)} {
    assert(places > 0 && (places & mask_) == 0);
}

std::optional<ContentHash> TagCache::find(std::uint64_t reader, const TileKey& key) const noexcept {
    auto& place = place_of(reader, key);
    if (place.is_taken.test_and_set(std::memory_order_acquire)) {
        return std::nullopt;
    }
    const auto found =
        place.reader == reader && place.key == key ? std::optional{place.hash} : std::nullopt;
    place.is_taken.clear(std::memory_order_release);
    return found;
}

void TagCache::put(std::uint64_t reader, const TileKey& key, const ContentHash& hash) noexcept {
    auto& place = place_of(reader, key);
    if (place.is_taken.test_and_set(std::memory_order_acquire)) {
        return;
    }
    place.reader = reader;
    place.key = key;
    place.hash = hash;
    place.is_taken.clear(std::memory_order_release);
}

/// Spread by an odd constant of no meaning (2^64 by the golden ratio): neighbours, which one client
/// asks for together, are at different places.
TagCache::Place& TagCache::place_of(std::uint64_t reader, const TileKey& key) const noexcept {
    constexpr std::uint64_t spread = 0x9E37'79B9'7F4A'7C15;
    auto mixed = reader * spread + static_cast<std::uint64_t>(key.z);
    mixed = (mixed ^ mixed >> 32) * spread + static_cast<std::uint64_t>(key.x);
    mixed = (mixed ^ mixed >> 32) * spread + static_cast<std::uint64_t>(key.y);
    mixed = (mixed ^ mixed >> 32) * spread;
    return places_[(mixed >> 32) & mask_];
}

}  // namespace offgrid
