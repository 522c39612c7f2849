#include "formats/config/store_location.h"

#include "formats/base/error.h"
#include "formats/config/geowebcache_location.h"
#include "formats/config/own_location.h"
#include "formats/package/depot.h"
#include "formats/tile/lonlat.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace offgrid::config {
namespace {

namespace fs = std::filesystem;

/// `FILE.xml#TILESET`, taken apart.
struct ConfigLocation {
    fs::path file{};
    std::string tileset{};  ///< empty: the only one
};

std::optional<ConfigLocation> parse_config_location(const std::string& text) {
    const auto hash = text.rfind(".xml#");
    if (hash != std::string::npos) {
        return ConfigLocation{text.substr(0, hash + 4), text.substr(hash + 5)};
    }
    return text.ends_with(".xml") ? std::optional{ConfigLocation{text}} : std::nullopt;
}

std::pair<Manifest, LocateFile> find_manifest(const std::string& text) {
    const fs::path folder{text};
    if (!Depot::is_depot(folder)) {
        return {read_manifest(folder),
                [folder](const PackageFile& file) { return folder / file.name; }};
    }
    const auto depot = std::make_shared<const Depot>(folder);
    const auto generation = depot->load_current();
    if (generation.layers.size() != 1) {
        std::vector<std::string> names;
        for (const auto& [name, manifest] : generation.layers) {
            names.push_back(name);
        }
        throw Error{Errc::invalid_argument,
                    fmt::format("depot '{}' has not one layer but {}: {}", text, names.size(),
                                fmt::join(names, ", "))};
    }
    const auto& [name, manifest] = *generation.layers.begin();
    return {manifest, [depot, layer = name](const PackageFile& file) {
                return depot->stored_path(layer, file);
            }};
}

/// The tiles of a region in degrees; all where the formula of the grid's SRS is not known.
std::function<TileRange(int z)> tiles_within(const GridRef& grid, const Box& bounds) {
    const auto box = from_lonlat(grid->srs(), bounds);
    if (!box) {
        return limits_of(grid);
    }
    return [grid, box = *box](int z) { return grid->range_of(z, box); };
}

StoreLocation find_package(SharedStores& stores, const std::string& text,
                           const LocationOptions& options) {
    auto [manifest, locate_file] = find_manifest(text);
    if (!options.grid.empty() && options.grid != manifest.grid->name()) {
        throw Error{Errc::not_found, fmt::format("package '{}' has no grid '{}'; it has: {}", text,
                                                 options.grid, manifest.grid->name())};
    }
    auto& pool = *stores.mbtiles;
    StoreLocation location{.text = text,
                           .type = "package",
                           .info = open_package(manifest, locate_file, pool)->info(),
                           .limits = limits_of(manifest.grid),
                           .expected = tiles_within(manifest.grid, manifest.bounds),
                           .why_read_only = "packages are made by pack"};
    location.open_reader = [manifest = std::move(manifest), locate_file = std::move(locate_file),
                            &pool] { return open_package(manifest, locate_file, pool); };
    return location;
}

const Tileset& require_tileset(const MapcacheConfig& config, const ConfigLocation& wanted) {
    const auto& all = config.tilesets();
    if (wanted.tileset.empty() && all.size() == 1) {
        return *all.front();
    }
    if (const auto* const found = config.find_tileset(wanted.tileset)) {
        return *found;
    }
    std::vector<std::string> names;
    for (const auto& tileset : all) {
        names.push_back(tileset->name);
    }
    const auto known = names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
    if (wanted.tileset.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{}: name a tileset as {}#TILESET; there are: {}",
                                wanted.file.string(), wanted.file.string(), known)};
    }
    throw Error{Errc::not_found, fmt::format("{}: no tileset '{}'; there are: {}",
                                             wanted.file.string(), wanted.tileset, known)};
}

