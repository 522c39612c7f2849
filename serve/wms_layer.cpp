#include "serve/wms_layer.h"

#include "formats/base/text.h"
#include "serve/catalogue.h"
#include "serve/srs_names.h"

#include <fmt/format.h>

#include <string>

namespace offgrid {
namespace {

using Found = std::variant<std::shared_ptr<const Layer>, WmsFailure>;

WmsFailure not_defined() {
    return {.code = "LayerNotDefined", .text = "LAYERS names a layer that is not there"};
}

WmsFailure vectors() {
    return {.code = "LayerNotDefined",
            .text = "LAYERS names a layer of vector tiles, which is not drawn"};
}

WmsFailure not_in_srs(WmsVersion version) {
    const bool is_1_3_0 = version == WmsVersion::v1_3_0;
    return {.code = is_1_3_0 ? "InvalidCRS" : "InvalidSRS",
            .text = fmt::format("a layer is not offered in that {}", is_1_3_0 ? "CRS" : "SRS")};
}

/// How well a tileset in the right SRS suits the picture.
int suitability(const Layer& layer, const GetMap& map) {
    const bool is_tile = tile_in(*layer.info().grid, {map.box, map.width, map.height}).has_value();
    const bool is_in_format = layer.format && layer.format == tile_format_of(map.encoding);
    return 2 * int{is_tile} + int{is_in_format};
}

/// The best of an entry's tilesets; null where none is in the SRS.
const Layer* best_of(const Catalogue::Entry& entry, const GetMap& map) {
    const Layer* best = nullptr;
    for (const auto& tileset : entry.tilesets) {
        const auto& layer = *tileset.layer;
        const bool will_do = is_drawable(layer) && is_in_srs(*layer.info().grid, map.srs);
        if (will_do && (best == nullptr || suitability(layer, map) > suitability(*best, map))) {
            best = &layer;
        }
    }
    return best;
}

/// The name of the layer in its grid at the values that the request has.
std::string name_at_values(const Layer& layer, const Query& query) {
    auto name = layer.layer_name();
    for (const auto& dimension : layer.dimensions) {
        const auto field = lower_case(dimension.name);
        const auto* value = query.find(field);
        value = value == nullptr ? query.find("dim_" + field) : value;
        if (value != nullptr) {
            name += fmt::format("[{}={}]", dimension.name, *value);
        }
    }
    return fmt::format("{}@{}", name, layer.info().grid->name());
}

Found found_by_address(const LayerSet& layers, std::string_view name, const GetMap& map) {
    auto layer = layers.find(name);
    if (!layer) {
        return not_defined();
    }
    if (!is_drawable(*layer)) {
        return vectors();
    }
    if (!is_in_srs(*layer->info().grid, map.srs)) {
        return not_in_srs(map.version);
    }
    return layer;
}

}  // namespace

bool is_drawable(const Layer& layer) {
    return layer.format != TileFormat::pbf;
}

Found find_map_layer(const LayerSet& layers, std::string_view name, const GetMap& map,
                     const Query& query) {
    const auto* const entry = layers.catalogue().find_layer(name);
    if (entry == nullptr) {
        return found_by_address(layers, name, map);
    }
    const auto* const best = best_of(*entry, map);
    if (best == nullptr) {
        const bool is_vector = !is_drawable(*entry->tilesets.front().layer);
        return is_vector ? vectors() : not_in_srs(map.version);
    }
    if (!best->is_found_anew) {
        return std::shared_ptr<const Layer>{std::shared_ptr<const void>{}, best};
    }
    auto layer = layers.find(name_at_values(*best, query));
    if (!layer) {
        return WmsFailure{.code = "InvalidDimensionValue",
                          .text = "a dimension of a layer has not the value that is asked for"};
    }
    return layer;
}

}  // namespace offgrid
