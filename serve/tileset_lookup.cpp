#include "serve/tileset_lookup.h"

#include "formats/gwc/formats.h"
#include "formats/tile/tile_format.h"
#include "serve/catalogue.h"
#include "serve/tileset_listing.h"
#include "serve/url.h"

#include <fmt/format.h>

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
    if (format.empty() || format == listed_media_type(layer)) {
        return true;
    }
    if (!layer.media_type.empty()) {
        return layer.media_type == gwc::media_type_of_format(format);
    }
    return !layer.format || layer.format == gwc::tile_format_of(format);
}

bool is_in_extension(const Layer& layer, std::string_view extension) {
    if (!layer.extension.empty()) {
        return extension == layer.extension || extension == percent_encoded(layer.extension);
    }
    const auto format =
        extension == "png8" || extension == "png24" ? TileFormat::png : format_named(extension);
    return format.has_value() && (!layer.format || layer.format == format);
}

std::shared_ptr<const Layer> find_tileset(const LayerSet& layers, std::string_view name,
                                          std::string_view matrix_set, const IsWanted& is_wanted) {
    const auto may_be = [&](const Layer& layer) { return !is_wanted || is_wanted(layer); };
    const auto will_do = [&](const Layer& layer) {
        return (matrix_set.empty() || is_in_matrix_set(layer, matrix_set)) && may_be(layer);
    };
    const auto* const entry = layers.catalogue().find_layer(name);
    if (entry != nullptr && !matrix_set.empty()) {
        for (const auto& tileset : entry->tilesets) {
            if (tileset.matrix_set->id == matrix_set && may_be(*tileset.layer)) {
                return layers.find(tileset.layer->id);
            }
        }
    }
    if (auto layer = layers.find(name); layer && will_do(*layer)) {
        return layer;
    }
    if (entry != nullptr) {
        for (const auto& tileset : entry->tilesets) {
            if (will_do(*tileset.layer)) {
                return layers.find(tileset.layer->id);
            }
        }
    }
    const auto prefix = std::string{name} + '@';
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

std::shared_ptr<const Layer> find_named_tileset(const LayerSet& layers, std::string_view word,
                                                const IsWanted& is_wanted) {
    if (auto layer = find_tileset(layers, word, {}, is_wanted)) {
        return layer;
    }
    const auto last = word.rfind('@');
    if (last == std::string_view::npos) {
        return nullptr;
    }
    if (auto layer = find_tileset(layers, word.substr(0, last), word.substr(last + 1), is_wanted)) {
        return layer;
    }
    const auto before = last == 0 ? std::string_view::npos : word.rfind('@', last - 1);
    if (before == std::string_view::npos) {
        return nullptr;
    }
    const auto extension = word.substr(last + 1);
    return find_tileset(layers, word.substr(0, before), word.substr(before + 1, last - before - 1),
                        [&](const Layer& layer) {
                            return is_in_extension(layer, extension) &&
                                   (!is_wanted || is_wanted(layer));
                        });
}

std::shared_ptr<const Layer> find_at_values(
    const LayerSet& layers, const Layer& layer,
    const std::vector<std::pair<std::string, std::string>>& values) {
    auto name = layer.layer_name();
    for (const auto& [dimension, value] : values) {
        if (value.find_first_of("[]") != std::string::npos) {
            return nullptr;
        }
        name += fmt::format("[{}={}]", dimension, value);
    }
    return layers.find(fmt::format("{}@{}", name, layer.info().grid->name()));
}

}  // namespace offgrid
