#include "formats/kv/stored_tile.h"

#include "formats/base/error.h"
#include "formats/image/blank.h"

#include <algorithm>
#include <cstring>

namespace offgrid {
namespace {

using std::chrono::microseconds;
using std::chrono::system_clock;

constexpr std::size_t time_bytes = sizeof(std::int64_t);

}  // namespace

Bytes stored_value(BytesView content, const TileKeys& keys, const TileKey& tile) {
    if (content.empty()) {
        throw Error{Errc::invalid_argument, fmt::format("cache '{}': the tile for '{}' is empty",
                                                        keys.cache(), keys.of(tile))};
    }
    const std::int64_t time =
        std::chrono::duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
    Bytes value(content.size() + time_bytes);
    std::ranges::copy(content, value.begin());
    std::memcpy(value.data() + content.size(), &time, time_bytes);
    return value;
}

StoredTile::StoredTile(BytesView value, const TileKeys& keys, const TileKey& tile) {
    if (value.size() <= time_bytes) {
        throw Error{Errc::corrupt,
                    fmt::format("cache '{}': '{}' holds no tile: {} bytes, of which the last {} "
                                "would be the time",
                                keys.cache(), keys.of(tile), value.size(), time_bytes)};
    }
    content_ = value.first(value.size() - time_bytes);
    std::memcpy(&microseconds_, value.data() + content_.size(), time_bytes);
    if (const auto colour = match_blank_mark(content_)) {
        blank_ = blank_png(*colour, keys.grid().tile_size(), keys.grid().tile_size());
    }
}

std::optional<system_clock::time_point> StoredTile::modified() const {
    constexpr auto latest =
        std::chrono::duration_cast<microseconds>(system_clock::duration::max()).count();
    if (microseconds_ <= 0 || microseconds_ > latest) {
        return std::nullopt;
    }
    return system_clock::time_point{microseconds{microseconds_}};
}

}  // namespace offgrid
