#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"

namespace offgrid {

/// The tiles of a zoom that the layer may have. REQUIRES: its grid has that zoom.
TileRange coverage_of(const Layer& layer, int z);

/// Answer for a tile as GeoWebCache's services do: what `answer_tile` says, with the headers
/// `geowebcache-cache-result`, `-tile-index` (y from the south), `-tile-bounds`, `-gridset` and
/// `-crs`; a vector tile that is not there but could be is 204. REQUIRES: the layer's grid contains
/// it. Throws what the store throws.
Response answer_service_tile(const Layer& layer, const TileKey& key, const Request& request);

}  // namespace offgrid
