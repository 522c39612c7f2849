#include "serve/router.h"

#include "formats/base/error.h"
#include "serve/etag.h"
#include "serve/layer_documents.h"
#include "serve/metrics.h"
#include "serve/services.h"
#include "serve/tile_handler.h"
#include "serve/url.h"
#include "serve/viewer.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

namespace offgrid {
namespace {

/// A layer's name is at most 128 bytes, each escaped in three; the rest is for numbers and a grid.
constexpr std::size_t max_path_bytes = 1024;

Response json_response(const std::string& json) {
    return {.status = 200,
            .headers = {{"Content-Type", "application/json"}},
            .body = Bytes{json.begin(), json.end()}};
}

Response not_found() {
    return text_response(404, "nothing here");
}

Response method_not_allowed() {
    auto response = text_response(405, "only GET and HEAD");
    response.headers.push_back({"Allow", "GET, HEAD"});
    return response;
}

Response failure(const Error& error) {
    if (error.code() == Errc::busy) {
        auto response = text_response(503, "busy, try again");
        response.headers.push_back({"Retry-After", "1"});
        return response;
    }
    return text_response(500, "the tile cannot be read");
}

}  // namespace

Router::Router(const Live<LayerSet>& layers, Log log, PoolReport pools)
    : layers_{layers}, log_{std::move(log)}, pools_{std::move(pools)} {}

Response Router::answer(const Request& request) const {
    try {
        auto response = route(request);
        if (response.header("Cache-Control").empty()) {
            // An update must show at once, so a client may keep what it has but asks every time.
            response.headers.push_back({"Cache-Control", "no-cache"});
        }
        response.headers.push_back({"Access-Control-Allow-Origin", "*"});
        response.headers.push_back({"X-Content-Type-Options", "nosniff"});
        const bool has_body = request.method != "HEAD" && response.status != 304;
        counters_.count(response.status, has_body ? response.content().size() : 0);
        return response;
    } catch (...) {
        counters_.count(500, 0);  // that is what the server makes of it
        throw;
    }
}

Response Router::route(const Request& request) const {
    if (request.method != "GET" && request.method != "HEAD") {
        return method_not_allowed();
    }
    if (request.path.size() > max_path_bytes) {
        return text_response(414, "the address is too long");
    }
    if (constexpr std::string_view tiles = "/tiles/"; request.path.starts_with(tiles)) {
        return route_tiles(request, request.path.substr(tiles.size()));
    }
    if (const auto address = service_address(request.path); !address.empty()) {
        return route_service(request, address);
    }
    if (request.path == "/layers.json") {
        return with_etag(json_response(layers_json(*layers_.acquire(), request.host)), request);
    }
    if (request.path == "/health") {
        return json_response(health_json(*layers_.acquire(), layers_.statistics()));
    }
    if (request.path == "/metrics") {
        return metrics();
    }
    if (auto part = viewer_part(request.path)) {
        return with_etag(std::move(*part), request);
    }
    return not_found();
}

Response Router::metrics() const {
    const auto lease = layers_.acquire();
    const auto text = metrics_text({.layers = *lease,
                                    .states = layers_.statistics(),
                                    .requests = counters_.total(),
                                    .pools = pools_ ? pools_() : PoolReports{}});
    return {.status = 200,
            .headers = {{"Content-Type", metrics_media_type}},
            .body = Bytes{text.begin(), text.end()}};
}

Response Router::route_service(const Request& request, std::string_view address) const {
    const auto lease = layers_.acquire();
    try {
        return answer_service(*lease, address, request);
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
            return with_etag(json_response(tilejson(*layer, request.host)), request);
        }
        return answer_tile(*layer, rest, request);
    } catch (const Error& error) {
        log_(fmt::format("layer '{}', tile {}: {}", *id, rest, error.what()));
        return failure(error);
    }
}

}  // namespace offgrid
