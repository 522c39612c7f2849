#pragma once

#include "formats/package/served_generation.h"
#include "serve/layer_set.h"
#include "serve/metrics.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace offgrid {

/// The pool of tile files that a store of GeoWebCache has for itself.
struct StorePool {
    std::string store{};                           ///< its name in its `geowebcache.xml`
    std::function<PoolStatistics()> statistics{};  ///< called by any thread; keeps the store alive
};

/// What one path has to serve. A value.
struct PathLayers {
    std::vector<Layer> layers{};
    std::vector<LayerFinder> finders{};
    std::vector<StorePool> store_pools{};
    std::shared_ptr<const ServedGeneration> depot{};  ///< null where the path is no depot

    /// Of an MBTiles file or a package: where it was when it was opened, with no links in it. Its
    /// handles are found by that even when it is gone.
    std::filesystem::path opened_at{};
};

}  // namespace offgrid
