#pragma once

#include "formats/base/live.h"
#include "serve/layer_set.h"
#include "serve/request.h"

#include <string>
#include <string_view>

namespace offgrid {

/// The layer as TileJSON 3.0.0. Addresses start with the `host` by which the client reached us;
/// without a usable one they start at the root.
std::string tilejson(const Layer& layer, std::string_view host);

/// Name, zooms, bounds and grid of every layer: what a client needs to offer and to draw them.
std::string layers_json(const LayerSet& layers, std::string_view host);

/// That the server answers, what it serves, and which earlier generations requests still use.
std::string health_json(const LayerSet& layers, const Live<LayerSet>::Statistics& states);

}  // namespace offgrid
