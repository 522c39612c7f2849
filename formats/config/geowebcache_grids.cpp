#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/config/geowebcache_declarations.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace offgrid::config {
namespace {

constexpr std::size_t max_levels = 64;
constexpr int max_tile_size = 16'384;
constexpr double metres_per_degree = 111'319.490'793'273'58;  // as GeoWebCache has it
constexpr double default_pixel_m = 0.000'28;                  // OGC's standardized pixel
constexpr double max_matrix = 4'294'967'296.0;  // products of two indices stay within 64 bits

std::unique_ptr<const Grid> built_in(const Grid& grid, const char* name, int levels) {
    std::vector<double> resolutions;
    for (int z = 0; z < levels; ++z) {
        resolutions.push_back(grid.resolution(z));
    }
    return std::make_unique<const Grid>(Grid::Definition{.name = name,
                                                         .srs = grid.srs(),
                                                         .srs_aliases = grid.srs_aliases(),
                                                         .unit = grid.unit(),
                                                         .extent = grid.extent(),
                                                         .tile_size = grid.tile_size(),
                                                         .resolutions = std::move(resolutions),
                                                         .origin = grid.origin()});
}

/// The numbers above 0 in a list; empty where there is no such list.
std::vector<double> parse_doubles(const XmlElement& element, const char* tag) {
    std::vector<double> numbers;
    const auto list = element.child(tag);
    for (const auto& each : list ? list->children("double") : std::vector<XmlElement>{}) {
        const auto number = parse_number<double>(each.text());
        if (!number || !std::isfinite(*number) || *number <= 0) {
            each.fail(fmt::format("'{}' is no number above 0", each.text()));
        }
        numbers.push_back(*number);
        if (numbers.size() > max_levels) {
            list->fail(fmt::format("more than {} levels", max_levels));
        }
    }
    return numbers;
}

double positive_child(const XmlElement& element, const char* tag, double by_default) {
    const auto child = element.child(tag);
    if (!child) {
        return by_default;
    }
    const auto number = parse_number<double>(child->text());
    if (!number || !std::isfinite(*number) || *number <= 0) {
        child->fail(fmt::format("'{}' is no number above 0", child->text()));
    }
    return *number;
}

/// The resolutions of `<levels>`: the first level covers the extent with one row or one column of
/// tiles, and each further one halves.
std::vector<double> halving(const Box& extent, int tile_size, std::size_t levels) {
    const double of_width = extent.width() / tile_size;
    const double of_height = extent.height() / tile_size;
    const double narrow = std::min(of_width, of_height);
    const double wide = std::max(of_width, of_height);
    const double first = std::max(narrow, wide / std::max(1.0, std::round(wide / narrow)));
    std::vector<double> resolutions;
    for (std::size_t z = 0; z < levels; ++z) {
        resolutions.push_back(std::ldexp(first, -static_cast<int>(z)));
    }
    return resolutions;
}

std::vector<double> parse_resolutions(const XmlElement& element, const Grid::Definition& grid,
                                      double metres_per_unit) {
    if (auto resolutions = parse_doubles(element, "resolutions"); !resolutions.empty()) {
        return resolutions;
    }
    if (auto scales = parse_doubles(element, "scaleDenominators"); !scales.empty()) {
        const double pixel = positive_child(element, "pixelSize", default_pixel_m);
        for (double& scale : scales) {
            scale = scale * pixel / metres_per_unit;
        }
        return scales;
    }
    const auto levels = element.child_number<std::size_t>("levels", 0, 1, max_levels);
    if (levels == 0) {
        element.fail("<resolutions>, <scaleDenominators> or <levels> is missing");
    }
    return halving(grid.extent, grid.tile_size, levels);
}

std::string why_unusable(const Grid::Definition& grid, int tile_height) {
    if (grid.tile_size != tile_height) {
        return fmt::format("tiles of {} by {} pixels: only square tiles are supported",
                           grid.tile_size, tile_height);
    }
    const double tile = std::ranges::min(grid.resolutions) * grid.tile_size;
    const double largest = std::max(grid.extent.width(), grid.extent.height()) / tile;
    return largest < max_matrix
               ? std::string{}
               : fmt::format("the deepest level is {:.0f} tiles wide: there may be {:.0f}", largest,
                             max_matrix);
}

}  // namespace

