#include "serve/store_opener.h"

#include "formats/base/error.h"
#include "formats/config/geowebcache_config.h"
#include "formats/config/tile_tree.h"
#include "formats/package/package_reader.h"
#include "formats/pmtiles/pmtiles_reader.h"
#include "formats/tiff/cog_reader.h"
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

/// The only layer of a store, called as its file or folder.
Layer layer_of(const FoundStore& store, std::string id, std::shared_ptr<const TileReader> tiles) {
    const auto stated = tiles->info().format;
    return {.id = std::move(id),
            .origin = store.path.string(),
            .vector_layers = {},
            .format = stated ? stated : sniffed_format(*tiles),
            .tiles = std::move(tiles)};
}

Layer open_pmtiles(const FoundStore& store, const StorePools& pools) {
    std::string vector_layers;
    {
        const PmtilesReader file{PmtilesOptions{.file = store.path}};
        vector_layers = file.vector_layers();
    }
    auto layer = layer_of(store, store.path.stem().string(),
                          std::make_shared<const PooledReader>(
                              reader_key(store.path.string(), store.identity),
                              [path = store.path] {
                                  return OpenReader{.tiles = std::make_unique<PmtilesReader>(
                                                        PmtilesOptions{.file = path})};
                              },
                              pools.readers));
    layer.vector_layers = std::move(vector_layers);
    return layer;
}

/// The built-in grid as whose tiles a GeoTIFF is cut.
const Grid& grid_of_cog(const CogOptions& cog) {
    std::optional<Error> failure;
    for (const auto* const grid : Grid::built_in()) {
        try {
            const CogReader reader{cog, *grid};
            return *grid;
        } catch (const Error& error) {
            if (error.code() != Errc::unsupported) {
                throw;
            }
            if (!failure) {
                failure = error;
            }
        }
    }
    throw Error{*failure};
}

Layer open_cog(const FoundStore& store, const StorePools& pools) {
    const CogOptions cog{.name = store.path.string(), .file = store.path.string()};
    const auto& grid = grid_of_cog(cog);
    return layer_of(
        store, store.path.stem().string(),
        std::make_shared<const PooledReader>(
            reader_key(store.path.string(), store.identity),
            [cog, &grid] { return OpenReader{.tiles = std::make_unique<CogReader>(cog, grid)}; },
            pools.readers));
}

Layer open_mbtiles(const FoundStore& store, sqlite::MbtilesPool& pool) {
    auto layer = layer_of(
        store, store.path.stem().string(),
        std::make_unique<sqlite::MbtilesReader>(store.path, Grid::google_maps_compatible(), pool));
    if (layer.format == TileFormat::pbf) {
        const auto metadata = pool.acquire(store.path.string(), sqlite::handle_timeout)->metadata();
        const auto json = metadata.find("json");
        layer.vector_layers = json == metadata.end() ? "" : vector_layers_in(json->second);
    }
    return layer;
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
    auto tiles = open_package(manifest, locate, pool);
    return {.id = manifest.layer,
            .origin = folder.string(),
            .vector_layers = {},
            .format = manifest.format,
            .tiles = std::move(tiles),
            .package = std::make_shared<const Manifest>(std::move(manifest))};
}

/// The folder in which the store was found, at any depth.
fs::path served_folder(const FoundStore& store) {
    auto folder = store.path;
    for ([[maybe_unused]] const auto& part : fs::path{store.name}) {
        folder = folder.parent_path();
    }
    return folder;
}

/// The layer with what clients draw it with, where that lies beside its tiles.
PathLayers styled(Layer layer, const FoundStore& store) {
    layer.style = store.kind == StoreKind::package
                      ? style_of_package(store.path, served_folder(store))
                      : style_of_file(store.path, served_folder(store));
    return {.layers = {std::move(layer)}};
}

PathLayers opened_at(fs::path path, PathLayers opened) {
    opened.opened_at = std::move(path);
    return opened;
}

PathLayers open_configuration(const fs::path& path, const Log& log) {
    if (config::GeowebcacheConfig::is_one(path)) {
        return open_geowebcache_layers(path, log);
    }
    const auto config = std::make_shared<const MapcacheLayers>(path, log);
    return {.layers = config->listed(),
            .finders = {[config](std::string_view id) { return config->find(id); }}};
}

PathLayers open_depot(const fs::path& path, sqlite::MbtilesPool& pool,
                      const ServedGeneration* before) {
    auto served = ServedGeneration::open_current(Depot{fs::canonical(path)}, pool, before);
    auto layers = layers_of(served);
    return {.layers = std::move(layers), .finders = {}, .depot = std::move(served)};
}

PathLayers open_kind(const FoundStore& store, const StorePools& pools, const Log& log,
                     const ServedGeneration* before) {
    switch (store.kind) {
        case StoreKind::package:
            return opened_at(fs::canonical(store.path),
                             styled(open_package_folder(store.path, pools.files, log), store));
        case StoreKind::depot:
            return open_depot(store.path, pools.files, before);
        case StoreKind::mbtiles:
            return opened_at(pools.files.spelled(store.path.string()),
                             styled(open_mbtiles(store, pools.files), store));
        case StoreKind::pmtiles:
            return styled(open_pmtiles(store, pools), store);
        case StoreKind::geopackage:
            return {.layers = open_gpkg_layers(store, pools.readers, log)};
        case StoreKind::geotiff:
            return {.layers = {open_cog(store, pools)}};
        case StoreKind::configuration:
            return open_configuration(store.path, log);
        case StoreKind::tile_tree:
            return {.layers = {layer_of(store, store.path.filename().string(),
                                        config::open_tile_tree(store.path))}};
    }
    return {};
}

}  // namespace

std::vector<Layer> layers_of(const std::shared_ptr<const ServedGeneration>& served) {
    const Depot depot{served->root()};
    std::vector<Layer> layers;
    layers.reserve(served->generation().layers.size());
    for (const auto& [name, manifest] : served->generation().layers) {
        const auto folder = depot.stored_folder(name).filename().string();
        layers.push_back({.id = name,
                          .origin = served->root().string(),
                          .vector_layers = {},
                          .format = manifest.format,
                          .owner = served,
                          .tiles = served->reader(name),
                          .style = style_in_depot(served->root(), folder),
                          .package = {served, &manifest}});
    }
    return layers;
}

PathLayers open_store(const FoundStore& store, const StorePools& pools, const Log& log,
                      const ServedGeneration* before) {
    try {
        auto opened = open_kind(store, pools, log, before);
        for (const auto& layer : opened.layers) {
            if (!is_layer_name(layer.id)) {
                throw Error{Errc::invalid_argument,
                            fmt::format("{}: no layer can have the name of this file",
                                        store.path.string())};
            }
        }
        return opened;
    } catch (const fs::filesystem_error& error) {
        throw Error{Errc::io, fmt::format("{}: {}", store.path.string(), error.code().message())};
    }
}

void discard_handles(const PathLayers& opened, sqlite::MbtilesPool& files) {
    if (opened.opened_at.empty()) {
        return;  // others keep their handles under the identity of the file, or by themselves
    }
    std::vector<std::string> paths;
    const auto& package = opened.layers.front().package;
    if (package == nullptr) {
        paths.push_back(opened.opened_at.string());
    } else {
        for (const auto& file : package->files) {
            paths.push_back((opened.opened_at / file.name).string());
        }
    }
    files.discard(paths);
}

}  // namespace offgrid
