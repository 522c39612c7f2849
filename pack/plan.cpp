#include "pack/plan.h"

#include "formats/base/error.h"
#include "formats/tile/lonlat.h"
#include "pack/gdal_region.h"
#include "pack/partial_folder.h"
#include "pack/plan_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace offgrid {
namespace {

constexpr int default_top = 8;

/// Along an edge of a block: its pixels, 16 MiB, are made at once by one thread.
constexpr int max_block_pixels = 2048;

// GDAL 3.6 and QGIS take a file for MBTiles by its extension alone.
constexpr const char* overview_name = "z0-0-0.mbtiles";
constexpr const char* top_names = "z{top}-{top_x}-{top_y}.mbtiles";

/// The name of the folder, or that of the file without its extension.
std::string layer_named_by(const PackOptions& options) {
    const auto path = package_path(options.output);
    const bool is_folder = options.as == OutputKind::ztop || options.as == OutputKind::disk ||
                           options.as == OutputKind::geotiff;
    return (is_folder ? path.filename() : path.stem()).string();
}

/// The regions, each with the zoom that is asked for it or else the deepest of all.
void choose_area(const PackOptions& options, Plan& plan) {
    if (options.regions.empty()) {
        return;
    }
    std::vector<Area::Part> parts;
    for (const auto& [file, max_zoom] : options.regions) {
        parts.push_back({gdal::read_region(file, plan.grid(), options.buffer_m),
                         max_zoom.value_or(plan.max_zoom())});
    }
    if (options.overview) {
        parts.push_back({nullptr, *options.overview});
    }
    plan.area = std::make_shared<const Area>(plan.grid(), std::move(parts),
                                             options.is_clipped ? Area::Clip::yes : Area::Clip::no);
}

void choose_zooms(const PackOptions& options, Plan& plan) {
    auto& manifest = plan.manifest;
    if (options.zooms) {
        std::tie(manifest.min_zoom, manifest.max_zoom) = *options.zooms;
    } else if (const auto zoom = zoom_of_all_regions(options)) {
        manifest.max_zoom = *zoom;
    } else {
        const auto finest = std::ranges::min_element(plan.sources, {}, &SourceInfo::resolution);
        manifest.max_zoom =
            std::min(plan.grid().nearest_zoom(finest->resolution), plan.grid().levels() - 1);
    }
    const int deepest = std::min(deepest_zoom, plan.grid().levels() - 1);
    if (manifest.max_zoom > deepest) {
        throw Error{Errc::invalid_argument,
                    fmt::format("zoom {}: grid '{}' ends at zoom {}", manifest.max_zoom,
                                plan.grid().name(), deepest)};
    }
    const auto check_zoom = [&](const std::string& what, int zoom) {
        if (zoom < manifest.min_zoom || zoom > manifest.max_zoom) {
            throw Error{Errc::invalid_argument,
                        fmt::format("{}: must be a zoom from {} to {}", what, manifest.min_zoom,
                                    manifest.max_zoom)};
        }
    };
    for (const auto& region : options.regions) {
        const int zoom = region.max_zoom.value_or(manifest.max_zoom);
        check_zoom(fmt::format("--region {}:{}", region.file, zoom), zoom);
    }
    if (options.overview) {
        check_zoom(fmt::format("--overview {}", *options.overview), *options.overview);
    }
}

/// Whether the names of files, which are ratios of matrix sizes, bring the tiles below one of the
/// top zoom together.
bool has_whole_top_tiles(const Grid& grid, int top, int max_zoom) {
    for (int z = top; z <= max_zoom; ++z) {
        if (grid.matrix_width(z) != grid.matrix_width(top) << (z - top) ||
            grid.matrix_height(z) != grid.matrix_height(top) << (z - top)) {
            return false;
        }
    }
    return true;
}

/// The zooms that are made from one rendering. Kernels that take neighbours beyond four pixels find
/// them within a block, not beyond its root.
std::vector<ZoomRun> runs_of(const Plan& plan) {
    const int low = plan.min_zoom();
    const int high = plan.max_zoom();
    const bool is_cascade = plan.is_nested && !takes_neighbours(plan.overview_resampling());
    if (is_cascade) {
        return {{low, high}};
    }
    const int zooms = plan.is_nested ? plan.block_levels + 1 : 1;
    std::vector<ZoomRun> runs;
    for (int zoom = high; zoom >= low; zoom = runs.back().min_zoom - 1) {
        const int lowest = zoom >= plan.top ? std::max(low, plan.top) : low;
        runs.push_back({std::max(lowest, zoom - zooms + 1), zoom});
    }
    return runs;
}

void choose_pyramids(const PackOptions& options, Plan& plan) {
    auto& manifest = plan.manifest;
    const int low = manifest.min_zoom;
    const int high = manifest.max_zoom;
    plan.is_nested = is_quadtree(plan.grid(), 0, high);
    int top = options.top.value_or(std::clamp(high - 2, 0, default_top));
    if (top > 0 && top <= high &&
        (!plan.is_nested || !has_whole_top_tiles(plan.grid(), top, high))) {
        if (options.top) {
            throw Error{Errc::invalid_argument,
                        fmt::format("--top {}: the tiles of grid '{}' are no whole number of tiles "
                                    "of that zoom; use 0",
                                    top, plan.grid().name())};
        }
        top = 0;
    }
    if (top < 0 || top > high) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--top {}: must be from 0 to the deepest zoom, {}", top, high)};
    }
    if (top == 0 && options.shard.count > 1) {
        throw Error{Errc::invalid_argument,
                    "--shard: all tiles are in one file: give --top a deeper zoom"};
    }
    if (top == 0) {
        manifest.pyramids.push_back(
            {.min_zoom = low, .max_zoom = high, .names = overview_name, .options = {}});
    } else {
        if (low < top) {
            manifest.pyramids.push_back(
                {.min_zoom = low, .max_zoom = top - 1, .names = overview_name, .options = {}});
        }
        manifest.pyramids.push_back({.min_zoom = std::max(low, top),
                                     .max_zoom = high,
                                     .names = top_names,
                                     .options = {.top = top, .formats = {{"top", "%02d"}}}});
    }
    plan.top = top;
    // A block must not reach above the tile of its file, nor above the lowest zoom.
    plan.block_levels = 0;
    while (plan.block_levels < high - std::max(low, top) &&
           plan.grid().tile_size() << (plan.block_levels + 1) <= max_block_pixels) {
        ++plan.block_levels;
    }
    plan.runs = runs_of(plan);
}

