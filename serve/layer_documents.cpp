#include "serve/layer_documents.h"

#include "formats/tile/lonlat.h"
#include "formats/tile/srs.h"
#include "formats/tile/tile_matrix_set_json.h"
#include "serve/url.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

/// Metadata may hold any bytes; JSON may not.
std::string to_text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Whether the header is a host and a port and nothing that could change the meaning of an address
/// around it.
bool is_host(std::string_view host) {
    return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view{".-_:[]"}.find(c) != std::string_view::npos;
    });
}

std::string tiles_url(const Layer& layer, std::string_view host) {
    const auto root = is_host(host) ? fmt::format("http://{}", host) : std::string{};
    const auto extension = layer.extension.empty()
                               ? std::string{extension_of(layer.format.value_or(TileFormat::png))}
                               : percent_encoded(layer.extension);
    return fmt::format("{}/tiles/{}/{{z}}/{{x}}/{{y}}.{}", root, percent_encoded(layer.id),
                       extension);
}

Box bounds_of(const StoreInfo& info) {
    constexpr Box world{-180, -85.051129, 180, 85.051129};
    if (info.bounds) {
        return *info.bounds;
    }
    return to_lonlat(info.grid->srs(), info.grid->extent()).value_or(world);
}

/// Longitude, latitude and the zoom at which the bounds fill about one tile.
Json center_of(const StoreInfo& info) {
    const auto bounds = bounds_of(info);
    const auto widest = std::max(bounds.width(), bounds.height());
    const auto fitting = widest > 0 ? std::floor(std::log2(360.0 / widest)) : 0.0;
    const auto zoom = std::clamp(fitting, static_cast<double>(info.min_zoom),
                                 static_cast<double>(std::max(info.min_zoom, info.max_zoom)));
    return {(bounds.min_x + bounds.max_x) / 2, (bounds.min_y + bounds.max_y) / 2,
            static_cast<int>(zoom)};
}

/// The members that TileJSON and the list of layers share.
Json description_of(const Layer& layer, std::string_view host) {
    const auto& info = layer.info();
    const auto bounds = bounds_of(info);
    Json json{{"name", info.name.empty() ? layer.id : info.name},
              {"tiles", Json::array({tiles_url(layer, host)})},
              {"minzoom", info.min_zoom},
              {"maxzoom", info.max_zoom},
              {"bounds", {bounds.min_x, bounds.min_y, bounds.max_x, bounds.max_y}},
              {"center", center_of(info)},
              {"attribution", info.attribution}};
    if (!info.description.empty()) {
        json["description"] = info.description;
    }
    if (layer.format) {
        json["format"] = extension_of(*layer.format);
    }
    return json;
}

const char* name_of(Grid::Unit unit) {
    switch (unit) {
        case Grid::Unit::metre:
            return "m";
        case Grid::Unit::degree:
            return "degrees";
        case Grid::Unit::foot:
            return "ft";
    }
    return "m";
}

/// Where row 0 begins at each zoom; empty where that is the extent's edge at all.
Json norths_of(const StoreInfo& info) {
    const auto& grid = *info.grid;
    auto norths = Json::array();
    bool differ = false;
    for (int z = 0; z <= std::min(info.max_zoom, grid.levels() - 1); ++z) {
        const double north = grid.box_of(grid.whole(z)).max_y;
        const double tile = grid.resolution(z) * grid.tile_size();
        differ = differ || std::abs(north - grid.extent().max_y) > 1e-6 * tile;
        norths.push_back(north);
    }
    return differ ? norths : Json::array();
}

Json grid_of(const StoreInfo& info) {
    const auto& grid = *info.grid;
    auto resolutions = Json::array();
    for (int z = 0; z <= std::min(info.max_zoom, grid.levels() - 1); ++z) {
        resolutions.push_back(grid.resolution(z));
    }
    const auto& extent = grid.extent();
    Json json{{"name", grid.name()},
              {"srs", grid.srs()},
              {"unit", name_of(grid.unit())},
              {"extent", {extent.min_x, extent.min_y, extent.max_x, extent.max_y}},
              {"tile_size", grid.tile_size()},
              {"resolutions", std::move(resolutions)}};
    if (auto norths = norths_of(info); !norths.empty()) {
        json["norths"] = std::move(norths);
    }
    return json;
}

/// Whether tiles are where clients of TileJSON take them to be, whatever pixels they have.
bool is_web_mercator(const Grid& grid) {
    return have_the_same_tiles(grid, grid.tile_size() == 512 ? Grid::google_maps_compatible_512()
                                                             : Grid::google_maps_compatible());
}

}  // namespace

std::string tilejson(const Layer& layer, std::string_view host) {
    Json json{{"tilejson", "3.0.0"}, {"scheme", "xyz"}};
    json.update(description_of(layer, host));
    if (layer.format == TileFormat::pbf) {
        // TileJSON 3.0.0, section 3.3: required for vector tiles, even when nothing is known.
        json["vector_layers"] =
            layer.vector_layers.empty() ? Json::array() : Json::parse(layer.vector_layers);
    }
    // TileJSON knows web mercator alone; other members are allowed.
    const auto& grid = *layer.info().grid;
    if (grid.tile_size() != 256) {
        json["tileSize"] = grid.tile_size();
    }
    if (!is_web_mercator(grid)) {
        json["crs"] = grid.srs();
        if (parse_srs(grid.srs())) {
            json["tileMatrixSet"] = to_tile_matrix_set(grid, TileRows::from_north);
        }
    }
    return to_text(json);
}

std::string layers_json(const LayerSet& layers, std::string_view host) {
    auto list = Json::array();
    for (const auto& layer : layers.layers()) {
        Json json{{"id", layer.id}};
        json.update(description_of(layer, host));
        json["grid"] = grid_of(layer.info());
        list.push_back(std::move(json));
    }
    Json json{{"layers", std::move(list)}};
    if (layers.generation()) {
        json["generation"] = *layers.generation();
    }
    return to_text(json);
}

std::string health_json(const LayerSet& layers, const Live<LayerSet>::Statistics& states) {
    Json json{{"status", "ok"}, {"layers", layers.layers().size()}};
    if (layers.generation()) {
        json["generation"] = *layers.generation();
    }
    json["depots"] = Json::array();
    for (const auto& depot : layers.depots()) {
        json["depots"].push_back(
            {{"generation", depot->generation().number}, {"sha256", depot->sha256()}});
    }
    auto draining = Json::array();
    const auto now = std::chrono::steady_clock::now();
    for (const auto& state : states.draining) {
        const std::chrono::duration<double> time = now - state.since;
        Json entry{{"leases", state.leases}, {"seconds", time.count()}};
        if (state.generation) {
            entry["generation"] = *state.generation;
        }
        draining.push_back(std::move(entry));
    }
    json["draining"] = std::move(draining);
    return to_text(json);
}

}  // namespace offgrid
