#pragma once

#include "serve/catalogue.h"
#include "serve/service_place.h"

#include <string>
#include <string_view>

namespace offgrid {

/// The documents of the Tile Map Service 1.0.0 (OSGeo), with `ServiceDocument::root_mark` before
/// each address. All have addresses behind the folder of the service.

/// The root: which versions there are.
std::string tms_versions();

/// The tile maps: one for each tileset, called as its layer and its matrix set, with the extension
/// where the dialect or another tileset asks for it.
std::string tms_tile_maps(const Catalogue& catalogue, ServicePlace::Dialect dialect);

/// A tile map under the name by which it was asked for. Boxes are in the units of its grid, east
/// then north. As in MapCache the box is that of the grid; its tiles count from the lower left
/// corner, which for a grid that starts above is that of its deepest zoom.
std::string tms_tile_map(const Layer& layer, std::string_view name);

}  // namespace offgrid
