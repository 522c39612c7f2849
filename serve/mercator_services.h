#pragma once

#include "serve/layer_set.h"
#include "serve/query.h"
#include "serve/request.h"

namespace offgrid {

/// Answers as GeoWebCache gives them to the clients of web maps: `layers` in web mercator, in
/// `format` where it is given, in any otherwise. What is missing or wrong is 400. Rows count from
/// the north. All throw what the store throws.

/// `zoom`, `x`, `y`, as Google Maps counts them.
Response answer_google_maps(const LayerSet& layers, const Query& query, const Request& request);

/// The same with zooms that count down from 17.
Response answer_mobile_google_maps(const LayerSet& layers, const Query& query,
                                   const Request& request);

/// `quadkey`, as Bing Maps has it: a digit 0 to 3 for each zoom, `x + 2 y` within its parent.
Response answer_virtual_earth(const LayerSet& layers, const Query& query, const Request& request);

}  // namespace offgrid
