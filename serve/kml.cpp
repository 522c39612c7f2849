#include "serve/kml.h"

#include "formats/base/parse_number.h"
#include "serve/catalogue.h"
#include "serve/kml_document.h"
#include "serve/service_document.h"
#include "serve/service_tile.h"
#include "serve/tileset_listing.h"
#include "serve/tileset_lookup.h"
#include "serve/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace offgrid {
namespace {

constexpr const char* kml_media_type = "application/vnd.google-earth.kml+xml";

Response kml_response(const Layer& layer, const std::optional<TileKey>& key,
                      const KmlAddresses& addresses, std::string_view root,
                      const Request& request) {
    if (key && !layer.info().grid->contains(*key)) {
        return text_response(404, "no such tile in the grid of the layer");
    }
    auto document = kml_document(layer, key, addresses);
    if (!document) {
        return text_response(400, "the layer is in no grid that KML can show");
    }
    auto response = ServiceDocument{*std::move(document)}.answer(root, request);
    for (auto& header : response.headers) {
        if (std::string_view{header.name} == "Content-Type") {
            header.value = kml_media_type;
        }
    }
    return response;
}

/// What stands before the last dot, and what after it.
struct Ending {
    explicit Ending(std::string_view text) {
        const auto dot = text.rfind('.');
        stem = text.substr(0, dot);
        extension = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
    }

    std::string_view stem{};
    std::string_view extension{};
};

/// `x3y1z2`, y from the south.
std::optional<TileKey> parse_key(std::string_view text, const Grid& grid) {
    const auto y_at = text.find('y');
    const auto z_at = text.find('z');
    if (!text.starts_with('x') || y_at == std::string_view::npos ||
        z_at == std::string_view::npos || z_at < y_at) {
        return std::nullopt;
    }
    const auto x = parse_number<std::int64_t>(text.substr(1, y_at - 1));
    const auto y = parse_number<std::int64_t>(text.substr(y_at + 1, z_at - y_at - 1));
    const auto z = parse_number<int>(text.substr(z_at + 1));
    if (!x || !y || !z || !grid.contains({*z, *x, *y})) {
        return std::nullopt;
    }
    return TileKey{*z, *x, grid.flip(*z, *y)};
}

/// In degrees where the layer has that, in any grid otherwise.
std::shared_ptr<const Layer> find_in_degrees(const LayerSet& layers, std::string_view name,
                                             std::string_view extension) {
    const auto is_wanted = [&](const Layer& layer) { return is_in_extension(layer, extension); };
    auto layer = find_tileset(layers, name, "EPSG:4326", is_wanted);
    return layer == nullptr ? find_named_tileset(layers, name, is_wanted) : layer;
}

Response no_such_layer() {
    return text_response(404, "no such layer, or not in this grid and format");
}

bool is_document(std::string_view extension) {
    return extension == "kml" || extension == "kmz";
}

}  // namespace

Response answer_mapcache_kml(const LayerSet& layers, std::string_view address,
                             const Request& request, const ServicePlace& place) {
    const bool is_root = address.find('/') == std::string_view::npos;
    const auto first = take_segment(address);
    const auto name = percent_decoded(is_root ? Ending{first}.stem : first);
    if (!name || Ending{is_root ? first : address}.extension != "kml") {
        return text_response(404, "not an address: {layer}@{grid}[/{z}/{x}/{y}].kml");
    }
    const auto layer = find_named_tileset(layers, *name);
    if (layer == nullptr) {
        return no_such_layer();
    }
    const auto& grid = *layer->info().grid;
    std::optional<TileKey> key;
    if (!is_root) {
        const auto z = parse_number<int>(take_segment(address));
        const auto x = parse_number<std::int64_t>(take_segment(address));
        const auto y = parse_number<std::int64_t>(Ending{address}.stem);
        if (!z || !x || !y || !grid.contains({*z, *x, *y})) {
            return text_response(404, "no such tile in the grid of the layer");
        }
        key = grid.key_from_origin(*z, *x, *y);
    }
    const auto map = percent_encoded(*name);
    const auto extension = percent_encoded(listed_extension(*layer));
    const KmlAddresses addresses{.document =
                                     [&](const TileKey& at) {
                                         return fmt::format("kml/{}/{}/{}/{}.kml", map, at.z, at.x,
                                                            grid.row_from_origin(at));
                                     },
                                 .tile =
                                     [&](const TileKey& at) {
                                         return fmt::format("tms/1.0.0/{}/{}/{}/{}.{}", map, at.z,
                                                            at.x, grid.flip(at.z, at.y), extension);
                                     }};
    auto root = place.root(request);
    root.resize(root.size() - std::string_view{"kml"}.size());
    return kml_response(*layer, key, addresses, root, request);
}

Response answer_geowebcache_kml(const LayerSet& layers, std::string_view address,
                                const Request& request, const ServicePlace& place) {
    const bool is_root = address.find('/') == std::string_view::npos;
    const auto first = take_segment(address);
    const auto last = percent_decoded(is_root ? first : address);
    const auto folder = percent_decoded(first);
    if (!last || !folder) {
        return text_response(400, "a broken escape in the address");
    }
    const Ending whole{*last};
    const bool asks_for_document = is_document(whole.extension);
    const Ending inner{asks_for_document ? whole.stem : std::string_view{*last}};
    if (is_root && !asks_for_document) {
        return text_response(404, "not an address: {layer}.{extension}.kml");
    }
    const auto layer =
        find_in_degrees(layers, is_root ? inner.stem : std::string_view{*folder}, inner.extension);
    if (layer == nullptr) {
        return no_such_layer();
    }
    const auto& grid = *layer->info().grid;
    const auto key = is_root ? std::nullopt : parse_key(inner.stem, grid);
    if (!is_root && !key) {
        return text_response(404, "no such tile in the grid of the layer");
    }
    if (!asks_for_document) {
        return out_of_coverage(*layer, *key)
                   ? text_response(404, "outside of what the layer covers")
                   : answer_tile_of(place, *layer, *key, request);
    }
    const auto tile = [&](const TileKey& at) {
        return fmt::format("/{}/x{}y{}z{}.{}",
                           percent_encoded(is_root ? inner.stem : std::string_view{*folder}), at.x,
                           grid.flip(at.z, at.y), at.z, percent_encoded(inner.extension));
    };
    return kml_response(
        *layer, key,
        {.document = [&](const TileKey& at) { return tile(at) + ".kml"; }, .tile = tile},
        place.root(request), request);
}

}  // namespace offgrid
