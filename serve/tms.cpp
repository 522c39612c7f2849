#include "serve/tms.h"

#include "formats/base/parse_number.h"
#include "formats/base/text.h"
#include "formats/tile/tile_format.h"
#include "serve/service_tile.h"
#include "serve/tileset_lookup.h"
#include "serve/url.h"

#include <cstdint>
#include <memory>
#include <string>

namespace offgrid {
namespace {

/// The layer of that name, or the one that `LAYER@GRIDSET@EXTENSION` means.
std::shared_ptr<const Layer> find_map(const LayerSet& layers, const std::string& name) {
    if (auto layer = layers.find(name)) {
        return layer;
    }
    const auto extension_at = name.rfind('@');
    const auto set_at = extension_at == std::string::npos || extension_at == 0
                            ? std::string::npos
                            : name.rfind('@', extension_at - 1);
    if (set_at == std::string::npos) {
        return nullptr;
    }
    return find_tileset(layers, name.substr(0, set_at),
                        name.substr(set_at + 1, extension_at - set_at - 1), {});
}

bool has_extension(const Layer& layer, std::string_view text) {
    if (!layer.extension.empty()) {
        return text == layer.extension;
    }
    const auto format = format_named(text.starts_with("png") ? "png" : text);  // png8, png24
    return format.has_value() && (!layer.format || layer.format == format);
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
    const auto dot = address.find('.');
    const auto y = parse_number<std::int64_t>(address.substr(0, dot));
    if (!name || !z || !x || !y || dot == std::string_view::npos) {
        return text_response(400, "not a tile address: 1.0.0/{layer}/{z}/{x}/{y}.{extension}");
    }
    const auto layer = find_map(layers, *name);
    if (layer == nullptr) {
        return text_response(400, "no such layer");
    }
    if (!has_extension(*layer, address.substr(dot + 1))) {
        return text_response(400, "the layer is in another format");
    }
    const auto& grid = *layer->info().grid;
    if (!grid.contains({*z, *x, *y})) {
        return text_response(404, "no such tile in the grid of the layer");
    }
    const auto* const flip = query.find("flipy");
    const bool is_from_north = flip != nullptr && equals_ignoring_case(*flip, "true");
    const TileKey key{*z, *x, is_from_north ? *y : grid.flip(*z, *y)};
    if (!coverage_of(*layer, *z).contains(key)) {
        return text_response(404, "outside of what the layer covers");
    }
    return answer_service_tile(*layer, key, request);
}

}  // namespace offgrid
