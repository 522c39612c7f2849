#include "serve/tms.h"

#include "formats/base/parse_number.h"
#include "formats/base/text.h"
#include "formats/tile/tile_format.h"
#include "serve/service_tile.h"
#include "serve/tileset_lookup.h"
#include "serve/url.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace offgrid {
namespace {

/// Whether the extension means the format of the layer.
bool has_extension(const Layer& layer, std::string_view extension) {
    if (!layer.extension.empty()) {
        return extension == layer.extension;
    }
    const auto format =
        extension == "png8" || extension == "png24" ? TileFormat::png : format_named(extension);
    return format.has_value() && (!layer.format || layer.format == format);
}

/// `LAYER@GRIDSET@EXTENSION` taken apart; a name that is none is the layer's.
struct MapName {
    explicit MapName(const std::string& name) {
        const auto extension_at = name.rfind('@');
        const auto set_at = extension_at == std::string::npos || extension_at == 0
                                ? std::string::npos
                                : name.rfind('@', extension_at - 1);
        layer = name.substr(0, set_at);
        if (set_at != std::string::npos) {
            matrix_set = name.substr(set_at + 1, extension_at - set_at - 1);
        }
    }

    std::string layer{};
    std::string matrix_set{};
};

/// The layer of that name, or the tileset that it means.
std::shared_ptr<const Layer> find_map(const LayerSet& layers, const std::string& name,
                                      std::string_view extension) {
    if (auto layer = layers.find(name)) {
        return layer;
    }
    const MapName map{name};
    return find_tileset(layers, map.layer, map.matrix_set,
                        [&](const Layer& some) { return has_extension(some, extension); });
}

}  // namespace

Response answer_tms(const LayerSet& layers, std::string_view address, const Query& query,
                    const Request& request) {
    if (take_segment(address) != "1.0.0") {
        return text_response(400, "only version 1.0.0 is answered");
    }
    const auto name = percent_decoded(take_segment(address));
    const auto z = parse_number<int>(take_segment(address));
    const auto x = parse_number<std::int64_t>(take_segment(address));
    const auto dot = std::min(address.find('.'), address.size());
    const auto y = parse_number<std::int64_t>(address.substr(0, dot));
    const auto extension = percent_decoded(address.substr(std::min(dot + 1, address.size())));
    if (!name || !z || !x || !y || !extension) {
        return text_response(400, "not a tile address: 1.0.0/{layer}/{z}/{x}/{y}.{extension}");
    }
    const auto layer = find_map(layers, *name, *extension);
    if (layer == nullptr) {
        return text_response(400, "no such layer, or not in this grid set and format");
    }
    if (!has_extension(*layer, *extension)) {
        return text_response(400, "the layer is in another format");
    }
    const auto& grid = *layer->info().grid;
    if (!grid.contains({*z, *x, *y})) {
        return text_response(404, "no such tile in the grid of the layer");
    }
    const auto* const flip = query.find("flipy");
    const bool is_from_north = flip != nullptr && equals_ignoring_case(*flip, "true");
    const TileKey key{*z, *x, is_from_north ? *y : grid.flip(*z, *y)};
    if (out_of_coverage(*layer, key)) {
        return text_response(404, "outside of what the layer covers");
    }
    return answer_service_tile(*layer, key, request);
}

}  // namespace offgrid
