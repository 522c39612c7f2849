#include "serve/geowebcache_layers.h"

#include "formats/base/error.h"
#include "formats/config/geowebcache_location.h"
#include "formats/gwc/formats.h"
#include "formats/package/manifest.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

Layer open_layer(std::string id, const config::GeowebcacheTileset& tileset,
                 const std::shared_ptr<const config::OpenGeowebcache>& opened, std::string origin) {
    const auto info = tileset.info();
    const bool is_known = info.format.has_value();
    return {.id = std::move(id),
            .name = tileset.layer->name,
            .origin = std::move(origin),
            .vector_layers = {},
            .format = info.format,
            .extension = is_known ? "" : gwc::extension_of_format(tileset.format),
            .media_type = is_known ? "" : gwc::media_type_of_format(tileset.format),
            .max_age = tileset.layer->max_age,
            .limits = [link = tileset.link](int z) { return link->limits(z); },
            .owner = opened,
            .tiles = opened->store_of(*tileset.layer).open_reader(tileset.id(), info)};
}

/// The stores live as long as what tells of their pools.
std::vector<StorePool> pools_of(const std::shared_ptr<const config::OpenGeowebcache>& opened) {
    std::vector<StorePool> pools;
    for (const auto& store : opened->stores) {
        pools.push_back({.store = store->options().id, .statistics = [opened, &store = *store] {
                             return store.pool_statistics();
                         }});
    }
    return pools;
}

}  // namespace

PathLayers open_geowebcache_layers(const std::filesystem::path& config, const Log& log) {
    const auto opened = std::make_shared<const config::OpenGeowebcache>(
        config::open_geowebcache(config, [&](const std::string& message) { log(message); }));
    std::vector<Layer> layers;
    for (const auto& tileset : opened->config->tilesets()) {
        if (!is_layer_name(tileset.name)) {
            log(fmt::format("{}: '{}' is left out: no layer can have this name", config.string(),
                            tileset.name));
            continue;
        }
        layers.push_back(open_layer(tileset.name, tileset, opened, config.string()));
        if (tileset.layer->grids.size() == 1 && tileset.layer->formats.size() == 1) {
            layers.push_back(open_layer(tileset.layer->name, tileset, opened, config.string()));
        }
    }
    if (layers.empty()) {
        throw Error{Errc::not_found,
                    fmt::format("{}: no layer here can be served", config.string())};
    }
    return {.layers = std::move(layers), .store_pools = pools_of(opened)};
}

}  // namespace offgrid
