#pragma once

#include "formats/config/geowebcache_config.h"
#include "formats/config/store_location.h"
#include "formats/gwc/blob_store.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace offgrid::config {

/// A configuration of GeoWebCache with its stores.
struct OpenGeowebcache {
    std::unique_ptr<const GeowebcacheConfig> config{};
    std::vector<std::unique_ptr<gwc::BlobStore>> stores{};  ///< as the configuration has them

    gwc::BlobStore& store_of(const GeowebcacheLayer& layer) const { return *stores[layer.store]; }
};

/// Read the configuration and its stores' properties files. What is not used is told to `warn`.
OpenGeowebcache open_geowebcache(const std::filesystem::path& file,
                                 const std::function<void(const std::string& message)>& warn);

/// The tileset of that name, `LAYER@GRIDSET@EXTENSION`; what is left out must be the only one, or
/// is told by the grid of the options. Their dimensions are request parameters. `text` is the whole
/// location.
///
/// Throws `invalid_argument` where several are meant, listing them, and what GeowebcacheConfig
/// throws. What is opened stays valid as long as `opened`.
StoreLocation find_geowebcache_tileset(const OpenGeowebcache& opened, const std::string& text,
                                       const std::string& name, const LocationOptions& options);

}  // namespace offgrid::config
