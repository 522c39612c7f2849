#include "serve/layer_documents.h"

#include "formats/tile/srs.h"
#include "formats/tile/tile_matrix_set_json.h"
#include "serve/layer_description.h"
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

std::string extension_of(const Layer& layer) {
    return layer.extension.empty()
               ? std::string{extension_of(layer.format.value_or(TileFormat::png))}
               : percent_encoded(layer.extension);
}

std::string tiles_url(const Layer& layer, std::string_view base) {
    return fmt::format("{}/tiles/{}/{{z}}/{{x}}/{{y}}.{}", base, percent_encoded(layer.id),
                       extension_of(layer));
}

/// The members that TileJSON and the list of layers share.
Json description_of(const Layer& layer, const LayerDescription& described, std::string_view base) {
    const auto& bounds = described.bounds;
    Json json{{"name", described.name},
              {"tiles", Json::array({tiles_url(layer, base)})},
              {"minzoom", described.min_zoom},
              {"maxzoom", described.max_zoom},
              {"bounds", {bounds.min_x, bounds.min_y, bounds.max_x, bounds.max_y}},
              {"center", {described.center_x, described.center_y, described.center_zoom}},
              {"attribution", described.attribution}};
    if (!described.description.empty()) {
        json["description"] = described.description;
    }
    if (layer.format) {
        json["format"] = extension_of(*layer.format);
    }
    return json;
}

/// Where the layer's style is, from where the list of layers is.
std::string style_path(const Layer& layer) {
    return fmt::format("styles/{}/style.json", percent_encoded(layer.id));
}

bool has_style(const Layer& layer) {
    return layer.style && layer.style->has_style;
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
Json norths_of(const Grid& grid, int max_zoom) {
    auto norths = Json::array();
    bool differ = false;
    for (int z = 0; z <= max_zoom; ++z) {
        const double north = grid.box_of(grid.whole(z)).max_y;
        const double tile = grid.resolution(z) * grid.tile_size();
        differ = differ || std::abs(north - grid.extent().max_y) > 1e-6 * tile;
        norths.push_back(north);
    }
    return differ ? norths : Json::array();
}

Json grid_of(const Grid& grid, int max_zoom) {
    auto resolutions = Json::array();
    for (int z = 0; z <= max_zoom; ++z) {
        resolutions.push_back(grid.resolution(z));
    }
    const auto& extent = grid.extent();
    Json json{{"name", grid.name()},
              {"srs", grid.srs()},
              {"unit", name_of(grid.unit())},
              {"extent", {extent.min_x, extent.min_y, extent.max_x, extent.max_y}},
              {"tile_size", grid.tile_size()},
              {"resolutions", std::move(resolutions)}};
    if (auto norths = norths_of(grid, max_zoom); !norths.empty()) {
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

std::string tilejson(const Layer& layer, std::string_view base) {
    Json json{{"tilejson", "3.0.0"}, {"scheme", "xyz"}};
    json.update(description_of(layer, describe(layer), base));
    if (layer.format == TileFormat::pbf) {
        // TileJSON 3.0.0, section 3.3: required for vector tiles, even when nothing is known.
        json["vector_layers"] = Json::parse(plain_vector_layers(layer.vector_layers));
    }
    if (has_style(layer)) {
        json["style"] = fmt::format("{}/{}", base, style_path(layer));
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

std::string layers_json(const LayerSet& layers, std::string_view base) {
    auto list = Json::array();
    for (const auto& layer : layers.layers()) {
        Json json{{"id", layer.id}};
        const auto described = describe(layer);
        json.update(description_of(layer, described, base));
        const auto& thumbnail = described.thumbnail;
        json["thumbnail"] = fmt::format("tiles/{}/{}/{}/{}.{}", percent_encoded(layer.id),
                                        thumbnail.z, thumbnail.x, thumbnail.y, extension_of(layer));
        if (has_style(layer)) {
            json["style"] = style_path(layer);
        }
        json["grid"] = grid_of(*layer.info().grid, described.max_zoom);
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
    const auto& others = layers.not_served();
    json["opening"] = others.waiting;
    json["quarantined"] = Json::array();
    for (const auto& store : others.quarantined) {
        json["quarantined"].push_back({{"name", store.name}, {"reason", store.reason}});
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
