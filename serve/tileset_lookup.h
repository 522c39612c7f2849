#pragma once

#include "serve/layer_set.h"

#include <functional>
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

/// Which of the tilesets of a layer will do. Empty: any.
using IsWanted = std::function<bool(const Layer& layer)>;

/// The tileset that a service's client means by the name of a layer and a matrix set, any where
/// that is empty: what is called `NAME`, else the first called `NAME@MATRIXSET@EXTENSION` or
/// `NAME@MATRIXSET`, in whatever way it names the matrix set. Null when there is none.
std::shared_ptr<const Layer> find_tileset(const LayerSet& layers, const std::string& name,
                                          std::string_view matrix_set,
                                          const IsWanted& is_wanted = {});

}  // namespace offgrid
