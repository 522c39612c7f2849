#include "pack/plan.h"

#include "formats/base/error.h"
#include "formats/tile/lonlat.h"
#include "pack/gdal_bands.h"
#include "pack/gdal_inspect.h"
#include "pack/partial_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace offgrid {
namespace {

constexpr int deepest_zoom = 30;
constexpr int default_top = 8;

/// Pixels that the value range is taken from, of all sources together.
constexpr int max_sample_pixels = 1 << 20;

/// A block of 8 by 8 tiles: its pixels, 16 MiB, are made at once by one thread.
constexpr int max_block_levels = 3;

// GDAL 3.6 and QGIS take a file for MBTiles by its extension alone.
constexpr const char* overview_name = "z0-0-0.mbtiles";
constexpr const char* top_names = "z{top}-{top_x}-{top_y}.mbtiles";

void check(const PackOptions& options) {
    const auto bad = [](const std::string& message) {
        throw Error{Errc::invalid_argument, message};
    };
    if (options.sources.empty()) {
        bad("no source is named");
    }
    if (options.quality < 1 || options.quality > 100) {
        bad(fmt::format("--quality {}: must be from 1 to 100", options.quality));
    }
    if (options.threads && (*options.threads < 1 || *options.threads > 256)) {
        bad(fmt::format("--threads {}: must be from 1 to 256", *options.threads));
    }
    if (options.zooms) {
        const auto [low, high] = *options.zooms;
        if (low < 0 || low > high) {
            bad(fmt::format("--zoom {}-{}: must go from a zoom to a deeper one", low, high));
        }
        if (high > deepest_zoom) {
            bad(fmt::format("--zoom {}-{}: the deepest zoom is {}", low, high, deepest_zoom));
        }
    }
    if (options.bbox && options.bbox->is_empty()) {
        bad("--bbox: west must be less than east, and south less than north");
    }
}

std::vector<SourceInfo> inspect_sources(const PackOptions& options, const Grid& grid,
                                        const std::atomic<bool>& is_stopped, Plan& plan) {
    std::vector<SourceInfo> sources;
    std::vector<float> values;
    const auto sample_pixels = max_sample_pixels / static_cast<int>(options.sources.size());
    for (const auto& name : options.sources) {
        if (is_stopped) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        const auto dataset = gdal::open(name);
        sources.push_back(gdal::inspect(name, *dataset, grid));
        const auto& bands = sources.back().bands;
        if (bands.unused > 0) {
            plan.notes.push_back(fmt::format("{}: shows band {} of {}", name,
                                             fmt::join(bands.colours, ", "),
                                             dataset->GetRasterCount()));
        }
        if (!bands.is_byte) {
            const auto some = gdal::sample_values(*dataset, bands, name, sample_pixels, is_stopped);
            values.insert(values.end(), some.begin(), some.end());
        }
    }
    if (std::ranges::all_of(sources, [](const auto& source) { return source.bands.is_byte; })) {
        return sources;
    }
    ValueRange range{0, 1};
    if (!values.empty()) {
        const auto percentile = [&](double share) {
            const auto at = values.begin() + static_cast<std::ptrdiff_t>(
                                                 share * static_cast<double>(values.size() - 1));
            std::ranges::nth_element(values, at);
            return static_cast<double>(*at);
        };
        range.low = percentile(0.02);
        range.high = percentile(0.98);
    }
    if (!(range.high > range.low)) {
        range.high = range.low + 1;
    }
    plan.notes.push_back(fmt::format(
        "values from {:g} to {:g} (2 to 98 %) are stretched to 0 to 255", range.low, range.high));
    for (auto& source : sources) {
        if (!source.bands.is_byte) {
            source.stretch = range;
        }
    }
    return sources;
}

/// Where the sources lie within the box that was asked for, and the box around all that.
void place(const PackOptions& options, Plan& plan) {
    const auto& grid = plan.grid();
    Box limit = grid.extent();
    if (options.bbox) {
        limit = intersection(limit, from_lonlat(grid.srs(), *options.bbox).value_or(*options.bbox));
    }
    for (std::size_t source = 0; source < plan.sources.size(); ++source) {
        for (const auto& cover : plan.sources[source].covers) {
            const auto box = intersection(cover, limit);
            if (!box.is_empty()) {
                plan.box = plan.covers.empty() ? box : hull(plan.box, box);
                plan.covers.push_back({box, source});
            }
        }
    }
    if (plan.covers.empty()) {
        throw Error{Errc::invalid_argument, "--bbox: no source lies there"};
    }
}

void choose_zooms(const PackOptions& options, Plan& plan) {
    auto& manifest = plan.manifest;
    if (options.zooms) {
        std::tie(manifest.min_zoom, manifest.max_zoom) = *options.zooms;
        return;
    }
    const auto finest = std::ranges::min_element(plan.sources, {}, &SourceInfo::resolution);
    manifest.min_zoom = 0;
    manifest.max_zoom =
        std::min(plan.grid().nearest_zoom(finest->resolution), plan.grid().levels() - 1);
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

/// Throws `unsupported` unless parents are made of their children.
void check_grid(const Plan& plan) {
    if (plan.max_zoom() >= plan.grid().levels()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--zoom: grid '{}' ends at zoom {}", plan.grid().name(),
                                plan.grid().levels() - 1)};
    }
    if (!is_quadtree(plan.grid(), 0, plan.max_zoom())) {
        throw Error{Errc::unsupported,
                    fmt::format("grid '{}': its tiles down to zoom {} are not each made of four of "
                                "the next zoom",
                                plan.grid().name(), plan.max_zoom())};
    }
}

void choose_pyramids(const PackOptions& options, Plan& plan) {
    auto& manifest = plan.manifest;
    const int low = manifest.min_zoom;
    const int high = manifest.max_zoom;
    int top = options.top.value_or(std::clamp(high - 2, 0, default_top));
    if (top > 0 && top <= high && !has_whole_top_tiles(plan.grid(), top, high)) {
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
    // A block must not reach above the tile of its file, nor above the lowest zoom.
    plan.block_levels = std::min(max_block_levels, high - std::max(low, top));
}

void choose_encoding(const PackOptions& options, Plan& plan) {
    const bool is_opaque = std::ranges::all_of(
        plan.sources, [](const auto& source) { return source.bands.is_opaque(); });
    plan.encoding = options.encoding.value_or(is_opaque ? Encoding::jpeg : Encoding::png);
    plan.quality = options.quality;
    plan.manifest.format = tile_format_of(plan.encoding);
}

}  // namespace

Plan make_plan(const PackOptions& options, const GridRef& grid,
               const std::atomic<bool>& is_stopped) {
    check(options);
    Plan plan;
    auto& manifest = plan.manifest;
    manifest.grid = grid;
    manifest.layer =
        options.layer.empty() ? package_path(options.output).filename().string() : options.layer;
    if (!is_layer_name(manifest.layer)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' cannot be the name of a layer: choose another with --layer",
                                manifest.layer)};
    }
    manifest.title = manifest.layer;
    manifest.attribution = options.attribution;
    plan.sources = inspect_sources(options, *grid, is_stopped, plan);
    place(options, plan);
    choose_zooms(options, plan);
    check_grid(plan);
    choose_pyramids(options, plan);
    choose_encoding(options, plan);
    const auto bounds = to_lonlat(grid->srs(), plan.box);
    manifest.bounds = intersection(bounds.value_or(Box{-180, -90, 180, 90}), {-180, -90, 180, 90});
    return plan;
}

}  // namespace offgrid
