#include "serve/style_document.h"

#include "formats/base/error.h"
#include "formats/base/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace offgrid {
namespace {

// An object with many members costs the square of them as ordered_json.
using Json = nlohmann::json;

/// Expressions nest; styles that are in use stay below 20. Writing JSON recurses.
constexpr int max_depth = 64;

/// Small values take much more memory than their text.
constexpr std::size_t max_values = 500'000;

/// Root members of the specification but for those that hold addresses (`sprite`, `glyphs`,
/// `sources`, `imports`, `models`, `iconsets`, `font-faces`) and `layers`.
constexpr std::array<std::string_view, 14> plain_members{
    "version", "name",  "metadata",   "center", "centerAltitude", "zoom",      "bearing", "pitch",
    "roll",    "light", "projection", "sky",    "terrain",        "transition"};

/// Members of a source that say how its tiles are to be used.
constexpr std::array<std::string_view, 4> source_members{"tileSize", "encoding", "promoteId",
                                                         "volatile"};

Error bad(std::string_view what) {
    return Error{Errc::corrupt, fmt::format("bad style: {}", what)};
}

Json parse(std::string_view text) {
    std::size_t values = 0;
    try {
        return Json::parse(text, [&](int depth, Json::parse_event_t, Json&) {
            if (depth > max_depth || ++values > max_values) {
                throw bad("it is nested too deeply, or has too many values");
            }
            return true;
        });
    } catch (const Json::exception& error) {
        throw bad(error.what());
    }
}

std::string_view text_member(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string()
               ? std::string_view{found->get_ref<const std::string&>()}
               : std::string_view{};
}

/// Make every text empty that could be taken for an address.
void remove_addresses(Json& value) {
    if (value.is_string() && looks_like_address(value.get_ref<const std::string&>())) {
        value = "";
    } else if (value.is_structured()) {
        for (auto& inner : value) {
            remove_addresses(inner);
        }
    }
}

/// A source of the layer's tiles; TileJSON says all that differs.
Json tiled_source(const Json& source, std::string_view type, const StyleAddresses& addresses) {
    Json ours{{"type", type}, {"url", addresses.tilejson}};
    for (const auto name : source_members) {
        if (const auto found = source.find(std::string{name}); found != source.end()) {
            ours[std::string{name}] = *found;
            remove_addresses(ours[std::string{name}]);
        }
    }
    return ours;
}

/// What the source becomes; null where it goes.
Json source_of(const Json& source, const StyleAddresses& addresses) {
    if (!source.is_object()) {
        return nullptr;
    }
    const auto type = text_member(source, "type");
    const bool is_ours = addresses.tiles == StyleTiles::vector
                             ? type == "vector"
                             : type == "raster" || type == "raster-dem";
    if (is_ours) {
        return tiled_source(source, type, addresses);
    }
    if (type == "geojson" && source.contains("data") && source["data"].is_object()) {
        auto inline_source = source;
        inline_source.erase("attribution");
        remove_addresses(inline_source);
        return inline_source;
    }
    return nullptr;
}

Json sources_of(const Json& style, const StyleAddresses& addresses) {
    auto kept = Json::object();
    const auto found = style.find("sources");
    if (found == style.end() || !found->is_object()) {
        return kept;
    }
    for (const auto& [name, source] : found->items()) {
        if (auto ours = source_of(source, addresses); !ours.is_null()) {
            kept.emplace(name, std::move(ours));
        }
    }
    return kept;
}

/// What can be drawn without the sources that have gone.
Json layers_of(const Json& style, const Json& sources) {
    auto kept = Json::array();
    const auto found = style.find("layers");
    if (found == style.end() || !found->is_array()) {
        return kept;
    }
    for (const auto& layer : *found) {
        const bool is_drawable =
            layer.is_object() && (!layer.contains("source") ||
                                  sources.contains(std::string{text_member(layer, "source")}));
        if (is_drawable) {
            kept.push_back(layer);
            remove_addresses(kept.back());
        }
    }
    return kept;
}

}  // namespace

bool looks_like_address(std::string_view text) {
    std::string plain;
    for (const char c : text) {
        if (c == '\t' || c == '\n' || c == '\r' ||
            (plain.empty() && static_cast<unsigned char>(c) <= 0x20)) {
            continue;
        }
        plain.push_back(c == '\\' ? '/' : c);
    }
    constexpr std::array<std::string_view, 12> schemes{
        "http:", "https:", "ws:",     "wss:",      "ftp:",     "file:",
        "data:", "blob:",  "mapbox:", "maplibre:", "mbtiles:", "pmtiles:"};
    const auto lower = lower_case(plain);
    return lower.starts_with("//") || lower.find("://") != std::string::npos ||
           std::ranges::any_of(schemes,
                               [&](std::string_view scheme) { return lower.starts_with(scheme); });
}

std::string rewritten_style(std::string_view text, const StyleAddresses& addresses) {
    const auto style = parse(text);
    if (!style.is_object()) {
        throw bad("it is not an object");
    }
    Json ours = Json::object();
    for (const auto name : plain_members) {
        if (const auto found = style.find(std::string{name}); found != style.end()) {
            ours[std::string{name}] = *found;
            remove_addresses(ours[std::string{name}]);
        }
    }
    if (!addresses.sprite.empty()) {
        ours["sprite"] = addresses.sprite;
    }
    if (!addresses.glyphs.empty()) {
        ours["glyphs"] = addresses.glyphs;
    }
    ours["sources"] = sources_of(style, addresses);
    ours["layers"] = layers_of(style, ours["sources"]);
    if (const auto terrain = ours.find("terrain");
        terrain != ours.end() && !(terrain->is_object() && ours["sources"].contains(std::string{
                                                               text_member(*terrain, "source")}))) {
        ours.erase(terrain);
    }
    return ours.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace offgrid
