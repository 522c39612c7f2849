#include "formats/tile/tile_matrix_set_json.h"

#include "formats/base/error.h"
#include "formats/tile/json_fields.h"
#include "formats/tile/scale.h"
#include "formats/tile/srs.h"
#include "formats/tile/srs_json.h"
#include "formats/tile/tile_matrix_extent.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

/// A reference system that is written out (PROJJSON) nests deepest.
constexpr int max_depth = 32;
constexpr std::size_t max_name_bytes = 128;
constexpr std::size_t max_aliases = 16;
constexpr double max_coordinate = 1e12;
constexpr double max_cell_size = 1e9;
constexpr double max_scale = 1e18;

constexpr const char* crs84 = "OGC:CRS84";

Error unsupported(const JsonFields& fields, const std::string& what) {
    return Error{Errc::unsupported, fmt::format("{}: {}", fields.where(), what)};
}

/// The unit by its metres: documents round, and some suppose another size of a pixel.
Grid::Unit unit_of(const JsonFields& fields, double metres) {
    if (metres > 0.8 && metres < 1.25) {
        return Grid::Unit::metre;
    }
    if (metres > 0.25 && metres < 0.4) {
        return Grid::Unit::foot;
    }
    if (metres > 90'000 && metres < 130'000) {
        return Grid::Unit::degree;
    }
    throw unsupported(fields,
                      fmt::format("its scale and the size of its cells imply a unit of {:g} "
                                  "metres: there are metre, foot and degree",
                                  metres));
}

/// The unit that a level implies, else that of the reference system.
Grid::Unit read_unit(const JsonFields& level, std::string_view srs) {
    if (level.find("cellSize") != nullptr && level.find("scaleDenominator") != nullptr) {
        const double cell_m = level.positive("scaleDenominator", max_scale) * standard_pixel_m;
        return unit_of(level, cell_m / level.positive("cellSize", max_cell_size));
    }
    return is_geographic(srs) ? Grid::Unit::degree : Grid::Unit::metre;
}

Grid::Origin read_origin(const JsonFields& level) {
    const auto corner = level.text("cornerOfOrigin", nullptr, max_name_bytes);
    if (corner.empty() || corner == "topLeft") {
        return Grid::Origin::top_left;
    }
    if (corner == "bottomLeft") {
        return Grid::Origin::bottom_left;
    }
    throw level.bad("'cornerOfOrigin' is neither topLeft nor bottomLeft");
}

/// Two coordinates, east and north.
std::pair<double, double> read_point(const JsonFields& fields, const char* name, const char* older,
                                     FirstAxis first_axis) {
    const auto [first, second] = fields.pair(name, older, max_coordinate);
    return first_axis == FirstAxis::east ? std::pair{first, second} : std::pair{second, first};
}

TileMatrix read_level(const JsonFields& fields, Grid::Unit unit, FirstAxis first_axis) {
    const auto* const variable = fields.find("variableMatrixWidths");
    if (variable != nullptr && !(variable->is_array() && variable->empty())) {
        throw unsupported(fields, "it has variable widths (variableMatrixWidths)");
    }
    const auto tile_height = fields.count("tileHeight", Grid::max_tile_size);
    TileMatrix level{.resolution = fields.find("cellSize") != nullptr
                                       ? fields.positive("cellSize", max_cell_size)
                                       : fields.positive("scaleDenominator", max_scale) *
                                             standard_pixel_m / metres_per_unit(unit),
                     .tile_size = static_cast<int>(fields.count("tileWidth", Grid::max_tile_size)),
                     .width = fields.count("matrixWidth", Grid::max_matrix_size),
                     .height = fields.count("matrixHeight", Grid::max_matrix_size),
                     .origin = read_origin(fields)};
    std::tie(level.x, level.y) = read_point(fields, "pointOfOrigin", "topLeftCorner", first_axis);
    if (level.tile_size != tile_height) {
        throw unsupported(fields, fmt::format("its tiles have {} by {} pixels: only square tiles "
                                              "are supported",
                                              level.tile_size, tile_height));
    }
    return level;
}

