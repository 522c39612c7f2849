#pragma once

#include "formats/sqlite/mbtiles_store.h"
#include "serve/found_stores.h"
#include "serve/log.h"
#include "serve/path_layers.h"
#include "serve/pooled_reader.h"

#include <memory>
#include <vector>

namespace offgrid {

/// What opened stores read their files through. The files' is not owned and outlives them.
struct StorePools {
    sqlite::MbtilesPool& files;
    std::shared_ptr<ReaderPool> readers;
};

/// Open a store for serving. A file's layer is called as the file without its extension, a folder
/// of tiles as the folder, a package as its manifest says; see `open_gpkg_layers`, MapcacheLayers
/// and `open_geowebcache_layers` for the others. What of it cannot be served goes to the log.
/// Throws when nothing can. What `before` has of the depot is shared, as `open_generation` does;
/// may be null.
PathLayers open_store(const FoundStore& store, const StorePools& pools, const Log& log,
                      const ServedGeneration* before = nullptr);

/// The layers of a generation that is served, under the names that it gives them.
std::vector<Layer> layers_of(const std::shared_ptr<const ServedGeneration>& served);

/// Close what is open of a store that is gone, or in whose place there is another now. What takes
/// its name later is opened anew.
void discard_handles(const PathLayers& opened, sqlite::MbtilesPool& files);

}  // namespace offgrid
