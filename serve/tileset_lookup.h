#pragma once

#include "serve/layer_set.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// Whether tiles of the layer are those of the tile matrix set of that name: the name of its grid
/// or, for a grid with the very tiles of web mercator or of plate carree, any name by which
/// MapCache, GeoWebCache or OGC (17-083r4, annex D) know these.
bool is_in_matrix_set(const Layer& layer, std::string_view name);

/// Whether tiles of the layer may be asked for in GeoWebCache's format of that name (`image/png8`);
/// in any where it is empty.
bool is_in_format(const Layer& layer, std::string_view format);

/// Whether tiles of the layer may be asked for with that extension (`png8`, `jpg`), still
/// percent-encoded or not.
bool is_in_extension(const Layer& layer, std::string_view extension);

/// Which of the tilesets of a layer will do. Empty: any.
using IsWanted = std::function<bool(const Layer& layer)>;

/// The tileset that a service's client means by the name of a layer and a matrix set, any where
/// that is empty: the one of the catalogue in its matrix set of that name; else what is called
/// `NAME`, the layer's first in a matrix set that is also called so, or the first called
/// `NAME@MATRIXSET@EXTENSION` or `NAME@MATRIXSET`, in whatever way it names the matrix set. Null
/// when there is none. Takes the logarithm of the number of layers.
std::shared_ptr<const Layer> find_tileset(const LayerSet& layers, std::string_view name,
                                          std::string_view matrix_set,
                                          const IsWanted& is_wanted = {});

/// The tileset that MapCache's and GeoWebCache's addresses mean by one word: `NAME`,
/// `NAME[DIMENSION=VALUE]…`, each with `@MATRIXSET` or `@MATRIXSET@EXTENSION` or without. Of
/// several the first that is wanted; null when there is none.
std::shared_ptr<const Layer> find_named_tileset(const LayerSet& layers, std::string_view word,
                                                const IsWanted& is_wanted = {});

/// The same tileset at values of its dimensions, all others at their default; null where a
/// dimension has not the value.
std::shared_ptr<const Layer> find_at_values(
    const LayerSet& layers, const Layer& layer,
    const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace offgrid
