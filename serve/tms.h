#pragma once

#include "serve/layer_set.h"
#include "serve/query.h"
#include "serve/request.h"
#include "serve/service_place.h"

#include <string_view>

namespace offgrid {

/// Answer an address of the Tile Map Service 1.0.0 (OSGeo), still percent-encoded, behind the
/// folder of the service:
///
///     (nothing)                            the versions
///     1.0.0/                               all tile maps
///     1.0.0/{map}                          one of them
///     1.0.0/{map}/{z}/{x}/{y}.{extension}  a tile
///
/// A map is called `{layer}`, `{layer}@{gridset}` or `{layer}@{gridset}@{extension}`; without a
/// grid set it is the first of the layer in that format. Rows count from the south, or from the
/// north where the query says `flipY=true` (GeoWebCache). An extension that the layer has not is as
/// good as any for MapCache and 400 for GeoWebCache. Outside of what the layer covers it is 404,
/// anything else that is wrong 400. Throws what the store throws.
Response answer_tms(const LayerSet& layers, std::string_view address, const Query& query,
                    const Request& request, const ServicePlace& place);

}  // namespace offgrid
