#include "serve/wmts.h"

#include "formats/base/text.h"
#include "serve/accepts_xml.h"
#include "serve/ows_exception.h"
#include "serve/service_document.h"
#include "serve/tileset_listing.h"
#include "serve/tileset_lookup.h"
#include "serve/url.h"
#include "serve/wmts_capabilities.h"
#include "serve/wmts_tile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

using Segments = std::vector<std::string>;

Response capabilities(const LayerSet& layers, const Request& request, const ServicePlace& place) {
    const auto make = [&] { return wmts_capabilities(layers, place.dialect); };
    const auto root = place.root(request);
    if (is_listed_anew(layers)) {
        return ServiceDocument{make()}.answer(root, request);
    }
    using Kind = ServiceDocuments::Kind;
    const auto kind = place.is_mapcache() ? Kind::wmts_mapcache : Kind::wmts_geowebcache;
    return layers.documents().get(kind, make).answer(root, request);
}

/// Whether a list of versions (OGC 06-121r3, section 7.3.2) has ours; so where there is none.
bool accepts_version(const std::string* list) {
    return list == nullptr || fmt::format(",{},", *list).find(",1.0.0,") != std::string::npos;
}

/// TileJSON is written elsewhere; here is where.
Response tilejson_elsewhere(const LayerSet& layers, std::string_view name, const Request& request) {
    const auto layer = find_tileset(layers, name, {});
    if (layer == nullptr) {
        return invalid_parameter("LAYER", "no such layer");
    }
    Response response{.status = 302, .headers = {}, .body = {}};
    response.headers.push_back(
        {"Location", fmt::format("{}/tiles/{}.json", request.base, percent_encoded(layer->id))});
    return response;
}

/// What the query says of the layer's dimensions.
std::vector<std::pair<std::string, std::string>> values_in(const Query& query,
                                                           const LayerSet& layers,
                                                           std::string_view name) {
    std::vector<std::pair<std::string, std::string>> values;
    const auto* const entry = layers.catalogue().find_layer(name);
    if (entry == nullptr) {
        return values;
    }
    for (const auto& dimension : entry->tilesets.front().layer->dimensions) {
        if (const auto* const value = query.find(lower_case(dimension.name))) {
            values.emplace_back(dimension.name, *value);
        }
    }
    return values;
}

Response get_tile(const LayerSet& layers, const Query& query, const Request& request,
                  const ServicePlace& place) {
    struct Part {
        const char* name;
        const char* locator;
        std::string_view GetTile::*value;
    };
    static constexpr std::array<Part, 6> parts{
        {{"layer", "LAYER", &GetTile::layer},
         {"format", "FORMAT", &GetTile::format},
         {"tilematrixset", "TILEMATRIXSET", &GetTile::matrix_set},
         {"tilematrix", "TILEMATRIX", &GetTile::matrix},
         {"tilerow", "TILEROW", &GetTile::row},
         {"tilecol", "TILECOL", &GetTile::column}}};
    if (const auto* const version = query.find("version");
        version != nullptr && *version != "1.0.0") {
        return invalid_parameter("VERSION", "only version 1.0.0 is answered");
    }
    GetTile asked;
    for (const auto& part : parts) {
        if (const auto* const value = query.find(part.name)) {
            asked.*part.value = *value;
        } else if (part.value != &GetTile::format || !place.is_mapcache()) {
            return missing_parameter(part.locator);
        }
    }
    asked.dimensions = values_in(query, layers, asked.layer);
    return answer_get_tile(layers, asked, request, {.place = place});
}

std::optional<Segments> decoded_segments(std::string_view address) {
    constexpr std::size_t max_segments = 64;
    Segments segments;
    while (true) {
        const auto slash = std::min(address.find('/'), address.size());
        auto segment = percent_decoded(address.substr(0, slash));
        if (!segment || segments.size() == max_segments) {
            return std::nullopt;
        }
        segments.push_back(*std::move(segment));
        if (slash == address.size()) {
            return segments;
        }
        address.remove_prefix(slash + 1);
    }
}

Response document(const LayerSet& layers, const Request& request, const ServicePlace& place) {
    return accepts_xml(request.accept) ? capabilities(layers, request, place)
                                       : text_response(406, "this is XML");
}

Response not_found(std::string_view text) {
    return ows_exception(404, "InvalidParameterValue", "", text);
}

