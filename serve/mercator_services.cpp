#include "serve/mercator_services.h"

#include "formats/base/parse_number.h"
#include "serve/quadkey.h"
#include "serve/service_tile.h"
#include "serve/tileset_lookup.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>

namespace offgrid {
namespace {

Response answer(const LayerSet& layers, const Query& query, const TileKey& key,
                const Request& request) {
    const auto* const name = query.find("layers");
    if (name == nullptr) {
        return text_response(400, "layers is missing");
    }
    const auto* const format = query.find("format");
    const auto layer = find_tileset(layers, *name, "EPSG:900913", [&](const Layer& some) {
        return format == nullptr || is_in_format(some, *format);
    });
    if (layer == nullptr) {
        return text_response(400, "no such layer, or not in web mercator and this format");
    }
    if (const auto outside = out_of_coverage(*layer, key)) {
        switch (outside->part) {
            case OutOfCoverage::Part::zoom:
                return text_response(400, fmt::format("The zoom level is not sane: {}", key.z));
            case OutOfCoverage::Part::column:
                return text_response(400, fmt::format("The X coordinate is not sane: {}", key.x));
            case OutOfCoverage::Part::row:
                return text_response(400, fmt::format("The Y coordinate is not sane: {}", key.y));
        }
    }
    return answer_service_tile(*layer, key, request);
}

template <typename Number>
std::optional<Number> number_in(const Query& query, std::string_view name) {
    const auto* const text = query.find(name);
    return text == nullptr ? std::nullopt : parse_number<Number>(*text);
}

std::optional<TileKey> numbered_key(const Query& query) {
    const auto zoom = number_in<std::int16_t>(query, "zoom");
    const auto x = number_in<std::int64_t>(query, "x");
    const auto y = number_in<std::int64_t>(query, "y");
    return zoom && x && y ? std::optional{TileKey{*zoom, *x, *y}} : std::nullopt;
}

Response no_numbers() {
    return text_response(400, "zoom, x and y have to be numbers");
}

}  // namespace

Response answer_google_maps(const LayerSet& layers, const Query& query, const Request& request) {
    const auto key = numbered_key(query);
    return key ? answer(layers, query, *key, request) : no_numbers();
}

Response answer_mobile_google_maps(const LayerSet& layers, const Query& query,
                                   const Request& request) {
    const auto key = numbered_key(query);
    return key ? answer(layers, query, {17 - key->z, key->x, key->y}, request) : no_numbers();
}

Response answer_virtual_earth(const LayerSet& layers, const Query& query, const Request& request) {
    const auto* const quadkey = query.find("quadkey");
    const auto key = quadkey == nullptr ? std::nullopt : parse_quadkey(*quadkey);
    return key ? answer(layers, query, *key, request)
               : text_response(400, "quadkey has to be digits from 0 to 3");
}

}  // namespace offgrid
