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

/// Whether `rest` is the `MATRIXSET@EXTENSION` or `MATRIXSET` that ends the layer's name, and not
/// the end of another layer's name that has an `@` in it.
bool is_tileset_name(const Layer& layer, std::string_view rest) {
    return is_in_matrix_set(layer, rest) ||
           is_in_matrix_set(layer, rest.substr(0, rest.rfind('@')));
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
                                          std::string_view matrix_set, const IsWanted& is_wanted) {
    const auto will_do = [&](const Layer& layer) {
        return (matrix_set.empty() || is_in_matrix_set(layer, matrix_set)) &&
               (!is_wanted || is_wanted(layer));
    };
    if (auto layer = layers.find(name); layer && will_do(*layer)) {
        return layer;
    }
    const auto prefix = name + '@';
    const auto& all = layers.layers();
    for (auto each = std::ranges::lower_bound(all, prefix, {}, &Layer::id);
         each != all.end() && each->id.starts_with(prefix); ++each) {
        if (is_tileset_name(*each, std::string_view{each->id}.substr(prefix.size())) &&
            will_do(*each)) {
            return layers.find(each->id);
        }
    }
    return nullptr;
}

}  // namespace offgrid
