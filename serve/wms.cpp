#include "serve/wms.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/image/encode.h"
#include "serve/etag.h"
#include "serve/map_image.h"
#include "serve/service_tile.h"
#include "serve/wms_capabilities.h"
#include "serve/wms_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {
namespace {

/// Higher than what tiles are packed with: these pixels have been through an encoder before.
constexpr int quality = 85;

/// To draw a picture; gives itself back.
template <typename Semaphore>
class Permit {
public:
    explicit Permit(Semaphore& taken) : semaphore_{taken} {}
    ~Permit() { semaphore_.release(); }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

private:
    Semaphore& semaphore_;
};

MapFrame frame_of(const GetMap& map) {
    return {map.box, map.width, map.height};
}

/// The pictures on the background, as a client has it that asks for no transparency.
Image canvas_of(const GetMap& map) {
    Image canvas{map.width, map.height};
    if (map.is_transparent && map.encoding != Encoding::jpeg) {
        return canvas;
    }
    const auto [red, green, blue] = map.background;
    for (std::size_t i = 0; i < canvas.rgba.size(); i += 4) {
        canvas.rgba[i] = red;
        canvas.rgba[i + 1] = green;
        canvas.rgba[i + 2] = blue;
        canvas.rgba[i + 3] = 255;
    }
    return canvas;
}

Response image_response(Bytes content, Encoding encoding) {
    return {.status = 200,
            .headers = {{"Content-Type", std::string{media_type_of(encoding)}}},
            .body = std::move(content)};
}

/// How long a client may keep a picture of the layers: as long as of each.
std::chrono::seconds max_age_of(const std::vector<std::shared_ptr<const Layer>>& layers) {
    auto shortest = std::chrono::seconds::max();
    for (const auto& layer : layers) {
        const auto own = layer->auto_expire.count() == 0
                             ? layer->max_age
                             : std::min(layer->max_age, layer->auto_expire);
        shortest = std::min(shortest, own);
    }
    return shortest;
}

/// The tile as it is stored; nothing where it is absent or in another format.
std::optional<Response> stored_tile(const Layer& layer, const TileKey& key, Encoding encoding,
                                    const Request& request) {
    auto unconditional = request;
    unconditional.if_none_match = {};
    unconditional.if_modified_since = {};
    auto response = answer_service_tile(layer, key, unconditional);
    const bool is_elsewhere = response.status == 302 && layer.format == tile_format_of(encoding);
    const bool is_here =
        response.status == 200 && response.header("Content-Type") == media_type_of(encoding);
    if (!is_elsewhere && !is_here) {
        return std::nullopt;
    }
    const bool is_conditional =
        !request.if_none_match.empty() || !request.if_modified_since.empty();
    return is_conditional ? answer_service_tile(layer, key, request) : std::move(response);
}

Response capabilities_of(const LayerSet& layers, const Query& query, const MapLimits& limits,
                         const Request& request) {
    using TileSets = WmsCapabilities::TileSets;
    const auto version = wms_version(query);
    const auto* const tiled = query.find("tiled");
    const bool is_tiled = tiled != nullptr && equals_ignoring_case(*tiled, "true");
    using Kind = ServiceDocuments::Kind;
    const auto kind = version == WmsVersion::v1_3_0 ? Kind::wms_1_3_0
                      : is_tiled                    ? Kind::wms_1_1_1_tiled
                                                    : Kind::wms_1_1_1;
    const auto& document = layers.documents().get(kind, [&] {
        return wms_capabilities(layers, {.version = version,
                                         .tile_sets = is_tiled ? TileSets::listed : TileSets::none,
                                         .limits = limits});
    });
    auto response = document.answer(fmt::format("{}{}", request.base, request.path), request);
    for (auto& header : response.headers) {
        if (header.name == std::string_view{"Content-Type"}) {
            header.value = capabilities_media_type(version);
        }
    }
    return response;
}

WmsFailure not_supported(std::string_view text) {
    return {.code = "OperationNotSupported", .text = std::string{text}, .status = 501};
}

}  // namespace

WmsService::WmsService(WmsOptions options, Log log)
    : options_{std::move(options)},
      log_{std::move(log)},
      free_{static_cast<std::ptrdiff_t>(std::clamp(options_.max_drawing, 1U, most_drawing))} {}

