#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"
#include "serve/service_place.h"

#include <string_view>

namespace offgrid {

/// Answer an address of a super-overlay (OGC 07-147r2, KML 2.2, section 9.2 and 9.17), still
/// percent-encoded, behind the folder of the service. MapCache:
///
///     {map}.kml                     where to start: the tiles of zoom 0
///     {map}/{z}/{x}/{y}.kml         a tile, and where those of the next zoom are
///
/// with rows as the grid of the layer counts them and a map as `find_named_tileset` knows it; its
/// tiles are those of TMS. GeoWebCache:
///
///     {layer}.{ext}.{kml|kmz}       the same
///     {layer}/{key}.{ext}.{kml|kmz}
///     {layer}/{key}.{ext}           the tile itself
///
/// where a key is `x{x}y{y}z{z}` with y from the south, and the layer is the tileset in degrees if
/// it has one. `.kmz` is answered with the same KML, not zipped; its media type says so.
///
/// A layer has to be in degrees or in web mercator: others are 400. In mercator a tile is stretched
/// as if rows were equally spaced in degrees, which is off where it is high. 404 for what the layer
/// does not cover. Throws what the store throws.
Response answer_mapcache_kml(const LayerSet& layers, std::string_view address,
                             const Request& request, const ServicePlace& place);
Response answer_geowebcache_kml(const LayerSet& layers, std::string_view address,
                                const Request& request, const ServicePlace& place);

}  // namespace offgrid
