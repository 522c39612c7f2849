#pragma once

#include "formats/base/live.h"
#include "serve/layer_set.h"
#include "serve/request.h"

#include <string>
#include <string_view>

namespace offgrid {

/// The layer as TileJSON 3.0.0. Addresses start with the `base` of the request; without one
/// they start at the root. A layer that is not in web mercator has its `crs`
/// and its `tileMatrixSet` (OGC 17-083r4) too, which most clients do not look at; one with tiles of
/// other than 256 pixels its `tileSize`; one with a style its address as `style`. Whatever its
/// metadata says, this is valid, and no longer than LayerDescription allows.
std::string tilejson(const Layer& layer, std::string_view base);

/// Name, zooms, bounds and grid of every layer: what a client needs to offer and to draw them.
/// `thumbnail` is the address of one tile, in the middle of the bounds at the lowest zoom, and
/// `style` that of the style, where there is one; both start where the list is. Reads no store.
std::string layers_json(const LayerSet& layers, std::string_view base);

/// That the server answers, what it serves, how many stores are still to be opened, which cannot be
/// served and why, and which earlier generations requests still use.
std::string health_json(const LayerSet& layers, const Live<LayerSet>::Statistics& states);

}  // namespace offgrid
