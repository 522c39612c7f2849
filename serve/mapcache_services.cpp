#include "serve/mapcache_services.h"

#include "formats/base/parse_number.h"
#include "serve/kml.h"
#include "serve/quadkey.h"
#include "serve/query.h"
#include "serve/service_tile.h"
#include "serve/tileset_lookup.h"
#include "serve/tms.h"
#include "serve/url.h"
#include "serve/wmts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace offgrid {
namespace {

constexpr std::string_view context = "/mapcache";
constexpr std::array<std::string_view, 7> services{"tms", "wmts", "gmaps", "ve",
                                                   "mg",  "kml",  "demo"};

/// An address taken apart.
struct Address {
    explicit Address(std::string_view path) {
        const auto start = path.starts_with("/mapcache/") ? context.size() : 0;
        rest = path.substr(std::min(start + 1, path.size()));
        service = take_segment(rest);
        place.folder = path.substr(0, start + 1 + service.size());
    }

    ServicePlace place{};
    std::string_view service{};
    std::string_view rest{};  ///< behind the folder of the service and a slash
};

/// `NUMBER.EXTENSION`, taken apart.
struct NamedNumber {
    std::optional<std::int64_t> number{};
    std::string_view extension{};
};

NamedNumber named_number(std::string_view text) {
    const auto dot = text.find('.');
    return dot == std::string_view::npos
               ? NamedNumber{}
               : NamedNumber{parse_number<std::int64_t>(text.substr(0, dot)), text.substr(dot + 1)};
}

std::shared_ptr<const Layer> find_map(const LayerSet& layers, std::string_view name,
                                      std::string_view extension) {
    auto layer = find_named_tileset(
        layers, name, [&](const Layer& some) { return is_in_extension(some, extension); });
    return layer == nullptr ? find_named_tileset(layers, name) : layer;
}

Response answer_covered(const ServicePlace& place, const Layer* layer, const TileKey& key,
                        const Request& request) {
    if (layer == nullptr) {
        return text_response(404, "no such layer, or not in this grid");
    }
    if (out_of_coverage(*layer, key)) {
        return text_response(404, "outside of what the layer covers");
    }
    return answer_tile_of(place, *layer, key, request);
}

Response answer_gmaps(const LayerSet& layers, Address address, const Request& request) {
    auto& rest = address.rest;
    const auto name = percent_decoded(take_segment(rest));
    const auto z = parse_number<int>(take_segment(rest));
    const auto x = parse_number<std::int64_t>(take_segment(rest));
    const auto y = named_number(rest);
    if (!name || !z || !x || !y.number) {
        return text_response(404, "not a tile address: {layer}@{grid}/{z}/{x}/{y}.{extension}");
    }
    const auto layer = find_map(layers, *name, y.extension);
    return answer_covered(address.place, layer.get(), {*z, *x, *y.number}, request);
}

Response answer_ve(const LayerSet& layers, const Address& address, const Request& request) {
    const Query query{request};
    const auto* const name = query.find("layer");
    const auto* const quadkey = query.find("tile");
    const auto key = quadkey == nullptr ? std::nullopt : parse_quadkey(*quadkey);
    if (name == nullptr || !key) {
        return text_response(400, "layer and tile, a quadkey, have to be there");
    }
    const auto layer = find_named_tileset(layers, *name);
    return answer_covered(address.place, layer.get(), *key, request);
}

/// The number behind the letter.
std::optional<std::int64_t> lettered(std::string_view text, char letter) {
    return text.starts_with(letter) ? parse_number<std::int64_t>(text.substr(1)) : std::nullopt;
}

/// Far more than any grid has, and far from where sums of two overflow.
constexpr std::int64_t max_index = std::int64_t{1} << 40U;

bool is_index(const std::optional<std::int64_t>& number) {
    return number && *number >= 0 && *number <= max_index;
}

Response answer_mapguide(const LayerSet& layers, Address address, const Request& request) {
    auto& rest = address.rest;
    const auto scale = lettered(take_segment(rest), 'S');
    const auto name = percent_decoded(take_segment(rest));
    const auto rows = lettered(take_segment(rest), 'R');
    const auto columns = lettered(take_segment(rest), 'C');
    const auto underscore = std::min(rest.find('_'), rest.size());
    const auto row = parse_number<std::int64_t>(rest.substr(0, underscore));
    const auto column = named_number(rest.substr(std::min(underscore + 1, rest.size())));
    if (!name || !is_index(scale) || !is_index(rows) || !is_index(columns) || !is_index(row) ||
        !is_index(column.number)) {
        return text_response(404,
                             "not a tile address: S{n}/{layer}/R{n}/C{n}/{row}_{column}.{ext}");
    }
    const auto layer = find_map(layers, *name, column.extension);
    if (layer == nullptr || *scale > layer->info().max_zoom) {
        return text_response(404, "no such layer, or not in this grid and scale");
    }
    const auto z = layer->info().max_zoom - static_cast<int>(*scale);
    return answer_covered(address.place, layer.get(), {z, *columns + *column.number, *rows + *row},
                          request);
}

Response viewer_elsewhere(const Request& request) {
    Response response{.status = 302, .headers = {}, .body = {}};
    response.headers.push_back({"Location", std::string{request.base} + "/"});
    return response;
}

}  // namespace

bool is_mapcache_address(std::string_view path) {
    const auto service = Address{path}.service;
    return path.starts_with('/') && std::ranges::count(services, service) > 0;
}

Response answer_mapcache_service(const LayerSet& layers, const Request& request) {
    const Address address{request.path};
    const auto& [place, service, rest] = address;
    if (service == "tms") {
        return answer_tms(layers, rest, Query{request}, request, place);
    }
    if (service == "wmts") {
        const Query query{request};
        return rest.empty() ? answer_wmts(layers, query, request, place)
                            : answer_wmts_rest(layers, rest, query, request, place);
    }
    if (service == "kml") {
        return answer_mapcache_kml(layers, rest, request, place);
    }
    if (service == "demo") {
        return viewer_elsewhere(request);
    }
    if (service == "mg") {
        return answer_mapguide(layers, address, request);
    }
    if (service == "gmaps") {
        return answer_gmaps(layers, address, request);
    }
    return rest.empty() ? answer_ve(layers, address, request) : text_response(404, "nothing here");
}

}  // namespace offgrid
