#include "serve/tile_handler.h"

#include "formats/base/parse_number.h"
#include "formats/tile/tile_format.h"
#include "serve/etag.h"
#include "serve/url.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {
namespace {

/// The tile that the address names, whether or not a grid has it.
std::optional<TileKey> parse_address(std::string_view address) {
    const auto z = parse_number<int>(take_segment(address));
    const auto x = parse_number<std::int64_t>(take_segment(address));
    const auto dot = address.find('.');
    if (!z || !x || dot == std::string_view::npos || !format_named(address.substr(dot + 1))) {
        return std::nullopt;
    }
    const auto y = parse_number<std::int64_t>(address.substr(0, dot));
    return y ? std::optional{TileKey{*z, *x, *y}} : std::nullopt;
}

std::string_view media_type(BytesView content, const Layer& layer) {
    if (const auto format = sniff_format(content)) {
        return media_type_of(*format);
    }
    // A vector tile that is not compressed has no signature of its own.
    return layer.format == TileFormat::pbf ? media_type_of(TileFormat::pbf)
                                           : "application/octet-stream";
}

/// RFC 9110, section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::chrono::system_clock::time_point time) {
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace

Response answer_tile(const Layer& layer, std::string_view address, const Request& request) {
    const auto key = parse_address(address);
    if (!key) {
        return text_response(400, "not a tile address: {z}/{x}/{y}.{png|jpg|jpeg|webp|pbf|mvt}");
    }
    if (!layer.info().grid->contains(*key)) {
        return text_response(400, "no such tile in the grid of the layer");
    }
    auto tile = layer.tiles->get(*key);
    // Some writers store an empty blob where they have nothing.
    if (!tile || tile->content.empty()) {
        return {.status = 404, .headers = {}, .body = {}};
    }
    Response response;
    response.headers.reserve(8);
    response.headers.push_back({"Content-Type", std::string{media_type(tile->content, layer)}});
    if (is_gzip(tile->content)) {
        response.headers.push_back({"Content-Encoding", "gzip"});
    }
    if (tile->modified) {
        response.headers.push_back({"Last-Modified", http_date(*tile->modified)});
    }
    response.body = std::move(tile->content);
    response = with_etag(std::move(response), request);
    if (layer.max_age.count() > 0) {
        response.headers.push_back(
            {"Cache-Control", fmt::format("max-age={}", layer.max_age.count())});
    }
    return response;
}

}  // namespace offgrid
