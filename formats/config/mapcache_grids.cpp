#include "formats/config/mapcache_grids.h"

#include "formats/base/error.h"
#include "formats/base/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace offgrid::config {
namespace {

constexpr int max_levels = 64;
constexpr int max_tile_size = 16'384;

std::unique_ptr<const Grid> with_levels(const Grid& grid, int levels, std::string name,
                                        std::string srs, std::vector<std::string> aliases) {
    std::vector<double> resolutions;
    for (int z = 0; z < levels; ++z) {
        resolutions.push_back(grid.resolution(z));
    }
    return std::make_unique<const Grid>(Grid::Definition{.name = std::move(name),
                                                         .srs = std::move(srs),
                                                         .srs_aliases = std::move(aliases),
                                                         .unit = grid.unit(),
                                                         .extent = grid.extent(),
                                                         .tile_size = grid.tile_size(),
                                                         .resolutions = std::move(resolutions),
                                                         .origin = grid.origin()});
}

struct TileSize {
    int width = 0;
    int height = 0;
};

TileSize parse_size(const XmlElement& element) {
    const auto text = element.required_text("size");
    const auto size = *element.child("size");
    const auto words = words_of(text);
    std::vector<int> numbers;
    for (const auto& word : words) {
        const auto value = parse_number<int>(word);
        if (!value || *value < 1 || *value > max_tile_size) {
            size.fail(fmt::format("'{}' is no size from 1 to {} pixels", word, max_tile_size));
        }
        numbers.push_back(*value);
    }
    if (numbers.size() != 2) {
        size.fail(fmt::format("'{}' is no width and height", text));
    }
    return {numbers[0], numbers[1]};
}

Grid::Unit parse_unit(const XmlElement& element) {
    const auto text = element.child_text("units");
    if (text.empty() || equals_ignoring_case(text, "m")) {
        return Grid::Unit::metre;
    }
    if (equals_ignoring_case(text, "dd")) {
        return Grid::Unit::degree;
    }
    if (equals_ignoring_case(text, "ft")) {
        return Grid::Unit::foot;
    }
    element.child("units")->fail(fmt::format("'{}' is none of m, dd, ft", text));
}

Grid::Origin parse_origin(const XmlElement& element) {
    const auto text = element.child_text("origin");
    if (text.empty() || equals_ignoring_case(text, "bottom-left")) {
        return Grid::Origin::bottom_left;
    }
    if (equals_ignoring_case(text, "top-left")) {
        return Grid::Origin::top_left;
    }
    const auto origin = *element.child("origin");
    if (equals_ignoring_case(text, "top-right") || equals_ignoring_case(text, "bottom-right")) {
        origin.fail(fmt::format("'{}' is not implemented, neither here nor in MapCache", text));
    }
    origin.fail(fmt::format("'{}' is none of bottom-left, top-left", text));
}

std::vector<double> parse_resolutions(const XmlElement& element) {
    const auto words = words_of(element.required_text("resolutions"));
    const auto list = *element.child("resolutions");
    std::vector<double> resolutions;
    for (const auto& word : words) {
        const auto value = parse_number<double>(word);
        if (!value || !std::isfinite(*value) || *value <= 0) {
            list.fail(fmt::format("'{}' is no number above 0", word));
        }
        resolutions.push_back(*value);
    }
    return resolutions;
}

/// Why a grid that MapCache takes cannot be used here; empty when it can. Tiles are counted in 32
/// bits by MapCache; far beyond, products of two indices pass 64 bits.
std::string why_unusable(const Grid::Definition& definition, const TileSize& size) {
    if (size.width != size.height) {
        return fmt::format("tiles of {} by {} pixels: only square tiles are supported", size.width,
                           size.height);
    }
    if (definition.resolutions.size() > max_levels) {
        return fmt::format("{} levels: there may be {}", definition.resolutions.size(), max_levels);
    }
    const double tile = std::ranges::min(definition.resolutions) * definition.tile_size;
    const double largest = std::max(definition.extent.width(), definition.extent.height()) / tile;
    constexpr double max_tiles = 4'294'967'296.0;
    return largest < max_tiles
               ? std::string{}
               : fmt::format("the deepest level is {:.0f} tiles wide: there may be {:.0f}", largest,
                             max_tiles);
}

}  // namespace

std::vector<std::unique_ptr<const Grid>> built_in_grids() {
    const auto& mercator = Grid::google_maps_compatible();
    std::vector<std::unique_ptr<const Grid>> grids;
    grids.push_back(with_levels(Grid::wgs84(), 18, "WGS84", "EPSG:4326", {}));
    grids.push_back(
        with_levels(mercator, 22, "GoogleMapsCompatible", "EPSG:3857", {"EPSG:900913"}));
    grids.push_back(with_levels(mercator, 22, "g", "EPSG:900913", {"EPSG:3857"}));
    return grids;
}

Box parse_extent(const XmlElement& element, std::string_view text) {
    std::array<double, 4> numbers{};
    const auto words = words_of(text);
    if (words.size() != numbers.size()) {
        element.fail(fmt::format("extent '{}' is not four numbers", text));
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto value = parse_number<double>(words[i]);
        if (!value || !std::isfinite(*value)) {
            element.fail(fmt::format("'{}' in extent '{}' is no number", words[i], text));
        }
        numbers[i] = *value;
    }
    const Box box{numbers[0], numbers[1], numbers[2], numbers[3]};
    if (box.is_empty()) {
        element.fail(fmt::format("extent '{}' is empty: it is minx miny maxx maxy", text));
    }
    return box;
}

void parse_grid(const XmlElement& element, Declarations& declarations) {
    Grid::Definition definition{.name = element.required_attribute("name")};
    if (declarations.find_grid(definition.name) != nullptr ||
        declarations.left_out_grids.contains(definition.name)) {
        element.fail("there is a grid of that name already");
    }
    definition.srs = element.required_text("srs");
    for (const auto& alias : element.children("srsalias")) {
        definition.srs_aliases.push_back(alias.text());
    }
    definition.unit = parse_unit(element);
    const auto extent = element.required_text("extent");
    definition.extent = parse_extent(*element.child("extent"), extent);
    const auto size = parse_size(element);
    definition.tile_size = size.width;
    definition.resolutions = parse_resolutions(element);
    definition.origin = parse_origin(element);
    declarations.notes.check_children(
        element, {"srs", "srsalias", "units", "extent", "size", "resolutions", "origin"},
        {{"metadata", "grids are not described"}});
    declarations.notes.check_attributes(element, {"name"});
    if (const auto reason = why_unusable(definition, size); !reason.empty()) {
        declarations.notes.add_unused(element, reason);
        declarations.left_out_grids.emplace(definition.name, reason);
        return;
    }
    declarations.grids.push_back(std::make_unique<const Grid>(std::move(definition)));
}

}  // namespace offgrid::config
