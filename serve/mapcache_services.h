#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// Whether the address is one of those below, at the root or behind `/mapcache`.
bool is_mapcache_address(std::string_view path);

/// Answer MapCache's addresses, so that its clients need another host and nothing else:
///
///     tms/…     see tms.h         wmts?…    wmts/1.0.0/…    see wmts.h
///     kml/…     see kml.h         demo[/…]  the viewer, which is elsewhere (302)
///     gmaps/{map}/{z}/{x}/{y}.{ext}         rows from the north
///     ve?layer={map}&tile={quadkey}
///     mg/S{n}/{map}/R{rows}/C{columns}/{row}_{column}.{ext}
///
/// A map is called `{layer}`, with `[{dimension}={value}]…`, with `@{grid}`; without a grid it is
/// the first. MapGuide's scale 0 is the deepest zoom of the layer, its rows and columns are those
/// of a group and within it, from the north. As with MapCache, the extension has to be there and
/// chooses among the formats of a layer; outside of what a layer covers it is 404. Several layers
/// joined by `;` are not put together: no layer has such a name.
///
/// REQUIRES: `is_mapcache_address`. Throws what the store throws.
Response answer_mapcache_service(const LayerSet& layers, const Request& request);

}  // namespace offgrid
