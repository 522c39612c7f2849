#include "serve/tms.h"

#include "formats/base/parse_number.h"
#include "formats/base/text.h"
#include "serve/service_tile.h"
#include "serve/tileset_lookup.h"
#include "serve/tms_capabilities.h"
#include "serve/url.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

namespace offgrid {
namespace {

Response service_document(const ServiceDocument& document, const Request& request,
                          const ServicePlace& place) {
    return document.answer(place.root(request), request);
}

Response tile_maps(const LayerSet& layers, const Request& request, const ServicePlace& place) {
    using Kind = ServiceDocuments::Kind;
    const auto kind = place.is_mapcache() ? Kind::tms_mapcache : Kind::tms_geowebcache;
    return service_document(
        layers.documents().get(kind,
                               [&] { return tms_tile_maps(layers.catalogue(), place.dialect); }),
        request, place);
}

std::shared_ptr<const Layer> find_map(const LayerSet& layers, std::string_view name,
                                      std::string_view extension, const ServicePlace& place) {
    auto layer = find_named_tileset(
        layers, name, [&](const Layer& some) { return is_in_extension(some, extension); });
    return layer == nullptr && place.is_mapcache() ? find_named_tileset(layers, name) : layer;
}

Response tile_map(const LayerSet& layers, std::string_view name, const Request& request,
                  const ServicePlace& place) {
    const auto layer = find_named_tileset(layers, name);
    if (layer == nullptr) {
        return text_response(place.is_mapcache() ? 404 : 400, "no such tile map");
    }
    return service_document(ServiceDocument{tms_tile_map(*layer, name)}, request, place);
}

Response tile(const LayerSet& layers, std::string_view name, std::string_view address,
              const Query& query, const Request& request, const ServicePlace& place) {
    const auto z = parse_number<int>(take_segment(address));
    const auto x = parse_number<std::int64_t>(take_segment(address));
    const auto dot = std::min(address.find('.'), address.size());
    const auto y = parse_number<std::int64_t>(address.substr(0, dot));
    const auto extension = percent_decoded(address.substr(std::min(dot + 1, address.size())));
    if (!z || !x || !y || !extension || dot == address.size()) {
        return text_response(400, "not a tile address: 1.0.0/{layer}/{z}/{x}/{y}.{extension}");
    }
    const auto layer = find_map(layers, name, *extension, place);
    if (layer == nullptr) {
        return text_response(400, "no such layer, or not in this grid set and format");
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
    return answer_tile_of(place, *layer, key, request);
}

}  // namespace

Response answer_tms(const LayerSet& layers, std::string_view address, const Query& query,
                    const Request& request, const ServicePlace& place) {
    if (address.empty() && place.is_mapcache()) {
        return service_document(ServiceDocument{tms_versions()}, request, place);
    }
    if (take_segment(address) != "1.0.0") {
        return text_response(400, "only version 1.0.0 is answered");
    }
    if (address.empty()) {
        return tile_maps(layers, request, place);
    }
    const auto name = percent_decoded(take_segment(address));
    if (!name) {
        return text_response(400, "a broken escape in the name of the layer");
    }
    return address.empty() ? tile_map(layers, *name, request, place)
                           : tile(layers, *name, address, query, request, place);
}

}  // namespace offgrid
