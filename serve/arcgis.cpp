#include "serve/arcgis.h"

#include "formats/base/parse_number.h"
#include "formats/tile/scale.h"
#include "formats/tile/srs.h"
#include "serve/etag.h"
#include "serve/layer_description.h"
#include "serve/service_tile.h"
#include "serve/tile_handler.h"
#include "serve/url.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

/// The release of ArcGIS Server whose interface this is.
constexpr double version = 10.81;

/// Pixels an inch, by which ArcGIS tells scales.
constexpr double dots_per_inch = 96;
constexpr double metres_per_inch = 0.0254;

Response json_response(int status, const Json& json) {
    return document_response(status, "application/json",
                             json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Response failure(int status, std::string_view text) {
    return json_response(
        status, {{"error", {{"code", status}, {"message", text}, {"details", Json::array()}}}});
}

/// Web mercator has an older number of its own there, which all clients know.
Json spatial_reference(const Grid& grid) {
    const auto srs = parse_srs(grid.srs());
    if (srs == "EPSG:3857" || srs == "EPSG:900913") {
        return {{"wkid", 102100}, {"latestWkid", 3857}};
    }
    if (srs == "OGC:CRS84") {
        return {{"wkid", 4326}, {"latestWkid", 4326}};
    }
    const auto colon = srs ? srs->find(':') : std::string::npos;
    const auto code = colon == std::string::npos
                          ? std::nullopt
                          : parse_number<int>(std::string_view{*srs}.substr(colon + 1));
    return code ? Json{{"wkid", *code}, {"latestWkid", *code}} : Json{{"wkt", grid.srs()}};
}

const char* units_of(const Grid& grid) {
    switch (grid.unit()) {
        case Grid::Unit::metre:
            return "esriMeters";
        case Grid::Unit::degree:
            return "esriDecimalDegrees";
        case Grid::Unit::foot:
            return "esriFeet";
    }
    return "esriUnknownUnits";
}

Json extent(const Box& box, const Grid& grid) {
    return {{"xmin", box.min_x},
            {"ymin", box.min_y},
            {"xmax", box.max_x},
            {"ymax", box.max_y},
            {"spatialReference", spatial_reference(grid)}};
}

/// Where row 0 begins at every level; nothing where the levels differ by a pixel.
std::optional<double> northern_edge(const Grid& grid, int levels) {
    const double edge = grid.box_of(grid.whole(0)).max_y;
    for (int z = 1; z < levels; ++z) {
        if (std::abs(grid.box_of(grid.whole(z)).max_y - edge) > grid.resolution(z)) {
            return std::nullopt;
        }
    }
    return edge;
}

const char* format_name(const Layer& layer) {
    switch (layer.format.value_or(TileFormat::png)) {
        case TileFormat::jpeg:
            return "JPEG";
        case TileFormat::webp:
            return "WEBP";
        case TileFormat::pbf:
            return "PBF";
        case TileFormat::png:
            break;
    }
    return layer.format ? "PNG" : "MIXED";
}

Json tile_info(const Layer& layer, int levels, double north) {
    const auto& grid = *layer.info().grid;
    auto details = Json::array();
    for (int z = 0; z < levels; ++z) {
        const auto metres = grid.resolution(z) * metres_per_unit(grid.unit());
        details.push_back({{"level", z},
                           {"resolution", grid.resolution(z)},
                           {"scale", metres * dots_per_inch / metres_per_inch}});
    }
    return {{"rows", grid.tile_size()},
            {"cols", grid.tile_size()},
            {"dpi", dots_per_inch},
            {"format", format_name(layer)},
            {"compressionQuality", layer.format == TileFormat::jpeg ? 75 : 0},
            {"origin", {{"x", grid.extent().min_x}, {"y", north}}},
            {"spatialReference", spatial_reference(grid)},
            {"lods", std::move(details)}};
}

Response map_server(const Layer& layer, const Request& request) {
    const auto described = describe(layer);
    const auto& grid = *layer.info().grid;
    const int levels = described.max_zoom + 1;
    const auto north = northern_edge(grid, levels);
    if (!north) {
        return failure(404, "the levels of this layer's grid begin at different edges");
    }
    const auto bounds = extent(bounds_in_grid(layer), grid);
    const Json json{
        {"currentVersion", version},
        {"mapName", described.name},
        {"serviceDescription", described.description},
        {"description", described.description},
        {"copyrightText", described.attribution},
        {"supportsDynamicLayers", false},
        {"layers",
         Json::array({{{"id", 0}, {"name", described.name}, {"defaultVisibility", true}}})},
        {"tables", Json::array()},
        {"spatialReference", spatial_reference(grid)},
        {"singleFusedMapCache", true},
        {"tileInfo", tile_info(layer, levels, *north)},
        {"initialExtent", bounds},
        {"fullExtent", bounds},
        {"minLOD", described.min_zoom},
        {"maxLOD", described.max_zoom},
        {"units", units_of(grid)},
        {"supportedImageFormatTypes", format_name(layer)},
        {"capabilities", "Map,TilesOnly"},
        {"exportTilesAllowed", false}};
    return with_etag(json_response(200, json), request);
}

Response services(const LayerSet& layers, const Request& request) {
    auto list = Json::array();
    for (const auto& layer : layers.layers()) {
        list.push_back({{"name", layer.id}, {"type", "MapServer"}});
    }
    return with_etag(json_response(200, {{"currentVersion", version},
                                         {"folders", Json::array()},
                                         {"services", std::move(list)}}),
                     request);
}

Response tile(const Layer& layer, std::string_view address, const Request& request) {
    const auto z = parse_number<int>(take_segment(address));
    const auto y = parse_number<std::int64_t>(take_segment(address));
    const auto x = parse_number<std::int64_t>(address);
    if (!z || !y || !x) {
        return failure(400, "not a tile address: tile/{level}/{row}/{column}");
    }
    const TileKey key{*z, *x, *y};
    return out_of_coverage(layer, key) ? failure(404, "no such tile in the layer")
                                       : answer_tile(layer, key, request);
}

}  // namespace

Response answer_arcgis(const LayerSet& layers, std::string_view address, const Request& request) {
    if (address == "info") {
        return json_response(200, {{"currentVersion", version},
                                   {"fullVersion", fmt::format("{}", version)},
                                   {"authInfo", {{"isTokenBasedSecurity", false}}}});
    }
    if (take_segment(address) != "services") {
        return failure(404, "nothing here");
    }
    if (address.empty()) {
        return services(layers, request);
    }
    const auto name = percent_decoded(take_segment(address));
    if (!name) {
        return failure(400, "a broken escape in the name of the service");
    }
    const auto layer = layers.find(*name);
    if (layer == nullptr) {
        return failure(404, "no such service");
    }
    if (take_segment(address) != "MapServer") {
        return failure(404, "nothing here: services are of type MapServer");
    }
    if (address.empty()) {
        return map_server(*layer, request);
    }
    return take_segment(address) == "tile" ? tile(*layer, address, request)
                                           : failure(404, "nothing here");
}

}  // namespace offgrid
