#pragma once

#include "serve/layer_set.h"
#include "serve/log.h"
#include "serve/pooled_reader.h"

#include <memory>
#include <vector>

namespace offgrid {

/// The tile pyramids of a GeoPackage, each a layer: called as the file without its extension where
/// there is one, else `FILE:TABLE`.
///
/// A pyramid that cannot be served, as one whose tiles are those of no built-in grid, goes to the
/// log and is left out. Throws when nothing is left.
std::vector<Layer> open_gpkg_layers(const FoundStore& store,
                                    const std::shared_ptr<ReaderPool>& readers, const Log& log);

}  // namespace offgrid
