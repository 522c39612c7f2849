#include "formats/kv/memcache_store.h"

#include "formats/base/error.h"
#include "formats/image/blank.h"
#include "formats/kv/memcache_client.h"
#include "formats/kv/stored_tile.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid {

// --- MemcacheReader

MemcacheReader::MemcacheReader(const MemcacheOptions& options, TilesetSlice slice)
    : slice_{std::move(slice)},
      keys_{TileKeys::slashed(options.name, slice_)},
      client_{std::make_unique<MemcacheClient>(options)} {}

MemcacheReader::~MemcacheReader() = default;

std::optional<Tile> MemcacheReader::get(const TileKey& key) const {
    const auto value =
        keys_.grid().contains(key) ? client_->get(keys_.of(key)) : std::optional<Bytes>{};
    return value ? std::optional{StoredTile{*value, keys_, key}.tile()} : std::nullopt;
}

void MemcacheReader::scan(const TileRange&, const Visitor&) const {
    throw Error{
        Errc::unsupported,
        fmt::format("cache '{}': memcached does not say which tiles it has", keys_.cache())};
}

// --- MemcacheWriter

MemcacheWriter::MemcacheWriter(const MemcacheOptions& options, TilesetSlice slice)
    : slice_{std::move(slice)},
      keys_{TileKeys::slashed(options.name, slice_)},
      marks_blank_{options.marks_blank},
      client_{std::make_unique<MemcacheClient>(options)} {}

MemcacheWriter::~MemcacheWriter() = default;

void MemcacheWriter::put(const TileKey& key, BytesView content) {
    const auto name = keys_.of(key);
    std::optional<BlankColour> colour;
    if (marks_blank_) {
        try {
            colour = blank_colour_of(content);
        } catch (const Error& error) {
            rethrow_with(error, "cache '{}': '{}'", keys_.cache(), name);
        }
    }
    const auto value =
        colour ? stored_value(blank_mark(*colour), keys_, key) : stored_value(content, keys_, key);
    client_->set(name, value, slice_.expiry);
}

void MemcacheWriter::erase(const TileKey& key) {
    client_->erase(keys_.of(key));
}

}  // namespace offgrid
