#include "formats/gwc/blob_tiles.h"

#include "formats/base/error.h"
#include "formats/gwc/gzip.h"
#include "formats/store/in_cache.h"
#include "formats/tile/tile_format.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid::gwc {

BlobReader::BlobReader(const sqlite::CacheOptions& options, TilesetSlice slice,
                       sqlite::CacheFilePool& pool, Zipping zipping, Expiry expiry)
    : tiles_{options, std::move(slice), pool},
      name_{options.name},
      zipping_{zipping},
      expiry_{std::move(expiry)} {}

Bytes BlobReader::plain(const TileKey& key, BytesView stored) const {
    try {
        return unzipped(stored);
    } catch (const Error& error) {
        rethrow_with(error, "cache '{}': {}/{}/{}", name_, key.z, key.x, key.y);
    }
}

std::optional<Tile> BlobReader::get(const TileKey& key) const {
    auto tile = tiles_.get(key);
    if (!tile) {
        return std::nullopt;
    }
    const auto lifetime = expiry_.of(key.z);
    if (lifetime && tile->modified &&
        std::chrono::system_clock::now() - *tile->modified > *lifetime) {
        return std::nullopt;
    }
    if (zipping_ == Zipping::on && is_gzip(tile->content)) {
        tile->content = plain(key, tile->content);
    }
    return tile;
}

bool BlobReader::exists(const TileKey& key) const {
    return expiry_.of(key.z) ? get(key).has_value() : tiles_.exists(key);
}

void BlobReader::scan(const TileRange& range, const Visitor& visit) const {
    tiles_.scan(range, [&](const TileKey& key, BytesView content) {
        if (zipping_ == Zipping::on && is_gzip(content)) {
            visit(key, plain(key, content));
        } else {
            visit(key, content);
        }
    });
}

/// Sizes are those of the tiles as they are given back.
void BlobReader::list(const TileRange& range, const SizeVisitor& visit) const {
    if (zipping_ == Zipping::on) {
        TileReader::list(range, visit);
    } else {
        tiles_.list(range, visit);
    }
}

BlobWriter::BlobWriter(const sqlite::CacheOptions& options, TilesetSlice slice, TilesetId id,
                       StoreMetadata& metadata, Zipping zipping, Expiry expiry)
    : tiles_{options, std::move(slice)},
      id_{std::move(id)},
      metadata_{metadata},
      zipping_{zipping},
      expiry_{std::move(expiry)},
      must_tell_parameters_{!id_.parameters.empty()} {}

void BlobWriter::put(const TileKey& key, BytesView content) {
    if (!expiry_.keeps(key.z)) {
        throw Error{Errc::denied, fmt::format("tiles of layer '{}' at zoom {} are not to be kept",
                                              id_.layer, key.z)};
    }
    if (zipping_ == Zipping::on && !content.empty() && !is_gzip(content)) {
        tiles_.put(key, gzipped(content));
    } else {
        tiles_.put(key, content);
    }
}

void BlobWriter::commit() {
    if (must_tell_parameters_) {
        metadata_.put_parameters(id_.layer, id_.parameters);
        must_tell_parameters_ = false;
    }
    tiles_.commit();
}

}  // namespace offgrid::gwc
