#include "serve/service_tile.h"

#include "formats/base/error.h"
#include "formats/base/http_date.h"
#include "formats/base/parse_number.h"
#include "serve/tile_handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace offgrid {
namespace {

Response answer_naming_failures(const Layer& layer, const TileKey& key, const Request& request) {
    try {
        return answer_tile(layer, key, request);
    } catch (const Error& error) {
        rethrow_with(error, "layer '{}', tile {}/{}/{}", layer.id, key.z, key.x, key.y);
    }
}

/// In decimals, at least one, as Java's clients of the header know it.
std::string shown(double number) {
    auto text = fmt::format("{:.9f}", number);
    const auto last = text.find_last_not_of('0');
    text.resize(text[last] == '.' ? last + 2 : last + 1);
    return text;
}

}  // namespace

std::optional<OutOfCoverage> out_of_coverage(const Layer& layer, const TileKey& key) {
    using Part = OutOfCoverage::Part;
    const auto& info = layer.info();
    if (key.z < 0 || key.z >= info.grid->levels() ||
        (!layer.limits && (key.z < info.min_zoom || key.z > info.max_zoom))) {
        return OutOfCoverage{};
    }
    const auto coverage = layer.limits ? layer.limits(key.z) : info.grid->whole(key.z);
    if (coverage.is_empty()) {
        return OutOfCoverage{};
    }
    if (key.x < coverage.min_x || key.x >= coverage.max_x) {
        return OutOfCoverage{Part::column, coverage};
    }
    if (key.y < coverage.min_y || key.y >= coverage.max_y) {
        return OutOfCoverage{Part::row, coverage};
    }
    return std::nullopt;
}

Response answer_service_tile(const Layer& layer, const TileKey& key, const Request& request) {
    auto response = answer_naming_failures(layer, key, request);
    if (response.status == 302) {
        return response;  // whether there is such a tile, the client will see
    }
    const bool is_absent = response.status == 404;
    if (is_absent && layer.format == TileFormat::pbf) {
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

Response answer_mapcache_tile(const Layer& layer, const TileKey& key, const Request& request) {
    auto response = answer_naming_failures(layer, key, request);
    constexpr std::string_view max_age = "max-age=";
    const auto control = response.header("Cache-Control");
    if (const auto seconds = control.starts_with(max_age)
                                 ? parse_number<std::int64_t>(control.substr(max_age.size()))
                                 : std::nullopt) {
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        constexpr std::int64_t ten_years = 315'360'000;
        response.headers.push_back(
            {"Expires", http_date(now + std::chrono::seconds{std::min(*seconds, ten_years)})});
    }
    return response;
}

Response answer_tile_of(const ServicePlace& place, const Layer& layer, const TileKey& key,
                        const Request& request) {
    return place.is_mapcache() ? answer_mapcache_tile(layer, key, request)
                               : answer_service_tile(layer, key, request);
}

}  // namespace offgrid
