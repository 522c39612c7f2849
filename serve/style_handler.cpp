#include "serve/style_handler.h"

#include "formats/base/parse_number.h"
#include "formats/tile/tile_format.h"
#include "serve/etag.h"
#include "serve/style_document.h"
#include "serve/url.h"

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

constexpr const char* json_type = "application/json";
constexpr const char* glyphs_type = "application/x-protobuf";

struct SpritePart {
    std::string_view name;
    const char* media_type = "";
};
constexpr std::array sprite_parts{
    SpritePart{"sprite.json", json_type}, SpritePart{"sprite.png", "image/png"},
    SpritePart{"sprite@2x.json", json_type}, SpritePart{"sprite@2x.png", "image/png"}};

Response not_there() {
    return text_response(404, "nothing here");
}

Response file_response(std::optional<Bytes> content, const char* media_type,
                       const Request& request) {
    if (!content) {
        return not_there();
    }
    Response response;
    response.headers.push_back({"Content-Type", media_type});
    if (is_gzip(*content)) {
        response.headers.push_back({"Content-Encoding", "gzip"});
    }
    response.body = *std::move(content);
    return with_etag(std::move(response), request);
}

struct Glyphs {
    std::vector<std::string> fonts{};
    int start = 0;
};

/// What `{fontstack}/{start}-{end}.pbf` asks for: fonts in the order of preference, and 256
/// characters of Unicode.
std::optional<Glyphs> parse_glyphs(std::string_view address) {
    constexpr std::size_t max_fonts = 8;
    constexpr int last_range = 0x10FF00;
    const auto stack = percent_decoded(take_segment(address));
    constexpr std::string_view ending = ".pbf";
    if (!stack || !address.ends_with(ending)) {
        return std::nullopt;
    }
    address.remove_suffix(ending.size());
    const auto dash = std::min(address.find('-'), address.size());
    const auto start = parse_number<int>(address.substr(0, dash));
    const auto end = parse_number<int>(address.substr(std::min(dash + 1, address.size())));
    if (!start || !end || *start < 0 || *start > last_range || *start % 256 != 0 ||
        *end != *start + 255) {
        return std::nullopt;
    }
    Glyphs glyphs{.start = *start};
    std::string_view rest = *stack;
    while (!rest.empty() && glyphs.fonts.size() < max_fonts) {
        const auto comma = std::min(rest.find(','), rest.size());
        glyphs.fonts.emplace_back(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return glyphs;
}

Response answer_glyphs(const std::vector<AssetFolder>& places, std::string_view address,
                       const Request& request) {
    const auto glyphs = parse_glyphs(address);
    return file_response(glyphs ? find_glyphs(places, glyphs->fonts, glyphs->start) : std::nullopt,
                         glyphs_type, request);
}

/// Where the layer's fonts are, its own first.
std::vector<AssetFolder> font_places(const LayerStyle& style) {
    std::vector<AssetFolder> places;
    for (const auto& place : {style.own_fonts, style.shared_fonts}) {
        if (place) {
            places.push_back(*place);
        }
    }
    return places;
}

/// Where fonts are at all, first those for several layers.
std::vector<AssetFolder> font_places(const LayerSet& layers) {
    constexpr std::size_t max_places = 64;
    std::vector<AssetFolder> places;
    for (const auto member : {&LayerStyle::shared_fonts, &LayerStyle::own_fonts}) {
        for (const auto& layer : layers.layers()) {
            if (places.size() < max_places && layer.style && (*layer.style).*member &&
                std::ranges::find(places, *((*layer.style).*member)) == places.end()) {
                places.push_back(*((*layer.style).*member));
            }
        }
    }
    return places;
}

StyleAddresses addresses_for(const Layer& layer, std::string_view base) {
    const auto id = percent_encoded(layer.id);
    StyleAddresses addresses{
        .tiles = layer.format == TileFormat::pbf ? StyleTiles::vector : StyleTiles::raster,
        .tilejson = fmt::format("{}/tiles/{}.json", base, id)};
    if (layer.style->own->has_file("sprite.json") && layer.style->own->has_file("sprite.png")) {
        addresses.sprite = fmt::format("{}/styles/{}/sprite", base, id);
    }
    if (layer.style->own_fonts || layer.style->shared_fonts) {
        addresses.glyphs = fmt::format("{}/styles/{}/fonts/{{fontstack}}/{{range}}.pbf", base, id);
    }
    return addresses;
}

}  // namespace

Response answer_style(const Layer& layer, std::string_view address, const Request& request) {
    if (!layer.style) {
        return not_there();
    }
    const bool is_file = address.find('/') == std::string_view::npos;
    const auto name = percent_decoded(take_segment(address));
    if (!is_file && name == "fonts") {
        return answer_glyphs(font_places(*layer.style), address, request);
    }
    if (!is_file || !name || !layer.style->own) {
        return not_there();
    }
    if (name == "style.json") {
        const auto style = layer.style->own->read({"style.json"}, max_style_bytes);
        if (!style) {
            return not_there();
        }
        const auto ours = rewritten_style(as_text(*style), addresses_for(layer, request.base));
        return file_response(Bytes{ours.begin(), ours.end()}, json_type, request);
    }
    const auto* const part = std::ranges::find(sprite_parts, *name, &SpritePart::name);
    return part == sprite_parts.end()
               ? not_there()
               : file_response(layer.style->own->read({*name}, max_sprite_bytes), part->media_type,
                               request);
}

Response answer_fonts(const LayerSet& layers, std::string_view address, const Request& request) {
    return answer_glyphs(font_places(layers), address, request);
}

}  // namespace offgrid
