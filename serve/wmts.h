#pragma once

#include "serve/layer_set.h"
#include "serve/query.h"
#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// Answer a request of WMTS 1.0.0 by key and value (OGC 07-057r7, section 8.2): GetTile. What is
/// wrong with it is 400 with an exception report of OWS Common (OGC 06-121r3, section 8), another
/// operation 501; a tile that the layer could have and has not is 404 without a word. STYLE is not
/// looked at: a layer has one. Throws what the store throws.
Response answer_wmts(const LayerSet& layers, const Query& query, const Request& request);

/// The same for an address, `{layer}[/{style}]/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}`,
/// still percent-encoded, and `format` in the query; without that any format will do. Another
/// address is 404. What the client accepts is not asked: it named the format.
Response answer_wmts_rest(const LayerSet& layers, std::string_view address, const Query& query,
                          const Request& request);

}  // namespace offgrid
