#pragma once

#include "formats/config/store_location.h"
#include "formats/tile/grid_ref.h"

#include <functional>
#include <optional>
#include <string>

namespace offgrid::config {

/// The store that a location says all of by itself: a template of a folder or a URL, or an MBTiles,
/// PMTiles, GeoPackage or GeoTIFF file, which may be yet to be made. Nothing when it is none of
/// these. Throws as `StoreLocations::find`.
std::optional<StoreLocation> find_own_store(SharedStores& stores, const std::string& text,
                                            const LocationOptions& options);

/// All tiles of each zoom; none where the grid has no such zoom.
std::function<TileRange(int z)> limits_of(const GridRef& grid);

}  // namespace offgrid::config
