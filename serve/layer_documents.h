#pragma once

#include "formats/base/live.h"
#include "serve/layer_set.h"
#include "serve/request.h"

#include <string>
#include <string_view>

namespace offgrid {

/// The layer as TileJSON 3.0.0. Addresses start with the `host` by which the client reached us;
/// without a usable one they start at the root. A layer that is not in web mercator has its `crs`
/// and its `tileMatrixSet` (OGC 17-083r4) too, which most clients do not look at; one with tiles of
/// other than 256 pixels its `tileSize`.
std::string tilejson(const Layer& layer, std::string_view host);

/// Name, zooms, bounds and grid of every layer: what a client needs to offer and to draw them.
std::string layers_json(const LayerSet& layers, std::string_view host);

/// That the server answers, what it serves, and which earlier generations requests still use.
std::string health_json(const LayerSet& layers, const Live<LayerSet>::Statistics& states);

}  // namespace offgrid