std::vector<std::unique_ptr<const Grid>> geowebcache_grids() {
    std::vector<std::unique_ptr<const Grid>> grids;
    grids.push_back(built_in(Grid::wgs84(), "EPSG:4326", 22));
    grids.push_back(built_in(Grid::google_maps_compatible(), "EPSG:900913", 31));
    return grids;
}

Box parse_coords(const XmlElement& extent) {
    const auto coords = extent.child("coords");
    const auto numbers = coords ? coords->children("double") : std::vector<XmlElement>{};
    std::array<double, 4> edges{};
    if (numbers.size() != edges.size()) {
        extent.fail("has not four <double> in <coords>");
    }
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const auto number = parse_number<double>(numbers[i].text());
        if (!number || !std::isfinite(*number)) {
            numbers[i].fail(fmt::format("'{}' is no number", numbers[i].text()));
        }
        edges[i] = *number;
    }
    const Box box{edges[0], edges[1], edges[2], edges[3]};
    if (box.is_empty()) {
        extent.fail("is empty: its coords are minx, miny, maxx, maxy");
    }
    return box;
}

void parse_grid_set(const XmlElement& element, GeowebcacheDeclarations& declarations) {
    const auto name = element.required_text("name");
    const bool is_known =
        declarations.left_out_grids.contains(name) ||
        std::ranges::any_of(declarations.grids, [&](const auto& g) { return g->name() == name; });
    if (is_known) {
        element.fail(fmt::format("there is a grid set '{}' already", name));
    }
    const auto srs = element.child("srs");
    const auto extent = element.child("extent");
    if (!srs || !extent) {
        element.fail(fmt::format("<{}> is missing", srs ? "extent" : "srs"));
    }
    const auto code = srs->child("number");
    Grid::Definition grid{.name = name,
                          .srs = fmt::format("EPSG:{}", code ? code->number(0, 10'000'000) : 0)};
    if (!code) {
        srs->fail("<number> is missing");
    }
    grid.extent = parse_coords(*extent);
    grid.tile_size = element.child_number("tileWidth", 256, 1, max_tile_size);
    const auto tile_height = element.child_number("tileHeight", 256, 1, max_tile_size);
    const bool is_geographic = grid.srs == "EPSG:4326";
    const double metres_per_unit =
        positive_child(element, "metersPerUnit", is_geographic ? metres_per_degree : 1.0);
    grid.unit = metres_per_unit > 100'000 ? Grid::Unit::degree : Grid::Unit::metre;
    grid.resolutions = parse_resolutions(element, grid, metres_per_unit);
    grid.origin = child_flag(element, "alignTopLeft", false) ? Grid::Origin::top_left
                                                             : Grid::Origin::bottom_left;
    declarations.notes.check_children(
        element,
        {"name", "srs", "extent", "alignTopLeft", "resolutions", "scaleDenominators", "levels",
         "metersPerUnit", "pixelSize", "tileHeight", "tileWidth"},
        {{"description", "grids are not described"},
         {"title", "grids are not described"},
         {"scaleNames", "levels have no names"},
         {"scaleWarning", "grids are not described"},
         {"yCoordinateFirst", "boxes are east then north"}});
    if (const auto reason = why_unusable(grid, tile_height); !reason.empty()) {
        declarations.notes.add_unused(element, fmt::format("grid set '{}': {}", name, reason));
        declarations.left_out_grids[name] = reason;
        return;
    }
    declarations.grids.push_back(std::make_unique<const Grid>(std::move(grid)));
}

}  // namespace offgrid::config
