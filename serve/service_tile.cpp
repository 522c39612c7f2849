#include "serve/service_tile.h"

#include "serve/tile_handler.h"

#include <fmt/format.h>

#include <string>

namespace offgrid {
namespace {

/// As Java prints it, whose programs read it: a whole number has a decimal too.
std::string shown(double number) {
    auto text = fmt::format("{}", number);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

}  // namespace

TileRange coverage_of(const Layer& layer, int z) {
    return layer.limits ? layer.limits(z) : layer.info().grid->whole(z);
}

Response answer_service_tile(const Layer& layer, const TileKey& key, const Request& request) {
    auto response = answer_tile(layer, key, request);
    const bool is_absent = response.status == 404;
    if (is_absent && layer.format == TileFormat::pbf && coverage_of(layer, key.z).contains(key)) {
        response.status = 204;
    }
    const auto& grid = *layer.info().grid;
    const auto box = grid.box_of(key);
    response.headers.push_back({"geowebcache-cache-result", is_absent ? "MISS" : "HIT"});
    response.headers.push_back(
        {"geowebcache-tile-index",
         fmt::format("[{}, {}, {}]", key.x, grid.flip(key.z, key.y), key.z)});
    response.headers.push_back(
        {"geowebcache-tile-bounds", fmt::format("{},{},{},{}", shown(box.min_x), shown(box.min_y),
                                                shown(box.max_x), shown(box.max_y))});
    response.headers.push_back({"geowebcache-gridset", grid.name()});
    response.headers.push_back({"geowebcache-crs", grid.srs()});
    return response;
}

}  // namespace offgrid
