#include "serve/tileset_listing.h"

#include "formats/tile/lonlat.h"
#include "formats/tile/tile_format.h"

#include <algorithm>
#include <cmath>

namespace offgrid {
std::optional<Box> lonlat_of(const Grid& grid, const Box& box) {
    if (auto lonlat = to_lonlat(grid.srs(), box)) {
        return lonlat;
    }
    for (const auto& alias : grid.srs_aliases()) {
        if (auto lonlat = to_lonlat(alias, box)) {
            return lonlat;
        }
    }
    return std::nullopt;
}

std::string listed_media_type(const Layer& layer) {
    return layer.media_type.empty()
               ? std::string{media_type_of(layer.format.value_or(TileFormat::png))}
               : layer.media_type;
}

std::string listed_extension(const Layer& layer) {
    return layer.extension.empty()
               ? std::string{extension_of(layer.format.value_or(TileFormat::png))}
               : layer.extension;
}

std::string listed_title(const Catalogue::Entry& entry) {
    const auto& title = entry.tilesets.front().layer->info().name;
    return title.empty() ? entry.name : title;
}

std::optional<Box> listed_bounds(const Layer& layer) {
    constexpr Box world{-180, -90, 180, 90};
    const auto& info = layer.info();
    const auto stated = info.bounds ? info.bounds : lonlat_of(*info.grid, info.grid->extent());
    if (!stated || !std::isfinite(stated->min_x) || !std::isfinite(stated->min_y) ||
        !std::isfinite(stated->max_x) || !std::isfinite(stated->max_y)) {
        return std::nullopt;
    }
    const auto within = intersection(*stated, world);
    return within.min_x > within.max_x || within.min_y > within.max_y ? std::nullopt
                                                                      : std::optional{within};
}

TileRange coverage_at(const Layer& layer, int z) {
    const auto& info = layer.info();
    if (layer.limits) {
        return layer.limits(z);
    }
    return z < info.min_zoom || z > info.max_zoom ? TileRange{.z = z} : info.grid->whole(z);
}

std::vector<TileRange> listed_coverage(const Layer& layer) {
    std::vector<TileRange> coverage;
    for (int z = 0; z < layer.info().grid->levels(); ++z) {
        if (const auto range = coverage_at(layer, z); !range.is_empty()) {
            coverage.push_back(range);
        }
    }
    return coverage;
}

int deepest_zoom(const Layer& layer) {
    int z = layer.info().grid->levels() - 1;
    while (z > 0 && coverage_at(layer, z).is_empty()) {
        --z;
    }
    return z;
}

bool is_listed_anew(const LayerSet& layers) {
    return std::ranges::any_of(layers.layers(),
                               [](const Layer& layer) { return !layer.dimensions.empty(); });
}

}  // namespace offgrid
