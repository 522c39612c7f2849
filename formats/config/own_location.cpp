#include "formats/config/own_location.h"

#include "formats/base/error.h"
#include "formats/config/gpkg_location.h"
#include "formats/config/grid_location.h"
#include "formats/pmtiles/pmtiles_reader.h"
#include "formats/tiff/cog_reader.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

namespace offgrid::config {
namespace {

namespace fs = std::filesystem;

bool is_url(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

GridRef require_grid(const LocationOptions& options) {
    if (options.grid.empty()) {
        return &Grid::google_maps_compatible();
    }
    if (options.known_grid && (*options.known_grid)->name() == options.grid) {
        return *options.known_grid;
    }
    return require_built_in_grid(options.grid);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

/// The template as PathTemplate counts rows, from the grid's origin: in locations they count from
/// the north, and `{-y}` from the south.
std::string with_rows_of(const Grid& grid, std::string text) {
    for (const auto* const key : {"{z}", "{x}"}) {
        if (text.find(key) == std::string::npos) {
            throw Error{Errc::invalid_argument,
                        fmt::format("'{}' has no {}: tiles would share a name", text, key)};
        }
    }
    const bool counts_from_south = text.find("{-y}") != std::string::npos;
    if (counts_from_south == (text.find("{y}") != std::string::npos)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' needs one of {{y}}, rows from the north, and {{-y}}, rows "
                                "from the south",
                                text)};
    }
    const bool is_southern = grid.origin() == Grid::Origin::bottom_left;
    replace_all(text, counts_from_south ? "{-y}" : "{y}",
                counts_from_south == is_southern ? "{y}" : "{inv_y}");
    return text;
}

StoreInfo whole_grid(const GridRef& grid) {
    return {.grid = grid, .max_zoom = grid->levels() - 1};
}

std::string extension_for(const StoreInfo& info) {
    return std::string{extension_of(info.format.value_or(TileFormat::png))};
}

/// A cache of our own making, at a location.
StoreLocation locate(SharedStores& stores, const std::string& text, CacheSpec cache,
                     const StoreInfo& info, bool is_there) {
    const auto spec = std::make_shared<const CacheSpec>(std::move(cache));
    const auto open_slice = [spec, text](const StoreInfo& of) {
        return TilesetSlice{
            .info = of,
            .values = {.tileset = fs::path{text}.stem().string(), .extension = extension_for(of)}};
    };
    StoreLocation location{.text = text,
                           .type = spec->type,
                           .info = info,
                           .limits = limits_of(info.grid),
                           .expected = limits_of(info.grid),
                           .gains_by_parallel_writers = gains_by_parallel_writers(*spec)};
    location.open_reader = [&stores, spec, open_slice, info] {
        return offgrid::open_reader(*spec, open_slice(info), stores.environment(stores.locker));
    };
    location.open_writer = [&stores, spec, open_slice, info, is_there](const StoreInfo& like) {
        auto written = is_there ? info : like;
        written.grid = info.grid;
        return offgrid::open_writer(*spec, open_slice(written), stores.environment(stores.locker));
    };
    return location;
}

StoreLocation find_urls(SharedStores& stores, const std::string& text,
                        const LocationOptions& options) {
    const auto grid = require_grid(options);
    HttpOptions http{.name = text,
                     .url = with_rows_of(*grid, text),
                     .keeps_query = true,
                     .timeout = options.timeout,
                     .is_stopped = options.is_stopped};
    return locate(stores, text, {.name = text, .type = "rest", .options = std::move(http)},
                  whole_grid(grid), false);
}

StoreLocation find_folder_of_tiles(SharedStores& stores, const std::string& text,
                                   const LocationOptions& options) {
    const auto grid = require_grid(options);
    DiskOptions disk{.layout = DiskLayout::by_template, .path_template = with_rows_of(*grid, text)};
    return locate(stores, text, {.name = text, .type = "disk", .options = std::move(disk)},
                  whole_grid(grid), false);
}

StoreLocation find_mbtiles(SharedStores& stores, const std::string& text,
                           const LocationOptions& options) {
    const auto grid = require_grid(options);
    const bool is_there = fs::exists(text);
    auto info =
        is_there ? sqlite::MbtilesReader{text, *grid, *stores.mbtiles}.info() : whole_grid(grid);
    info.grid = grid;
    sqlite::CacheOptions cache{.name = text,
                               .schema = sqlite::CacheSchema::mbtiles,
                               .file = text,
                               .counts_from_south = true};
    return locate(stores, text, {.name = text, .type = "mbtiles", .options = std::move(cache)},
                  info, is_there);
}

/// The location of a file that appears whole and is not changed afterwards.
StoreLocation built_once(StoreLocation location, bool is_there, const std::string& kind) {
    location.is_built_once = true;
    if (is_there) {
        location.open_writer = nullptr;
        location.why_read_only = fmt::format("it exists already, and a {} is built once", kind);
    }
    return location;
}

StoreLocation find_pmtiles(SharedStores& stores, const std::string& text,
                           const LocationOptions& options) {
    const auto grid = require_grid(options);
    const PmtilesOptions file{.file = text};
    const bool is_there = fs::exists(text);
    auto info = is_there ? PmtilesReader{file, *grid}.info() : whole_grid(grid);
    info.grid = grid;
    return built_once(
        locate(stores, text, {.name = text, .type = "pmtiles", .options = file}, info, is_there),
        is_there, "PMTiles file");
}

bool is_tiff(std::string_view text) {
    return text.ends_with(".tif") || text.ends_with(".tiff");
}

/// What a GeoTIFF says of itself, in the grid of that name or else the first that it is cut as.
StoreInfo info_of_cog(const CogOptions& cog, const LocationOptions& options) {
    if (!options.grid.empty()) {
        const auto grid = require_grid(options);
        auto info = CogReader{cog, *grid}.info();
        info.grid = grid;
        return info;
    }
    std::optional<Error> failure;
    for (const auto* const grid : Grid::built_in()) {
        try {
            return CogReader{cog, *grid}.info();
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

StoreLocation find_cog(SharedStores& stores, const std::string& text,
                       const LocationOptions& options) {
    const CogOptions cog{.name = text, .file = text};
    const bool is_there = fs::exists(text);
    const auto info = is_there ? info_of_cog(cog, options) : whole_grid(require_grid(options));
    return built_once(
        locate(stores, text, {.name = text, .type = "cog", .options = cog}, info, is_there),
        is_there, "Cloud Optimized GeoTIFF");
}

}  // namespace

std::function<TileRange(int z)> limits_of(const GridRef& grid) {
    return
        [grid](int z) { return z >= 0 && z < grid->levels() ? grid->whole(z) : TileRange{.z = z}; };
}

std::optional<StoreLocation> find_own_store(SharedStores& stores, const std::string& text,
                                            const LocationOptions& options) {
    if (is_url(text)) {
        return find_urls(stores, text, options);
    }
    if (text.find('{') != std::string::npos) {
        return find_folder_of_tiles(stores, text, options);
    }
    if (text.ends_with(".mbtiles")) {
        return find_mbtiles(stores, text, options);
    }
    if (text.ends_with(".pmtiles")) {
        return find_pmtiles(stores, text, options);
    }
    if (is_tiff(text) && !fs::is_directory(text)) {
        return find_cog(stores, text, options);
    }
    if (const auto wanted = parse_gpkg_location(text)) {
        const auto grid =
            options.grid.empty() ? std::nullopt : std::optional{require_grid(options)};
        auto location = find_gpkg(stores, text, *wanted, grid);
        location.limits = location.expected = limits_of(location.info.grid);
        return location;
    }
    return std::nullopt;
}

}  // namespace offgrid::config