StoreLocation find_tileset(SharedStores& stores, const OpenConfig& opened, const std::string& text,
                           const ConfigLocation& wanted, const LocationOptions& options) {
    const auto& tileset = require_tileset(*opened.config, wanted);
    const auto* const link = tileset.find_grid(options.grid);
    if (link == nullptr) {
        std::vector<std::string> names;
        for (const auto& known : tileset.grids) {
            names.push_back(known.grid->name());
        }
        throw Error{Errc::not_found,
                    fmt::format("tileset '{}' has no grid '{}'; it has: {}", tileset.name,
                                options.grid, fmt::join(names, ", "))};
    }
    const auto slice = tileset.slice(*link, options.dimensions);
    const auto& cache = *tileset.cache;
    auto& locker = *opened.locker;
    StoreLocation location{.text = text,
                           .type = cache.type,
                           .info = slice.info,
                           .limits = [link](int z) { return link->limits(z); },
                           .expected = [link](int z) { return link->expected(z); },
                           .gains_by_parallel_writers = gains_by_parallel_writers(cache)};
    location.open_reader = [&stores, &cache, &locker, slice] {
        return offgrid::open_reader(cache, slice, stores.environment(locker));
    };
    for (const auto& dimension : tileset.dimensions) {
        location.dimensions.push_back(dimension->name());
    }
    if (tileset.is_read_only) {
        location.why_read_only = fmt::format("tileset '{}' is read-only", tileset.name);
        return location;
    }
    location.open_writer = [&stores, &cache, &locker, slice](const StoreInfo& like) {
        auto written = slice;
        written.info.attribution = like.attribution;
        if (!written.info.format) {
            written.info.format = like.format;
        }
        return offgrid::open_writer(cache, written, stores.environment(locker));
    };
    return location;
}

}  // namespace

SharedStores::SharedStores(std::size_t max_open_files, Warn warn_of)
    : warn{std::move(warn_of)},
      mbtiles{sqlite::make_mbtiles_pool(max_open_files)},
      caches{sqlite::make_cache_file_pool(max_open_files)},
      geopackages{gpkg::make_gpkg_pool(max_open_files)} {}

StoreLocations::StoreLocations(std::size_t max_open_files, Warn warn)
    : stores_{max_open_files, std::move(warn)} {}

StoreLocations::~StoreLocations() = default;

StoreLocation StoreLocations::find(const std::string& text, const LocationOptions& options) {
    if (const auto location = parse_config_location(text)) {
        if (const auto* const geowebcache = open_geowebcache(location->file)) {
            return find_geowebcache_tileset(*geowebcache, text, location->tileset, options);
        }
        return find_tileset(stores_, open_config(location->file), text, *location, options);
    }
    if (!options.dimensions.empty()) {
        throw Error{
            Errc::invalid_argument,
            fmt::format("'{}' has no dimensions: only tilesets of a mapcache.xml have, and layers "
                        "of a geowebcache.xml",
                        text)};
    }
    if (auto location = find_own_store(stores_, text, options)) {
        return std::move(*location);
    }
    if (fs::is_directory(text)) {
        return find_package(stores_, text, options);
    }
    throw Error{fs::exists(text) ? Errc::invalid_argument : Errc::not_found,
                fmt::format("'{}' is no store: it is neither an .mbtiles, .pmtiles, .gpkg or .tif "
                            "file, a folder of a package, a template with {{z}}/{{x}}/{{y}}, nor a "
                            "mapcache.xml",
                            text)};
}

const OpenConfig& StoreLocations::open_config(const fs::path& file) {
    const auto [opened, is_new] = load_once(file);
    if (is_new) {
        for (const auto& note : opened->config->unused()) {
            stores_.warn(fmt::format("{}: not used: {}", file.string(), note));
        }
    }
    return *opened;
}

const OpenGeowebcache* StoreLocations::open_geowebcache(const fs::path& file) {
    const std::lock_guard lock{mutex_};
    if (const auto known = geowebcaches_.find(file.string()); known != geowebcaches_.end()) {
        return known->second.get();
    }
    auto opened =
        GeowebcacheConfig::is_one(file)
            ? std::make_unique<const OpenGeowebcache>(config::open_geowebcache(file, stores_.warn))
            : nullptr;
    return geowebcaches_.emplace(file.string(), std::move(opened)).first->second.get();
}

std::pair<const OpenConfig*, bool> StoreLocations::load_once(const fs::path& file) {
    const std::lock_guard lock{mutex_};
    auto& opened = configs_[file.string()];
    if (opened.config) {
        return {&opened, false};
    }
    auto config = MapcacheConfig::load(file);
    opened.locker = config->make_locker();
    opened.config = std::move(config);
    return {&opened, true};
}

}  // namespace offgrid::config
