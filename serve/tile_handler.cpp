#include "serve/tile_handler.h"

#include "formats/base/hash.h"
#include "formats/base/parse_number.h"
#include "formats/tile/tile_format.h"
#include "serve/etag.h"
#include "serve/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {
namespace {

/// Whether tiles of the layer may be asked for with the extension.
bool is_extension(std::string_view text, const Layer& layer) {
    return format_named(text).has_value() ||
           (!layer.extension.empty() && text == percent_encoded(layer.extension));
}

/// The tile that the address names, whether or not a grid has it.
std::optional<TileKey> parse_address(std::string_view address, const Layer& layer) {
    const auto z = parse_number<int>(take_segment(address));
    const auto x = parse_number<std::int64_t>(take_segment(address));
    const auto dot = address.find('.');
    if (!z || !x || dot == std::string_view::npos ||
        !is_extension(address.substr(dot + 1), layer)) {
        return std::nullopt;
    }
    const auto y = parse_number<std::int64_t>(address.substr(0, dot));
    return y ? std::optional{TileKey{*z, *x, *y}} : std::nullopt;
}

std::string_view media_type(BytesView content, const Layer& layer) {
    if (!layer.media_type.empty()) {
        return layer.media_type;
    }
    if (const auto format = sniff_format(content)) {
        return media_type_of(*format);
    }
    // A vector tile that is not compressed has no signature of its own.
    return layer.format == TileFormat::pbf ? media_type_of(TileFormat::pbf)
                                           : "application/octet-stream";
}

/// Let the client keep the answer for as long as that is worth something. An answer without a word
/// on it has to be asked for again.
void add_max_age(Response& response, std::chrono::seconds max_age) {
    if (max_age.count() > 0) {
        response.headers.push_back({"Cache-Control", fmt::format("max-age={}", max_age.count())});
    }
}

std::chrono::seconds max_age_of(const Layer& layer, const Tile& tile) {
    if (layer.auto_expire.count() == 0 || !tile.modified) {
        return layer.max_age;
    }
    const auto age =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - *tile.modified);
    return std::min(layer.auto_expire, layer.auto_expire - age);  // whatever the clock says
}

/// Outside the zooms of the layer there is nothing that it could have.
Response absent_tile(const Layer& layer, const TileKey& key) {
    const auto& info = layer.info();
    Response response{.status = 404, .headers = {}, .body = {}};
    if (key.z >= info.min_zoom && key.z <= info.max_zoom) {
        response.absent = AbsentTile{.tile_size = info.grid->tile_size(),
                                     .is_vector = layer.format == TileFormat::pbf};
    }
    return response;
}

/// Nothing unless the client is known to have the tile. Only tiles that are there, of which no time
/// is known, and which all clients get as they are stored, are in `tags`: so what else is said of
/// the tile is the layer's word.
std::optional<Response> answer_unchanged(const Layer& layer, const TileKey& key,
                                         const Request& request, const TagCache& tags) {
    const auto hash = tags.find(layer.tiles->id(), key);
    if (!hash) {
        return std::nullopt;
    }
    auto etag = etag_of(*hash);
    if (!matches(request.if_none_match, etag)) {
        return std::nullopt;
    }
    Response response{.status = 304, .headers = {}, .body = {}};
    response.headers.reserve(8);
    response.headers.push_back({"ETag", std::move(etag)});
    add_max_age(response, layer.max_age);
    return response;
}

}  // namespace

Response answer_tile(const Layer& layer, std::string_view address, const Request& request,
                     TagCache* tags) {
    const auto key = parse_address(address, layer);
    if (!key) {
        const auto own = layer.extension.empty() ? "" : "|" + percent_encoded(layer.extension);
        return text_response(
            400,
            fmt::format("not a tile address: {{z}}/{{x}}/{{y}}.{{png|jpg|jpeg|webp|pbf|mvt{}}}",
                        format_named(layer.extension) ? "" : own));
    }
    if (!layer.info().grid->contains(*key)) {
        return text_response(400, "no such tile in the grid of the layer");
    }
    return answer_tile(layer, *key, request, tags);
}

Response answer_tile(const Layer& layer, const TileKey& key, const Request& request,
                     TagCache* tags) {
    if (layer.limits && !layer.limits(key.z).contains(key)) {
        return {.status = 404, .headers = {}, .body = {}};
    }
    if (auto url = layer.tiles->redirect_url(key)) {
        Response response{.status = 302, .headers = {}, .body = {}};
        response.headers.push_back({"Location", *std::move(url)});
        add_max_age(response, layer.max_age);
        return response;
    }
    auto* const known = tags != nullptr && layer.tiles->is_unchanging() ? tags : nullptr;
    if (known != nullptr && !request.if_none_match.empty()) {
        if (auto unchanged = answer_unchanged(layer, key, request, *known)) {
            return *std::move(unchanged);
        }
    }
    auto tile = layer.tiles->get(key);
    // Some writers store an empty blob where they have nothing.
    if (!tile || tile->content.empty()) {
        return absent_tile(layer, key);
    }
    Response response;
    response.headers.reserve(10);
    response.headers.push_back({"Content-Type", std::string{media_type(tile->content, layer)}});
    const bool is_packed = is_gzip(tile->content);
    if (is_packed) {
        response.headers.push_back({"Content-Encoding", "gzip"});
    }
    const auto max_age = max_age_of(layer, *tile);
    const auto hash = content_hash(tile->content);
    if (known != nullptr && !tile->modified && !is_packed) {
        known->put(layer.tiles->id(), key, hash);
    }
    response.body = std::move(tile->content);
    response = with_etag(std::move(response), hash, request, tile->modified);
    add_max_age(response, max_age);
    return response;
}

}  // namespace offgrid
