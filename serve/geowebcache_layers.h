#pragma once

#include "serve/log.h"
#include "serve/path_layers.h"

#include <filesystem>

namespace offgrid {

/// The layers of a `geowebcache.xml` whose tiles are in SQLite stores, each in every grid set and
/// format as `LAYER@GRIDSET@EXTENSION`, and as `LAYER` where that is the only one; at the defaults
/// of their parameters. With them the pools of all these stores.
///
/// Tiles are read, never rendered, and only within the zooms and the extent of a grid subset. They
/// do not expire (`expireCache`): there is nobody to ask for newer ones. What the file has and
/// nothing here uses goes to the log, and so does a layer whose name cannot be had. Throws what
/// GeowebcacheConfig throws, `not_found` when nothing is left.
PathLayers open_geowebcache_layers(const std::filesystem::path& config, const Log& log);

}  // namespace offgrid
