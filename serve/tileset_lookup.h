#pragma once

#include "serve/layer_set.h"

#include <memory>
#include <string>
#include <string_view>

namespace offgrid {

/// Whether tiles of the layer are those of the tile matrix set of that name: the name of its grid
/// or, for a grid with the very tiles of web mercator or of plate carree, any name by which
/// MapCache, GeoWebCache or OGC (17-083r4, annex D) know these.
bool is_in_matrix_set(const Layer& layer, std::string_view name);

/// Whether tiles of the layer may be asked for in GeoWebCache's format of that name (`image/png8`);
/// in any where it is empty.
bool is_in_format(const Layer& layer, std::string_view format);

/// The layer that a service's client means by a name, a matrix set and a format: `NAME` where it is
/// in both, else what is called `NAME@MATRIXSET@EXTENSION` or `NAME@MATRIXSET`. Null when there is
/// none.
std::shared_ptr<const Layer> find_tileset(const LayerSet& layers, const std::string& name,
                                          const std::string& matrix_set, const std::string& format);

}  // namespace offgrid