/// What follows `1.0.0`.
Response mapcache_tile(const LayerSet& layers, const Segments& parts, const Request& request,
                       const ServicePlace& place) {
    constexpr std::size_t without_dimensions = 7;
    const auto count = parts.size();
    if (count < without_dimensions) {
        return not_found("not the address of a tile");
    }
    if (parts[2] != "default") {
        return not_found("the only style is called default");
    }
    const std::string_view last = parts[count - 1];
    const auto dot = last.find('.');
    if (dot == std::string_view::npos) {
        return not_found("the extension is missing");
    }
    GetTile asked{.layer = parts[1],
                  .matrix_set = parts[count - 4],
                  .matrix = parts[count - 3],
                  .row = parts[count - 2],
                  .column = last.substr(0, dot),
                  .extension = last.substr(dot + 1)};
    if (count > without_dimensions) {
        const auto* const entry = layers.catalogue().find_layer(asked.layer);
        const auto given = count - without_dimensions;
        if (entry == nullptr || entry->tilesets.front().layer->dimensions.size() != given) {
            return not_found("no layer with so many dimensions");
        }
        for (std::size_t i = 0; i < given; ++i) {
            asked.dimensions.emplace_back(entry->tilesets.front().layer->dimensions[i].name,
                                          parts[3 + i]);
        }
    }
    return answer_get_tile(layers, asked, request, {.place = place, .status_of_absent = 404});
}

Response answer_mapcache(const LayerSet& layers, const Segments& parts, const Request& request,
                         const ServicePlace& place) {
    if (parts[0] != "1.0.0") {
        return not_found("only version 1.0.0 is answered");
    }
    if (parts.size() == 2 && parts[1] == "WMTSCapabilities.xml") {
        return document(layers, request, place);
    }
    return mapcache_tile(layers, parts, request, place);
}

Response answer_geowebcache(const LayerSet& layers, const Segments& parts, const Query& query,
                            const Request& request, const ServicePlace& place) {
    const auto count = parts.size();
    if (count == 1 && parts[0] == "WMTSCapabilities.xml") {
        return document(layers, request, place);
    }
    if ((count == 3 || count == 4) && parts[count - 2] == "tilejson") {
        return tilejson_elsewhere(layers, parts[0], request);
    }
    if (count == 7 || count == 8) {
        return operation_not_supported("request", "the tiles tell nothing about features");
    }
    if ((count != 5 && count != 6) || parts.back().empty()) {
        return text_response(404, "nothing here");
    }
    const auto* const format = query.find("format");
    return answer_get_tile(layers,
                           {.layer = parts[0],
                            .matrix_set = parts[count - 4],
                            .matrix = parts[count - 3],
                            .row = parts[count - 2],
                            .column = parts[count - 1],
                            .format = format == nullptr ? std::string_view{} : *format,
                            .dimensions = values_in(query, layers, parts[0])},
                           request, {.place = place});
}

}  // namespace

Response answer_wmts(const LayerSet& layers, const Query& query, const Request& request,
                     const ServicePlace& place) {
    if (const auto* const service = query.find("service");
        service != nullptr && !equals_ignoring_case(*service, "WMTS")) {
        return invalid_parameter("service", "this is WMTS");
    }
    const auto* const operation = query.find("request");
    if (operation == nullptr) {
        return missing_parameter("request");
    }
    if (equals_ignoring_case(*operation, "GetTile")) {
        return get_tile(layers, query, request, place);
    }
    if (equals_ignoring_case(*operation, "GetCapabilities")) {
        return accepts_version(query.find("acceptversions"))
                   ? capabilities(layers, request, place)
                   : ows_exception(400, "VersionNegotiationFailed", "AcceptVersions",
                                   "only version 1.0.0 is answered");
    }
    if (equals_ignoring_case(*operation, "GetFeatureInfo")) {
        return operation_not_supported("GetFeatureInfo", "the tiles tell nothing about features");
    }
    if (equals_ignoring_case(*operation, "GetTileJSON")) {
        const auto* const name = query.find("layer");
        return name == nullptr ? missing_parameter("LAYER")
                               : tilejson_elsewhere(layers, *name, request);
    }
    return operation_not_supported("request", "there are GetCapabilities and GetTile");
}

Response answer_wmts_rest(const LayerSet& layers, std::string_view address, const Query& query,
                          const Request& request, const ServicePlace& place) {
    const auto parts = decoded_segments(address);
    if (!parts) {
        return text_response(400, "a broken escape in the address");
    }
    return place.is_mapcache() ? answer_mapcache(layers, *parts, request, place)
                               : answer_geowebcache(layers, *parts, query, request, place);
}

}  // namespace offgrid
