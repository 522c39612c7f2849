#include "formats/pmtiles/hilbert.h"

#include <bit>
#include <utility>

namespace offgrid::pmtiles {
namespace {

struct Place {
    std::uint64_t x = 0;
    std::uint64_t y = 0;
};

/// Turn a square of 2^n by 2^n so that the curve in the quarter runs as it does in the whole.
/// `side` is a power of two.
Place turned(const Place& place, std::uint64_t side, bool is_east, bool is_south) {
    if (is_south) {
        return place;
    }
    return is_east ? Place{side - 1 - place.y, side - 1 - place.x} : Place{place.y, place.x};
}

}  // namespace

std::uint64_t hilbert_id(const TileKey& key) {
    std::uint64_t distance = 0;
    Place place{static_cast<std::uint64_t>(key.x), static_cast<std::uint64_t>(key.y)};
    for (auto side = std::uint64_t{1} << key.z >> 1; side > 0; side >>= 1) {
        const bool is_east = (place.x & side) != 0;
        const bool is_south = (place.y & side) != 0;
        distance += side * side * ((is_east ? 3U : 0U) ^ (is_south ? 1U : 0U));
        place = turned({place.x & (side - 1), place.y & (side - 1)}, side, is_east, is_south);
    }
    return first_id_of(key.z) + distance;
}

TileKey key_of(std::uint64_t id) {
    const int z = zoom_of(id);
    auto distance = id - first_id_of(z);
    Place place;
    for (std::uint64_t side = 1; side < std::uint64_t{1} << z; side <<= 1) {
        const bool is_east = (distance & 2) != 0;
        const bool is_south = ((distance & 1) != 0) != is_east;
        place = turned(place, side, is_east, is_south);
        place.x += is_east ? side : 0;
        place.y += is_south ? side : 0;
        distance >>= 2;
    }
    return {z, static_cast<std::int64_t>(place.x), static_cast<std::int64_t>(place.y)};
}

int zoom_of(std::uint64_t id) {
    return (static_cast<int>(std::bit_width(3 * id + 1)) - 1) / 2;  // 3 * first_id_of(z) + 1 = 4^z
}

}  // namespace offgrid::pmtiles