Response WmsService::answer(const Live<LayerSet>::Lease& layers, const Request& request) const {
    const Query query{request};
    const auto* const field = query.find("request");
    const auto operation = field == nullptr ? std::string{} : lower_case(*field);
    if (operation == "getmap" || operation == "map") {
        return answer_get_map(*layers, query, request);
    }
    if (operation == "getcapabilities" || operation == "capabilities") {
        return capabilities_of(*layers, query, options_.limits, request);
    }
    if (operation.empty()) {
        return wms_exception(wms_version(query), {.text = "REQUEST is missing", .status = 400});
    }
    return wms_exception(wms_version(query),
                         not_supported("REQUEST has to be GetMap or GetCapabilities"));
}

Response WmsService::answer_get_map(const LayerSet& layers, const Query& query,
                                    const Request& request) const {
    WmsFailure failure;
    try {
        auto outcome = map_of(layers, query, request);
        if (auto* const response = std::get_if<Response>(&outcome)) {
            return std::move(*response);
        }
        failure = std::get<WmsFailure>(std::move(outcome));
    } catch (const Error& error) {
        log_(fmt::format("wms: {}", error.what()));
        if (error.code() == Errc::busy) {
            return wms_exception(wms_version(query), {.text = "busy, try again", .status = 503});
        }
        failure = {.text = "a tile cannot be read", .status = 500};
    }
    const auto blank = blank_map(query, options_.limits);
    if (!blank || !free_.try_acquire_for(options_.max_wait)) {
        return wms_exception(wms_version(query), failure);
    }
    const Permit permit{free_};
    return image_response(Encoder{blank->encoding, quality}.encode(canvas_of(*blank)),
                          blank->encoding);
}

WmsService::Outcome WmsService::map_of(const LayerSet& layers, const Query& query,
                                       const Request& request) const {
    auto parsed = parse_get_map(query, options_.limits);
    if (auto* const failure = std::get_if<WmsFailure>(&parsed)) {
        return std::move(*failure);
    }
    const auto& map = std::get<GetMap>(parsed);
    Layers found;
    for (const auto& name : map.layers) {
        auto layer = find_map_layer(layers, name, map, query);
        if (auto* const failure = std::get_if<WmsFailure>(&layer)) {
            return std::move(*failure);
        }
        found.push_back(std::get<std::shared_ptr<const Layer>>(std::move(layer)));
    }
    const auto key =
        found.size() > 1 ? std::nullopt : tile_in(*found.front()->info().grid, frame_of(map));
    if (map.is_tiled && !key) {
        return WmsFailure{.text =
                              "TILED=true, and the picture is no tile of one layer: BBOX, "
                              "WIDTH and HEIGHT have to line up with its grid"};
    }
    if (key) {
        if (auto tile = stored_tile(*found.front(), *key, map.encoding, request)) {
            return *std::move(tile);
        }
    }
    return drawn(found, map, request);
}

WmsService::Outcome WmsService::drawn(const Layers& layers, const GetMap& map,
                                      const Request& request) const {
    std::vector<MapDrawing> drawings;
    auto tiles = options_.max_tiles;
    for (const auto& layer : layers) {
        auto drawing = MapDrawing::plan(*layer, frame_of(map), options_.resampling, tiles);
        if (!drawing) {
            return WmsFailure{.text =
                                  "the layers have no tiles for so large an area: zoom in, or "
                                  "ask for fewer of them"};
        }
        tiles -= drawing->tiles();
        drawings.push_back(*std::move(drawing));
    }
    auto response = with_etag(image_response(picture(drawings, map), map.encoding), request);
    const auto max_age = max_age_of(layers);
    if (max_age.count() > 0) {
        response.headers.push_back({"Cache-Control", fmt::format("max-age={}", max_age.count())});
    }
    return response;
}

Bytes WmsService::picture(const std::vector<MapDrawing>& drawings, const GetMap& map) const {
    if (!free_.try_acquire_for(options_.max_wait)) {
        throw Error{Errc::busy, "too many maps are drawn at a time"};
    }
    const Permit permit{free_};
    auto canvas = canvas_of(map);
    for (const auto& drawing : drawings) {
        drawing.draw(canvas);
    }
    return Encoder{map.encoding, quality}.encode(canvas);
}

}  // namespace offgrid
