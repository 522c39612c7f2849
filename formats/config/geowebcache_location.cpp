#include "formats/config/geowebcache_location.h"

#include "formats/base/error.h"

#include <fmt/ranges.h>

#include <utility>

namespace offgrid::config {
namespace {

const GeowebcacheTileset& require_one(const GeowebcacheConfig& config, const std::string& text,
                                      const std::string& name, const std::string& grid) {
    std::vector<std::string> names;
    const GeowebcacheTileset* found = nullptr;
    for (const auto* tileset : config.find(name)) {
        if (grid.empty() || tileset->link->grid->name() == grid) {
            found = tileset;
            names.push_back(tileset->name);
        }
    }
    if (names.size() == 1) {
        return *found;
    }
    if (names.empty()) {
        throw Error{Errc::not_found,
                    fmt::format("{}: there is no such tileset{}", text,
                                grid.empty() ? "" : fmt::format(" in grid set '{}'", grid))};
    }
    throw Error{Errc::invalid_argument,
                fmt::format("{}: name one of: {}", text, fmt::join(names, ", "))};
}

}  // namespace

OpenGeowebcache open_geowebcache(const std::filesystem::path& file,
                                 const std::function<void(const std::string& message)>& warn) {
    OpenGeowebcache opened{.config = GeowebcacheConfig::load(file)};
    for (const auto& note : opened.config->unused()) {
        warn(fmt::format("{}: not used: {}", file.string(), note));
    }
    for (const auto& store : opened.config->stores()) {
        opened.stores.push_back(std::make_unique<gwc::BlobStore>(store, warn));
    }
    return opened;
}

StoreLocation find_geowebcache_tileset(const OpenGeowebcache& opened, const std::string& text,
                                       const std::string& name, const LocationOptions& options) {
    const auto& tileset = require_one(*opened.config, text, name, options.grid);
    const auto& layer = *tileset.layer;
    auto& store = opened.store_of(layer);
    const auto id = tileset.id(layer.parameters(options.dimensions));
    StoreLocation location{.text = text,
                           .type = "geowebcache",
                           .info = tileset.info(),
                           .limits = [link = tileset.link](int z) { return link->limits(z); },
                           .expected = [link = tileset.link](int z) { return link->expected(z); }};
    location.open_reader = [&store, id, info = location.info] {
        return store.open_reader(id, info);
    };
    location.open_writer = [&store, id, info = location.info,
                            expiry = layer.expiry](const StoreInfo& /*like*/) {
        return store.open_writer(id, info, expiry);
    };
    for (const auto& filter : layer.filters) {
        location.dimensions.push_back(filter.key);
    }
    return location;
}

}  // namespace offgrid::config
