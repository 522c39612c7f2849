#include "serve/open_layers.h"

#include "formats/base/error.h"
#include "formats/config/geowebcache_config.h"
#include "formats/package/package_reader.h"
#include "formats/pmtiles/pmtiles_reader.h"
#include "serve/geowebcache_layers.h"
#include "serve/gpkg_layers.h"
#include "serve/mapcache_layers.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// The member "vector_layers" of the metadata row "json" (MBTiles 1.3, "Vector tileset metadata"),
/// or empty.
std::string vector_layers_in(std::string_view metadata_json) {
    // Writing JSON recurses, so what nests deeper than any real description is dropped: it may come
    // from anyone.
    constexpr int max_depth = 8;
    const auto is_shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        return depth <= max_depth;
    };
    const auto json = nlohmann::json::parse(metadata_json, is_shallow, /*allow_exceptions=*/false);
    const auto found = json.find("vector_layers");
    if (found == json.end() || !found->is_array()) {
        return {};
    }
    return found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The format of a file that does not state it: that of the first tile that a short search finds.
std::optional<TileFormat> sniffed_format(const TileReader& tiles) {
    constexpr std::int64_t max_side = 8;
    const auto& info = tiles.info();
    const auto whole = info.grid->whole(info.min_zoom);
    for (std::int64_t y = whole.min_y; y < std::min(whole.max_y, max_side); ++y) {
        for (std::int64_t x = whole.min_x; x < std::min(whole.max_x, max_side); ++x) {
            if (const auto tile = tiles.get({info.min_zoom, x, y})) {
                return sniff_format(tile->content);
            }
        }
    }
    return std::nullopt;
}

void require_layer_name(const Layer& layer) {
    if (!is_layer_name(layer.id)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{}: no layer can have the name of this file", layer.origin)};
    }
}

Layer open_pmtiles(const fs::path& path) {
    auto tiles = std::make_unique<PmtilesReader>(PmtilesOptions{.file = path});
    const auto stated = tiles->info().format;
    Layer layer{.id = path.stem().string(),
                .origin = path.string(),
                .vector_layers = tiles->vector_layers(),
                .format = stated ? stated : sniffed_format(*tiles),
                .tiles = std::move(tiles)};
    require_layer_name(layer);
    return layer;
}

Layer open_mbtiles(const fs::path& path, sqlite::MbtilesPool& pool) {
    auto tiles =
        std::make_unique<sqlite::MbtilesReader>(path, Grid::google_maps_compatible(), pool);
    const auto stated = tiles->info().format;
    Layer layer{.id = path.stem().string(),
                .origin = path.string(),
                .vector_layers = {},
                .format = stated ? stated : sniffed_format(*tiles),
                .tiles = std::move(tiles)};
    require_layer_name(layer);
    if (layer.format == TileFormat::pbf) {
        const auto metadata = pool.acquire(path.string(), sqlite::handle_timeout)->metadata();
        const auto json = metadata.find("json");
        layer.vector_layers = json == metadata.end() ? "" : vector_layers_in(json->second);
    }
    return layer;
}

Layer open_file(const fs::path& path, sqlite::MbtilesPool& pool) {
    return path.extension() == ".pmtiles" ? open_pmtiles(path) : open_mbtiles(path, pool);
}

/// A package that was copied in part serves what is there; its other files count as absent, not as
/// damaged.
void leave_out_missing_files(Manifest& manifest, const fs::path& folder, const Log& log) {
    std::vector<PackageFile> present;
    std::copy_if(manifest.files.begin(), manifest.files.end(), std::back_inserter(present),
                 [&](const PackageFile& file) { return fs::exists(folder / file.name); });
    const auto all = manifest.files.size();
    if (present.size() < all) {
        log(fmt::format("{}: {} of {} files are missing; their tiles are absent", folder.string(),
                        all - present.size(), all));
        manifest.files = std::move(present);
    }
}

Layer open_package_folder(const fs::path& folder, sqlite::MbtilesPool& pool, const Log& log) {
    auto manifest = read_manifest(folder);
    leave_out_missing_files(manifest, folder, log);
    const auto locate = [root = fs::canonical(folder)](const PackageFile& file) {
        return root / file.name;
    };
    return {.id = manifest.layer,
            .origin = folder.string(),
            .vector_layers = {},
            .format = manifest.format,
            .tiles = open_package(manifest, locate, pool)};
}

std::vector<Layer> layers_of(const std::shared_ptr<const ServedGeneration>& served) {
    std::vector<Layer> layers;
    layers.reserve(served->generation().layers.size());
    for (const auto& [name, manifest] : served->generation().layers) {
        layers.push_back({.id = name,
                          .origin = served->root().string(),
                          .vector_layers = {},
                          .format = manifest.format,
                          .owner = served,
                          .tiles = served->reader(name)});
    }
    return layers;
}

bool is_package(const fs::path& path) {
    return fs::is_regular_file(path / manifest_name);
}

bool is_gpkg(const fs::path& path) {
    return path.extension() == ".gpkg" && !fs::is_directory(path);
}

