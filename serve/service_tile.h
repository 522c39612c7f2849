#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"
#include "serve/service_place.h"

#include <optional>

namespace offgrid {

/// Why a layer cannot have a tile.
struct OutOfCoverage {
    enum class Part { zoom, column, row };

    Part part = Part::zoom;
    TileRange coverage{};  ///< the tiles of that zoom that it may have; empty where `part` is zoom
};

/// Nothing where the layer covers the tile: where its grid, its zooms and its limits have it. Any
/// key may be asked.
std::optional<OutOfCoverage> out_of_coverage(const Layer& layer, const TileKey& key);

/// Answer for a tile as GeoWebCache's services do: what `answer_tile` says, with the headers
/// `geowebcache-cache-result`, `-tile-index` (y from the south), `-tile-bounds`, `-gridset` and
/// `-crs`; a vector tile that is not there is 204. REQUIRES: the layer covers it. Throws what the
/// store throws, with the tile in front.
Response answer_service_tile(const Layer& layer, const TileKey& key, const Request& request);

/// The same as MapCache's services do: what `answer_tile` says, with `Expires` beside a
/// `Cache-Control` that says how long the tile may be kept.
Response answer_mapcache_tile(const Layer& layer, const TileKey& key, const Request& request);

/// One of these, as the service is.
Response answer_tile_of(const ServicePlace& place, const Layer& layer, const TileKey& key,
                        const Request& request);

}  // namespace offgrid
