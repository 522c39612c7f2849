#include "serve/layer_description.h"

#include "formats/tile/lonlat.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

namespace offgrid {
namespace {

// An object with many members costs the square of them as ordered_json.
using Json = nlohmann::json;

constexpr std::size_t max_name_bytes = 512;
constexpr std::size_t max_text_bytes = 8192;

constexpr Box world{-180, -85.051129, 180, 85.051129};

bool is_finite(const Box& box) {
    return std::isfinite(box.min_x) && std::isfinite(box.min_y) && std::isfinite(box.max_x) &&
           std::isfinite(box.max_y);
}

/// The box within the degrees of the Earth. One that crosses the antimeridian, whose west is
/// greater than its east, goes all around: TileJSON 3.0.0, section 3.4, knows no other way. Nothing
/// where it is no part of the Earth.
std::optional<Box> on_earth(Box box) {
    if (!is_finite(box)) {
        return std::nullopt;
    }
    if (box.min_x > box.max_x && box.min_x <= 180 && box.max_x >= -180) {
        box.min_x = -180;
        box.max_x = 180;
    }
    const auto inside = intersection(box, {-180, -90, 180, 90});
    return inside.is_empty() ? std::nullopt : std::optional{inside};
}

Box bounds_of(const StoreInfo& info) {
    if (const auto stated = info.bounds ? on_earth(*info.bounds) : std::nullopt) {
        return *stated;
    }
    const auto whole = to_lonlat(info.grid->srs(), info.grid->extent());
    return (whole ? on_earth(*whole) : std::nullopt).value_or(world);
}

/// The tile of the zoom that holds the middle of the box.
TileKey middle_tile(const Grid& grid, int z, const Box& box) {
    const auto extent = grid.box_of(grid.whole(z));
    const auto place = [](double from_edge, double size, std::int64_t count) {
        const auto tile = std::floor(from_edge / size * static_cast<double>(count));
        return static_cast<std::int64_t>(
            std::clamp(tile, 0.0, static_cast<double>(count - 1)));  // of bounds beyond the grid
    };
    return {
        z, place((box.min_x + box.max_x) / 2 - extent.min_x, extent.width(), grid.matrix_width(z)),
        place(extent.max_y - (box.min_y + box.max_y) / 2, extent.height(), grid.matrix_height(z))};
}

/// The next character of UTF-8 in well-formed bytes (Unicode 15, table 3-7) as their number; 0
/// where they are not.
std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const auto follows = [&](std::size_t at, unsigned from = 0x80, unsigned to = 0xBF) {
        return byte(at) >= from && byte(at) <= to;
    };
    const auto first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return follows(1) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const auto from = first == 0xE0 ? 0xA0U : 0x80U;
        const auto to = first == 0xED ? 0x9FU : 0xBFU;
        return follows(1, from, to) && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const auto from = first == 0xF0 ? 0x90U : 0x80U;
        const auto to = first == 0xF4 ? 0x8FU : 0xBFU;
        return follows(1, from, to) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

/// A zoom of a vector layer, where it is one.
void copy_zoom(Json& to, const Json& from, const char* name) {
    if (const auto found = from.find(name); found != from.end() && found->is_number()) {
        if (const auto zoom = found->get<double>(); zoom >= 0 && zoom <= 64) {
            to[name] = static_cast<int>(zoom);
        }
    }
}

Json plain_vector_layer(const Json& from) {
    constexpr std::size_t max_fields = 1000;
    Json to{{"id", plain_text(from["id"].get_ref<const std::string&>(), max_name_bytes)}};
    auto fields = Json::object();
    if (const auto found = from.find("fields"); found != from.end() && found->is_object()) {
        for (const auto& [name, type] : found->items()) {
            if (type.is_string() && fields.size() < max_fields) {
                fields[plain_text(name, max_name_bytes)] =
                    plain_text(type.get_ref<const std::string&>(), max_name_bytes);
            }
        }
    }
    to["fields"] = std::move(fields);
    if (const auto found = from.find("description"); found != from.end() && found->is_string()) {
        to["description"] = plain_text(found->get_ref<const std::string&>(), max_name_bytes);
    }
    copy_zoom(to, from, "minzoom");
    copy_zoom(to, from, "maxzoom");
    return to;
}

}  // namespace

std::string plain_text(std::string_view text, std::size_t max_bytes) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::string plain;
    while (!text.empty()) {
        const auto size = character_size(text);
        auto character = size == 0 ? replacement : text.substr(0, size);
        const auto first = static_cast<unsigned char>(character.front());
        if ((first < 0x20 && first != '\n' && first != '\t') || first == 0x7F) {
            character = " ";
        }
        if (plain.size() + character.size() > max_bytes) {
            break;
        }
        plain += character;
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return plain;
}

LayerDescription describe(const Layer& layer) {
    const auto& info = layer.info();
    const auto name = plain_text(info.name, max_name_bytes);
    LayerDescription described{.name = name.empty() ? layer.id : name,
                               .attribution = plain_text(info.attribution, max_text_bytes),
                               .description = plain_text(info.description, max_text_bytes),
                               .bounds = bounds_of(info)};
    const auto deepest = info.grid->levels() - 1;
    described.min_zoom = std::clamp(info.min_zoom, 0, deepest);
    described.max_zoom = std::clamp(info.max_zoom, described.min_zoom, deepest);
    const auto& bounds = described.bounds;
    described.center_x = (bounds.min_x + bounds.max_x) / 2;
    described.center_y = (bounds.min_y + bounds.max_y) / 2;
    const auto fitting = std::floor(std::log2(360.0 / std::max(bounds.width(), bounds.height())));
    described.center_zoom = static_cast<int>(
        std::clamp(fitting, double{0} + described.min_zoom, double{0} + described.max_zoom));
    described.thumbnail = middle_tile(*info.grid, described.min_zoom, bounds_in_grid(layer));
    return described;
}

Box bounds_in_grid(const Layer& layer) {
    const auto& info = layer.info();
    const auto& extent = info.grid->extent();
    const auto stated = info.bounds ? on_earth(*info.bounds) : std::nullopt;
    const auto projected = stated ? from_lonlat(info.grid->srs(), *stated) : std::nullopt;
    if (!projected || !is_finite(*projected)) {
        return extent;
    }
    const auto inside = intersection(*projected, extent);
    return inside.is_empty() ? extent : inside;
}

std::string plain_vector_layers(std::string_view json) {
    constexpr std::size_t max_bytes = 1 << 20;
    constexpr std::size_t max_layers = 1000;
    constexpr int max_depth = 8;
    if (json.size() > max_bytes) {
        return "[]";
    }
    const auto is_shallow = [](int depth, Json::parse_event_t, Json&) {
        return depth <= max_depth;
    };
    const auto all = Json::parse(json, is_shallow, /*allow_exceptions=*/false);
    auto plain = Json::array();
    if (all.is_array()) {
        for (const auto& layer : all) {
            if (layer.is_object() && layer.contains("id") && layer["id"].is_string() &&
                plain.size() < max_layers) {
                plain.push_back(plain_vector_layer(layer));
            }
        }
    }
    return plain.dump();
}

}  // namespace offgrid