std::vector<Layer> layers_in_folder(const fs::path& folder, sqlite::MbtilesPool& pool,
                                    const Log& log) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator{folder}) {
        const auto& path = entry.path();
        if (path.filename().string().starts_with('.')) {
            continue;  // what is hidden is not finished
        }
        const bool is_tile_file =
            path.extension() == ".mbtiles" || path.extension() == ".pmtiles" || is_gpkg(path);
        if (is_package(path) || (is_tile_file && entry.is_regular_file())) {
            paths.push_back(path);
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Layer> layers;
    for (const auto& path : paths) {
        try {
            if (is_gpkg(path)) {
                std::ranges::move(open_gpkg_layers(path, log), std::back_inserter(layers));
                continue;
            }
            layers.push_back(is_package(path) ? open_package_folder(path, pool, log)
                                              : open_file(path, pool));
        } catch (const Error& error) {
            log(fmt::format("{} is left out: {}", path.string(), error.what()));
        }
    }
    if (layers.empty()) {
        throw Error{
            Errc::not_found,
            fmt::format("{}: no package and no .mbtiles, .pmtiles or .gpkg file here can be served",
                        folder.string())};
    }
    return layers;
}

PathLayers open_existing(const fs::path& path, sqlite::MbtilesPool& pool, const Log& log,
                         const ServedGeneration* before) {
    if (!fs::exists(path)) {
        throw Error{Errc::not_found, fmt::format("{}: no such file or folder", path.string())};
    }
    const bool is_configuration = path.extension() == ".xml" && !fs::is_directory(path);
    if (is_configuration && config::GeowebcacheConfig::is_one(path)) {
        return open_geowebcache_layers(path, log);
    }
    if (is_configuration) {
        const auto config = std::make_shared<const MapcacheLayers>(path, log);
        return {.layers = config->listed(),
                .finders = {[config](std::string_view id) { return config->find(id); }}};
    }
    if (is_gpkg(path)) {
        return {.layers = open_gpkg_layers(path, log)};
    }
    if (!fs::is_directory(path)) {
        return {.layers = {open_file(path, pool)}};
    }
    if (is_package(path)) {
        return {.layers = {open_package_folder(path, pool, log)}};
    }
    if (Depot::is_depot(path)) {
        auto served = ServedGeneration::open_current(Depot{fs::canonical(path)}, pool, before);
        auto layers = layers_of(served);
        return {.layers = std::move(layers), .finders = {}, .depot = std::move(served)};
    }
    return {.layers = layers_in_folder(path, pool, log)};
}

}  // namespace

std::unique_ptr<const LayerSet> open_generation(const Depot& depot, const Generation& generation,
                                                sqlite::MbtilesPool& pool, const LayerSet* before) {
    auto served = std::make_shared<const ServedGeneration>(
        depot, generation, pool, before == nullptr ? nullptr : before->served(depot.root()));
    auto layers = layers_of(served);
    std::vector<std::shared_ptr<const ServedGeneration>> depots{std::move(served)};
    return std::make_unique<const LayerSet>(std::move(layers), generation.number,
                                            std::vector<LayerFinder>{}, std::move(depots));
}

Generation current_generation(const Depot& depot, const LayerSet& served) {
    const auto* const known = served.served(depot.root());
    if (known == nullptr) {
        return depot.load_current();
    }
    const auto number = depot.current_number();
    return known->generation().number == number ? known->generation()
                                                : depot.load(number, known->generation());
}

PathLayers open_path(const fs::path& path, sqlite::MbtilesPool& pool, const Log& log,
                     const ServedGeneration* before) {
    try {
        return open_existing(path, pool, log, before);
    } catch (const fs::filesystem_error& error) {
        throw Error{Errc::io, fmt::format("{}: {}", path.string(), error.code().message())};
    }
}

PoolReports reports_of(const std::vector<StorePool>& pools) {
    PoolReports reports;
    for (const auto& pool : pools) {
        reports[pool.store] += pool.statistics();
    }
    return reports;
}

std::unique_ptr<const LayerSet> layer_set_of(const std::vector<PathLayers>& paths) {
    std::vector<Layer> layers;
    std::vector<LayerFinder> finders;
    std::vector<std::shared_ptr<const ServedGeneration>> depots;
    for (const auto& path : paths) {
        layers.insert(layers.end(), path.layers.begin(), path.layers.end());
        finders.insert(finders.end(), path.finders.begin(), path.finders.end());
        if (path.depot) {
            depots.push_back(path.depot);
        }
    }
    const auto generation =
        depots.size() == 1 ? std::optional{depots.front()->generation().number} : std::nullopt;
    return std::make_unique<const LayerSet>(std::move(layers), generation, std::move(finders),
                                            std::move(depots));
}

ServedPaths::ServedPaths(std::vector<fs::path> paths, sqlite::MbtilesPool& pool, Log log)
    : paths_{std::move(paths)}, pool_{pool}, log_{std::move(log)} {
    for (const auto& path : paths_) {
        opened_.push_back(open_path(path, pool_, log_));
    }
}

std::vector<StorePool> ServedPaths::store_pools() const {
    std::vector<StorePool> pools;
    for (const auto& path : opened_) {
        pools.insert(pools.end(), path.store_pools.begin(), path.store_pools.end());
    }
    return pools;
}

std::unique_ptr<const LayerSet> ServedPaths::reopen(const fs::path& depot) {
    auto opened = opened_;
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        const auto* const before = opened_[i].depot.get();
        if (before != nullptr && before->root() == depot) {
            opened[i] = open_path(depot, pool_, log_, before);
        }
    }
    auto layers = layer_set_of(opened);
    opened_ = std::move(opened);
    return layers;
}

}  // namespace offgrid
