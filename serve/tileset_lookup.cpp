#include "serve/tileset_lookup.h"

#include "formats/gwc/formats.h"

#include <algorithm>
#include <array>

namespace offgrid {
namespace {

/// The grid that everybody means by the name; null where it is nobody's but a configuration's.
const Grid* well_known_grid(std::string_view name) {
    constexpr std::array<std::string_view, 5> mercator{"GoogleMapsCompatible", "g", "EPSG:900913",
                                                       "EPSG:3857", "WebMercatorQuad"};
    constexpr std::array<std::string_view, 3> plate_carree{"WGS84", "EPSG:4326", "WorldCRS84Quad"};
    if (std::ranges::count(mercator, name) > 0) {
        return &Grid::google_maps_compatible();
    }
    return std::ranges::count(plate_carree, name) > 0 ? &Grid::wgs84() : nullptr;
}

bool have_the_same_tiles(const Grid& one, const Grid& other) {
    if (one.srs() != other.srs() || one.extent() != other.extent() ||
        one.tile_size() != other.tile_size()) {
        return false;
    }
    for (int z = 0; z < std::min(one.levels(), other.levels()); ++z) {
        if (one.resolution(z) != other.resolution(z)) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool is_in_matrix_set(const Layer& layer, std::string_view name) {
    const auto& grid = *layer.info().grid;
    if (grid.name() == name) {
        return true;
    }
    const auto* const meant = well_known_grid(name);
    return meant != nullptr && have_the_same_tiles(grid, *meant);
}

bool is_in_format(const Layer& layer, std::string_view format) {
    if (format.empty()) {
        return true;
    }
    if (!layer.media_type.empty()) {
        return layer.media_type == gwc::media_type_of_format(format);
    }
    return !layer.format || layer.format == gwc::tile_format_of(format);
}

std::shared_ptr<const Layer> find_tileset(const LayerSet& layers, const std::string& name,
                                          const std::string& matrix_set,
                                          const std::string& format) {
    const auto in_set = name + '@' + matrix_set;
    for (const auto& id : {name, in_set + '@' + gwc::extension_of_format(format), in_set}) {
        auto layer = layers.find(id);
        if (layer && is_in_matrix_set(*layer, matrix_set) && is_in_format(*layer, format)) {
            return layer;
        }
    }
    return nullptr;
}

}  // namespace offgrid