/// Throws `unsupported` unless the levels are of one grid.
void check_alike(const JsonFields& fields, const TileMatrix& level, const TileMatrix& before) {
    if (level.tile_size != before.tile_size) {
        throw unsupported(fields, "its tiles are of another size than those of the level before");
    }
    const double rounding = 1e-6 * level.resolution * level.tile_size;
    if (level.origin != before.origin || std::abs(level.x - before.x) > rounding ||
        std::abs(level.y - before.y) > rounding) {
        throw unsupported(fields, "it has another origin than the level before");
    }
    if (!(level.resolution < before.resolution)) {
        throw unsupported(fields, "it is not finer than the level before");
    }
}

std::vector<TileMatrix> read_levels(const JsonFields& document, FirstAxis first_axis,
                                    Grid::Definition& grid) {
    const auto& list = document.require("tileMatrices", "tileMatrix");
    if (!list.is_array() || list.empty() || list.size() > Grid::max_levels) {
        throw document.bad(
            fmt::format("'tileMatrices' is no list of 1 to {} levels", Grid::max_levels));
    }
    std::vector<TileMatrix> levels;
    for (const auto& each : list) {
        const JsonFields fields{each, fmt::format("{}, level {}", document.where(), levels.size())};
        if (levels.empty()) {
            grid.unit = read_unit(fields, grid.srs);
        }
        const auto level = read_level(fields, grid.unit, first_axis);
        if (!levels.empty()) {
            check_alike(fields, level, levels.back());
        }
        levels.push_back(level);
        grid.resolutions.push_back(level.resolution);
    }
    return levels;
}

/// An empty box where none is stated in the grid's own reference system.
Box read_bounding_box(const JsonFields& document, const std::string& srs, FirstAxis first_axis) {
    const auto* const value = document.find("boundingBox");
    if (value == nullptr) {
        return {};
    }
    const JsonFields fields{*value, document.where() + ", boundingBox"};
    if (const auto* const crs = fields.find("crs"); crs != nullptr && read_srs(*crs) != srs) {
        return {};
    }
    if (const auto* const axes = fields.find("orderedAxes")) {
        first_axis = first_axis_of(*axes, srs);
    }
    const auto [west, south] = read_point(fields, "lowerLeft", "lowerCorner", first_axis);
    const auto [east, north] = read_point(fields, "upperRight", "upperCorner", first_axis);
    return {west, south, east, north};
}

std::string read_name(const JsonFields& document) {
    const auto name = document.text("id", "identifier", max_name_bytes);
    const bool is_plain = std::ranges::none_of(
        name, [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '/' || c == '\\'; });
    if (!is_plain || name == "." || name == "..") {
        throw document.bad("'id' has characters that the name of a grid cannot have");
    }
    return name;
}

std::vector<std::string> read_aliases(const JsonFields& document) {
    const auto* const list = document.find("srsAliases");
    if (list == nullptr) {
        return {};
    }
    const auto is_name = [](const Json& each) {
        return each.is_string() && each.get_ref<const std::string&>().size() <= max_name_bytes;
    };
    if (!list->is_array() || list->size() > max_aliases || !std::ranges::all_of(*list, is_name)) {
        throw document.bad(fmt::format("'srsAliases' is no list of up to {} names", max_aliases));
    }
    return list->get<std::vector<std::string>>();
}

/// Throws `unsupported` naming the level that has other tiles than the grid.
void check_matrices(const JsonFields& document, const Grid& grid,
                    const std::vector<TileMatrix>& levels) {
    for (int z = 0; z < grid.levels(); ++z) {
        const auto& level = levels[static_cast<std::size_t>(z)];
        const auto columns = grid.matrix_width(z) - level.width;
        const auto rows = grid.matrix_height(z) - level.height;
        if (columns < 0 || columns > 1 || rows < 0 || rows > 1) {
            throw unsupported(document,
                              fmt::format("level {} has {} by {} tiles, where the extent of the "
                                          "others has {} by {}",
                                          z, level.width, level.height, grid.matrix_width(z),
                                          grid.matrix_height(z)));
        }
    }
}

