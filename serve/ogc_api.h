#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// Answer OGC API - Tiles, part 1 (OGC 20-057), with the documents of OGC API - Common:
///
///     ogc                                            the landing page
///     ogc/api                                        what is here, as OpenAPI 3.0
///     ogc/conformance                                the conformance classes
///     ogc/tileMatrixSets[/{id}]                      the grids (OGC 17-083r4)
///     ogc/collections[/{layer}]                      the layers; `limit` and `offset` page
///     ogc/collections/{layer}/map/tiles[/{id}]       the tilesets of images
///     ogc/collections/{layer}/tiles[/{id}]           the tilesets of vector tiles
///     …/{id}/{tileMatrix}/{tileRow}/{tileCol}        a tile; rows count from the north
///
/// `address` is what follows `/ogc/`. All documents are JSON, `f` is `json` or absent; of a tile it
/// names the format, which it may leave out where the tileset has one. Grids with the tiles of web
/// mercator or plate carree have the names that OGC registered for these.
///
/// What is wrong or not here is told as a problem (RFC 7807) with 400 or 404. Throws what the store
/// throws.
Response answer_ogc_api(const LayerSet& layers, std::string_view address, const Request& request);

}  // namespace offgrid
