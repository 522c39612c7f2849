#include "serve/router.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "serve/arcgis.h"
#include "serve/etag.h"
#include "serve/files_handler.h"
#include "serve/layer_documents.h"
#include "serve/mapcache_services.h"
#include "serve/metrics.h"
#include "serve/ogc_api.h"
#include "serve/query.h"
#include "serve/services.h"
#include "serve/style_handler.h"
#include "serve/tile_handler.h"
#include "serve/url.h"
#include "serve/viewer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {
namespace {

/// A layer's name is at most 128 bytes, each escaped in three; the rest is for numbers and a grid.
constexpr std::size_t max_path_bytes = 1024;

Response json_response(const std::string& json) {
    return document_response(200, "application/json", json);
}

Response not_found() {
    return text_response(404, "nothing here");
}

Response method_not_allowed() {
    auto response = text_response(405, "only GET and HEAD");
    response.headers.push_back({"Allow", "GET, HEAD"});
    return response;
}

/// Whether WMS is asked: at its own addresses, or where MapCache has all services at once.
bool is_wms(const Request& request) {
    const auto path = request.path;
    if (path == "/wms" || path == "/mapcache/wms" || service_address(path) == "wms") {
        return true;
    }
    if (request.query.empty() || (path != "/" && path != "/mapcache" && path != "/mapcache/")) {
        return false;
    }
    const Query query{request};
    const auto* const service = query.find("service");
    return service != nullptr && equals_ignoring_case(*service, "wms");
}

/// What follows the root and a slash; nothing for an address that is not at or below the root.
std::optional<std::string_view> address_below(std::string_view root, std::string_view path) {
    if (!path.starts_with(root)) {
        return std::nullopt;
    }
    path.remove_prefix(root.size());
    if (!path.empty() && path.front() != '/') {
        return std::nullopt;
    }
    return path.substr(std::min<std::size_t>(1, path.size()));
}

/// Whether `route_layer` answers.
bool is_layer_path(std::string_view path) {
    return path.starts_with("/styles/") || path.starts_with("/layers/") ||
           path.starts_with("/fonts/");
}

Response failure(const Error& error, std::string_view text = "the tile cannot be read") {
    if (error.code() == Errc::busy) {
        auto response = text_response(503, "busy, try again");
        response.headers.push_back({"Retry-After", "1"});
        return response;
    }
    return text_response(500, text);
}

}  // namespace

Router::Router(const Live<LayerSet>& layers, Log log, RouterOptions options)
    : layers_{layers},
      log_{std::move(log)},
      pools_{std::move(options.pools)},
      rules_{std::move(options.answers)},
      wms_{options.wms, log_},
      coverages_{log_},
      http_{options.http} {}

Response Router::answer(const Request& request) const {
    try {
        auto response = answer_uncounted(request);
        const bool has_body = request.method != "HEAD" && response.status != 304;
        counters_.count(response.status, has_body ? response.content().size() : 0);
        return response;
    } catch (...) {
        counters_.count(500, 0);  // that is what the server makes of it
        throw;
    }
}

Response Router::answer_uncounted(const Request& request) const {
    std::string user;
    auto response = answer_admitted(request, user);
    response.user = std::move(user);
    return response;
}

Response Router::answer_admitted(const Request& request, std::string& user) const {
    try {
        auto admission = rules_.admit(request);
        user = std::move(admission.user);
        if (admission.answer) {
            return rules_.finish_refusal(*std::move(admission.answer), request);
        }
        return rules_.finish(route(request, admission.is_reader), request);
    } catch (const Error& error) {
        log_(fmt::format("{}: {}", request.path, error.what()));
        return rules_.finish_refusal(failure(error), request);
    }
}

