#pragma once

#include "serve/layer_set.h"
#include "serve/query.h"
#include "serve/request.h"
#include "serve/service_place.h"

#include <string_view>

namespace offgrid {

/// Answer a request of WMTS 1.0.0 by key and value (OGC 07-057r7, sections 7 and 8.2):
/// GetCapabilities, GetTile, and GeoWebCache's own GetTileJSON. What is wrong with it is 400 with
/// an exception report of OWS Common (OGC 06-121r3, section 8), GetFeatureInfo 501; a tile that the
/// layer could have and has not is as `answer_tile` says. FORMAT has to be there for GeoWebCache
/// and not for MapCache. STYLE is not looked at: a layer has one. Dimensions have their names.
/// Throws what the store throws.
Response answer_wmts(const LayerSet& layers, const Query& query, const Request& request,
                     const ServicePlace& place);

/// The same for an address, still percent-encoded:
///
///     1.0.0/{layer}/default/[{dimension}/…]{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.{ext}
///     1.0.0/WMTSCapabilities.xml
///
/// as MapCache has it, for which 404 says that there is no such thing, and GeoWebCache, with what
/// follows `rest/`:
///
///     {layer}[/{style}]/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}    and `format=…`
///     {layer}[/{style}]/tilejson/{extension}
///     WMTSCapabilities.xml
///
/// Another address is 404. An extension chooses among the formats of the layer; one that it has not
/// is as good as none, as with MapCache. What the client accepts is asked for documents alone.
Response answer_wmts_rest(const LayerSet& layers, std::string_view address, const Query& query,
                          const Request& request, const ServicePlace& place);

}  // namespace offgrid