Grid::Definition read(const JsonFields& document) {
    Grid::Definition grid{.name = read_name(document),
                          .srs = read_srs(document.require("crs", "supportedCRS")),
                          .srs_aliases = read_aliases(document)};
    const auto* const axes = document.find("orderedAxes");
    const auto first_axis =
        axes == nullptr ? first_axis_of(grid.srs) : first_axis_of(*axes, grid.srs);
    const auto levels = read_levels(document, first_axis, grid);
    grid.extent = extent_of(levels, read_bounding_box(document, grid.srs, first_axis));
    grid.tile_size = levels.front().tile_size;
    grid.origin = levels.front().origin;
    if (grid.srs == crs84) {
        grid.srs = "EPSG:4326";  // a grid's coordinates are east first in any case
        grid.srs_aliases.insert(grid.srs_aliases.begin(), crs84);
    }
    check_matrices(document, Grid{grid}, levels);
    return grid;
}

/// Coordinates in the order of the document.
Json point(double east, double north, FirstAxis first_axis) {
    return first_axis == FirstAxis::east ? Json{east, north} : Json{north, east};
}

}  // namespace

Grid::Definition tile_matrix_set_from_value(const Json& value) {
    try {
        return read(JsonFields{value, "tile matrix set"});
    } catch (const Error& error) {
        // What a definition cannot be, such as too wide, the document is to blame for.
        throw error.code() == Errc::invalid_argument ? Error{Errc::corrupt, error.what()} : error;
    }
}

Grid::Definition parse_tile_matrix_set(std::string_view text) {
    const auto bad = [](const std::string& what) {
        return Error{Errc::corrupt, "tile matrix set: " + what};
    };
    const auto check_depth = [&](int depth, Json::parse_event_t, Json&) {
        if (depth > max_depth) {
            throw bad("it is nested too deeply");
        }
        return true;
    };
    if (text.size() > max_tile_matrix_set_bytes) {
        throw bad(fmt::format("it has more than {} bytes", max_tile_matrix_set_bytes));
    }
    try {
        return tile_matrix_set_from_value(Json::parse(text, check_depth));
    } catch (const Json::exception& error) {
        throw bad(error.what());
    }
}

Json to_tile_matrix_set(const Grid& grid, TileRows rows) {
    auto aliases = grid.srs_aliases();
    auto srs = parse_srs(grid.srs()).value_or(grid.srs());
    if (srs == "EPSG:4326" && !aliases.empty() && aliases.front() == crs84) {
        srs = crs84;
        aliases.erase(aliases.begin());
    }
    const auto first_axis = first_axis_of(srs);
    const bool is_east_first = first_axis == FirstAxis::east;
    const bool is_degree = grid.unit() == Grid::Unit::degree;
    auto axes = is_degree ? Json{"Lon", "Lat"} : Json{"E", "N"};
    if (!is_east_first) {
        std::swap(axes[0], axes[1]);
    }
    Json json{{"id", grid.name()}, {"crs", uri_of_srs(srs)}, {"orderedAxes", axes}};
    if (!aliases.empty()) {
        json["srsAliases"] = aliases;
    }
    const auto& extent = grid.extent();
    json["boundingBox"] = {{"lowerLeft", point(extent.min_x, extent.min_y, first_axis)},
                           {"upperRight", point(extent.max_x, extent.max_y, first_axis)},
                           {"crs", uri_of_srs(srs)},
                           {"orderedAxes", axes}};
    const bool is_from_south =
        rows == TileRows::from_origin && grid.origin() == Grid::Origin::bottom_left;
    json["tileMatrices"] = Json::array();
    for (int z = 0; z < grid.levels(); ++z) {
        const auto box = grid.box_of(grid.whole(z));
        json["tileMatrices"].push_back(
            {{"id", fmt::to_string(z)},
             {"scaleDenominator",
              grid.resolution(z) * metres_per_unit(grid.unit()) / standard_pixel_m},
             {"cellSize", grid.resolution(z)},
             {"cornerOfOrigin", is_from_south ? "bottomLeft" : "topLeft"},
             {"pointOfOrigin",
              point(box.min_x, is_from_south ? extent.min_y : box.max_y, first_axis)},
             {"tileWidth", grid.tile_size()},
             {"tileHeight", grid.tile_size()},
             {"matrixWidth", grid.matrix_width(z)},
             {"matrixHeight", grid.matrix_height(z)}});
    }
    return json;
}

}  // namespace offgrid