Response Router::route(const Request& request, bool is_reader) const {
    if (request.method != "GET" && request.method != "HEAD") {
        return method_not_allowed();
    }
    if (request.path.size() > max_path_bytes) {
        return text_response(414, "the address is too long");
    }
    if (constexpr std::string_view tiles = "/tiles/"; request.path.starts_with(tiles)) {
        return route_tiles(request, request.path.substr(tiles.size()));
    }
    if (is_wms(request)) {
        return wms_.answer(layers_.acquire(), request);
    }
    if (const auto address = service_address(request.path); !address.empty()) {
        return from_layers(request, [&](const LayerSet& layers) {
            return answer_service(layers, address, request);
        });
    }
    if (is_mapcache_address(request.path)) {
        return from_layers(request, [&](const LayerSet& layers) {
            return answer_mapcache_service(layers, request);
        });
    }
    if (const auto address = address_below("/ogc", request.path)) {
        return from_layers(request, [&](const LayerSet& layers) {
            return answer_ogc_api(layers, *address, request);
        });
    }
    if (const auto address = address_below("/arcgis/rest", request.path)) {
        return from_layers(request, [&](const LayerSet& layers) {
            return answer_arcgis(layers, *address, request);
        });
    }
    if (is_layer_path(request.path)) {
        return route_layer(request);
    }
    if (request.path == "/layers.json") {
        return with_etag(json_response(layers_json(*layers_.acquire(), request.base)), request);
    }
    if (request.path == "/health") {
        return json_response(is_reader ? health_json(*layers_.acquire(), layers_.statistics())
                                       : R"({"status":"ok"})");
    }
    if (request.path == "/ready") {
        return readiness();
    }
    if (request.path == "/metrics") {
        return metrics();
    }
    if (auto part = viewer_part(request.path, request.accept_encoding)) {
        return with_etag(std::move(*part), request);
    }
    return not_found();
}

Response Router::readiness() const {
    const bool is_draining = http_ != nullptr && http_->is_draining;
    return is_draining ? text_response(503, "draining") : text_response(200, "ready");
}

Response Router::metrics() const {
    const auto lease = layers_.acquire();
    const auto text = metrics_text({.layers = *lease,
                                    .states = layers_.statistics(),
                                    .requests = counters_.total(),
                                    .pools = pools_ ? pools_() : PoolReports{},
                                    .http = http_});
    return {.status = 200,
            .headers = {{"Content-Type", metrics_media_type}},
            .body = Bytes{text.begin(), text.end()}};
}

Response Router::route_layer(const Request& request) const {
    auto rest = request.path.substr(1);
    const auto kind = take_segment(rest);
    const auto lease = layers_.acquire();
    try {
        if (kind == "fonts") {
            return answer_fonts(*lease, rest, request);
        }
        const auto id = percent_decoded(take_segment(rest));
        const auto layer = id ? lease->find(*id) : nullptr;
        if (!layer) {
            return text_response(404, "no such layer");
        }
        if (kind == "styles") {
            return answer_style(*layer, rest, request);
        }
        if (rest == "coverage.json") {
            return with_etag(json_response(coverages_.json(lease, layer)), request);
        }
        return rest == "files.json" ? answer_files(*layer, request) : not_found();
    } catch (const Error& error) {
        log_(fmt::format("{}: {}", request.path, error.what()));
        return failure(error, "that cannot be read");
    }
}

template <typename Answer>
Response Router::from_layers(const Request& request, const Answer& answer) const {
    const auto lease = layers_.acquire();
    try {
        return answer(*lease);
    } catch (const Error& error) {
        log_(fmt::format("{}: {}", request.path, error.what()));
        return failure(error);
    }
}

Response Router::route_tiles(const Request& request, std::string_view rest) const {
    constexpr std::string_view document_end = ".json";
    auto name = take_segment(rest);
    const bool is_document = rest.empty() && name.ends_with(document_end);
    if (is_document) {
        name.remove_suffix(document_end.size());
    } else if (rest.empty()) {
        return not_found();
    }
    const auto id = percent_decoded(name);
    if (!id) {
        return text_response(400, "a broken escape in the name of the layer");
    }
    const auto lease = layers_.acquire();
    try {
        const auto layer = lease->find(*id);
        if (!layer) {
            return text_response(404, "no such layer");
        }
        if (is_document) {
            return with_etag(json_response(tilejson(*layer, request.base)), request);
        }
        return answer_tile(*layer, rest, request, &tags_);
    } catch (const Error& error) {
        log_(fmt::format("layer '{}', tile {}: {}", *id, rest, error.what()));
        return failure(error);
    }
}

}  // namespace offgrid
