#include "serve/ogc_api.h"

#include "formats/base/parse_number.h"
#include "serve/etag.h"
#include "serve/ogc_api_documents.h"
#include "serve/query.h"
#include "serve/service_tile.h"
#include "serve/tile_handler.h"
#include "serve/url.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {
namespace {

using ogc_api::Json;
using ogc_api::TileKind;

/// Layers in one answer unless the client asks for fewer, and at most.
constexpr std::size_t page_size = 1000;

Response problem(int status, std::string_view detail) {
    const char* const title = status == 404 ? "Not Found" : "Bad Request";
    const Json json{{"title", title}, {"status", status}, {"detail", detail}};
    return document_response(status, "application/problem+json", json.dump());
}

Response not_here() {
    return problem(404, "nothing here");
}

Response document(const Json& json, const Request& request, const char* media_type) {
    if (json.is_null()) {
        return not_here();
    }
    const auto text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return with_etag(document_response(200, media_type, text), request);
}

/// The page that `offset` and `limit` ask for; nothing where they are no counts.
std::optional<ogc_api::Page> page_of(const Query& query) {
    ogc_api::Page page{.offset = 0, .limit = page_size};
    for (const auto& [name, number] :
         {std::pair{"offset", &page.offset}, std::pair{"limit", &page.limit}}) {
        const auto* const text = query.find(name);
        const auto value = text == nullptr ? *number : parse_number<std::size_t>(*text);
        if (!value) {
            return std::nullopt;
        }
        *number = *value;
    }
    page.limit = std::clamp<std::size_t>(page.limit, 1, page_size);
    return page;
}

/// What an address asks for, answered from the layers of one moment.
class Answering {
public:
    Answering(const LayerSet& layers, const Request& request)
        : layers_{layers},
          catalogue_{layers.catalogue()},
          request_{request},
          query_{request},
          root_{fmt::format("{}/ogc", request.base)} {}

    Response answer(const std::vector<std::string>& parts) const {
        if (parts.empty()) {
            return json(ogc_api::landing_page(root_));
        }
        const bool is_alone = parts.size() == 1;
        if (parts[0] == "api" && is_alone) {
            return json(ogc_api::definition(root_), "application/vnd.oai.openapi+json;version=3.0");
        }
        if (parts[0] == "conformance" && is_alone) {
            return json(ogc_api::conformance());
        }
        if (parts[0] == "tileMatrixSets" && parts.size() <= 2) {
            return json(is_alone ? ogc_api::matrix_sets(catalogue_, root_)
                                 : ogc_api::matrix_set(catalogue_, parts[1]));
        }
        if (parts[0] == "collections") {
            return is_alone ? collections() : collection(parts);
        }
        return not_here();
    }

private:
    Response json(const Json& json, const char* media_type = "application/json") const {
        const auto* const format = query_.find("f");
        if (format != nullptr && *format != "json") {
            return problem(400, "f has to be json");
        }
        return document(json, request_, media_type);
    }

    Response collections() const {
        const auto page = page_of(query_);
        return page ? json(ogc_api::collections(catalogue_, root_, *page))
                    : problem(400, "offset and limit have to be counts");
    }

    /// `collections`, a layer, and what follows.
    Response collection(const std::vector<std::string>& parts) const {
        const auto* const entry = catalogue_.find_layer(parts[1]);
        if (entry == nullptr) {
            return problem(404, "no such layer");
        }
        if (parts.size() == 2) {
            return json(ogc_api::collection(*entry, root_));
        }
        const bool is_map = parts[2] == "map";
        const std::size_t tiles_at = is_map ? 3 : 2;
        if (parts.size() <= tiles_at || parts[tiles_at] != "tiles") {
            return not_here();
        }
        const auto kind = is_map ? TileKind::map : TileKind::vector;
        const auto rest = parts.begin() + static_cast<std::ptrdiff_t>(tiles_at) + 1;
        switch (parts.end() - rest) {
            case 0:
                return json(ogc_api::tilesets(*entry, kind, root_));
            case 1:
                return json(ogc_api::tileset(*entry, kind, *rest, root_));
            case 4:
                return tile(ogc_api::tilesets_in(*entry, kind, *rest), rest[1], rest[2], rest[3]);
            default:
                return not_here();
        }
    }

    Response tile(const std::vector<const Layer*>& formats, std::string_view matrix,
                  std::string_view row, std::string_view column) const {
        if (formats.empty()) {
            return problem(404, "the layer has no such tileset");
        }
        const auto* const format = query_.find("f");
        const auto found = std::ranges::find_if(formats, [&](const Layer* layer) {
            return format == nullptr || !layer->format || layer->format == format_named(*format);
        });
        if (found == formats.end()) {
            return problem(400, "the tileset is in another format");
        }
        const auto z = parse_number<int>(matrix);
        const auto x = parse_number<std::int64_t>(column);
        const auto y = parse_number<std::int64_t>(row);
        if (!z || !x || !y) {
            return problem(400, "matrix, row and column have to be numbers");
        }
        const TileKey key{*z, *x, *y};
        // What a name means can change while it is listed: the default of a dimension.
        const auto layer = layers_.find((*found)->id);
        if (layer == nullptr || out_of_coverage(*layer, key)) {
            return problem(404, "outside of what the tileset covers");
        }
        return answer_tile(*layer, key, request_);
    }

    const LayerSet& layers_;
    const Catalogue& catalogue_;
    const Request& request_;
    const Query query_;
    const std::string root_;
};

}  // namespace

Response answer_ogc_api(const LayerSet& layers, std::string_view address, const Request& request) {
    std::vector<std::string> parts;
    while (!address.empty()) {
        auto part = percent_decoded(take_segment(address));
        if (!part || part->empty()) {
            return problem(part ? 404 : 400, part ? "nothing here" : "a broken escape");
        }
        parts.push_back(*std::move(part));
    }
    return Answering{layers, request}.answer(parts);
}

}  // namespace offgrid
