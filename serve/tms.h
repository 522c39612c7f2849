#pragma once

#include "serve/layer_set.h"
#include "serve/query.h"
#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// Answer for a tile of the Tile Map Service 1.0.0 (OSGeo) as GeoWebCache has it:
/// `1.0.0/{layer}[@{gridset}@{extension}]/{z}/{x}/{y}.{extension}`, still percent-encoded, with y
/// from the south, or from the north where the query says `flipY=true`. Without a grid set it is
/// the first of the layer in that format. Outside of what the layer covers it is 404, anything else
/// that is wrong 400. Throws what the store throws.
Response answer_tms(const LayerSet& layers, std::string_view address, const Query& query,
                    const Request& request);

}  // namespace offgrid