void choose_encoding(const PackOptions& options, Plan& plan) {
    const bool is_opaque =
        !options.is_clipped && std::ranges::all_of(plan.sources, [](const auto& source) {
            return source.bands.is_opaque() || source.tile_format == TileFormat::jpeg;
        });
    const bool is_lossless = options.resampling && keeps_values(*options.resampling);
    plan.encoding =
        options.encoding.value_or(is_opaque && !is_lossless ? Encoding::jpeg : Encoding::png);
    plan.quality = options.quality;
    plan.manifest.format = tile_format_of(plan.encoding);
}

}  // namespace

Resampling Plan::resampling_of(const SourceInfo& source) const {
    return resampling.value_or(source.bands.palette ? Resampling::nearest : Resampling::bilinear);
}

const ZoomRun& Plan::run_of(int zoom) const {
    return *std::ranges::find_if(
        runs, [&](const ZoomRun& run) { return run.min_zoom <= zoom && zoom <= run.max_zoom; });
}

std::vector<TileRange> Plan::ranges_at(int zoom) const {
    std::vector<TileRange> ranges;
    for (const auto& each : boxes) {
        const auto range = grid().range_of(zoom, each);
        if (!ranges.empty() && !intersection(ranges.back(), range).is_empty()) {
            ranges.back() = grid().range_of(zoom, box);
        } else {
            ranges.push_back(range);
        }
    }
    return ranges;
}

bool Plan::ends_at(const TileKey& key) const {
    return area ? area->ends_at(key) : key.z == max_zoom();
}

Plan make_plan(const PackOptions& options, const GridRef& grid,
               const std::atomic<bool>& is_stopped) {
    check(options);
    Plan plan;
    auto& manifest = plan.manifest;
    manifest.grid = grid;
    manifest.layer = options.layer.empty() ? layer_named_by(options) : options.layer;
    if (!is_layer_name(manifest.layer)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' cannot be the name of a layer: choose another with --layer",
                                manifest.layer)};
    }
    manifest.title = manifest.layer;
    manifest.attribution = options.attribution;
    plan.shard = options.shard;
    plan.on_damage = options.on_damage;
    plan.resampling = options.resampling;
    plan.light = options.light;
    plan.keeps_empty = options.keeps_empty;
    plan.sources = inspect_sources(options, *grid, is_stopped, plan.notes);
    choose_zooms(options, plan);
    choose_area(options, plan);
    place(options, plan);
    choose_pyramids(options, plan);
    choose_encoding(options, plan);
    const auto bounds = to_lonlat(grid->srs(), plan.box);
    manifest.bounds = intersection(bounds.value_or(Box{-180, -90, 180, 90}), {-180, -90, 180, 90});
    return plan;
}

}  // namespace offgrid
