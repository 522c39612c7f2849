#include "serve/wmts_matrix_set.h"

#include "formats/tile/scale.h"
#include "formats/tile/srs.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace offgrid {
namespace {

/// GoogleMapsCompatible (OGC 07-057r7, annex E.4) has these levels; a set may have more.
constexpr int google_levels = 19;

/// The URN of `AUTHORITY:CODE` (OGC 07-092r3); what is none of these as it is.
std::string urn_of(std::string_view srs) {
    const auto colon = srs.find(':');
    if (colon == std::string_view::npos || srs.find(':', colon + 1) != std::string_view::npos) {
        return std::string{srs};
    }
    if (srs == "OGC:CRS84") {
        return "urn:ogc:def:crs:OGC:1.3:CRS84";
    }
    return fmt::format("urn:ogc:def:crs:{}::{}", srs.substr(0, colon), srs.substr(colon + 1));
}

/// The point in the order of the axes.
std::string point(double x, double y, bool is_northern_first) {
    return is_northern_first ? fmt::format("{} {}", y, x) : fmt::format("{} {}", x, y);
}

bool is_google_maps_compatible(const Grid& grid, int levels) {
    return levels >= google_levels && have_the_same_tiles(grid, Grid::google_maps_compatible());
}

}  // namespace

void write_matrix_set(XmlWriter& xml, const Catalogue::MatrixSet& set, int levels) {
    const auto& grid = *set.grid;
    const auto urn = urn_of(grid.srs());
    const bool is_northern_first = northern_first_axis(grid.srs()).has_value();
    const auto& extent = grid.extent();
    xml.open("TileMatrixSet");
    xml.element("ows:Identifier", set.id);
    xml.open("ows:BoundingBox", {{"crs", urn}});
    xml.element("ows:LowerCorner", point(extent.min_x, extent.min_y, is_northern_first));
    xml.element("ows:UpperCorner", point(extent.max_x, extent.max_y, is_northern_first));
    xml.close();
    xml.element("ows:SupportedCRS", urn);
    if (is_google_maps_compatible(grid, levels)) {
        xml.element("WellKnownScaleSet", "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible");
    }
    for (int z = 0; z < levels; ++z) {
        const auto box = grid.box_of(grid.whole(z));
        const auto size = fmt::format("{}", grid.tile_size());
        xml.open("TileMatrix");
        xml.element("ows:Identifier", fmt::format("{}", z));
        xml.element("ScaleDenominator",
                    fmt::format("{}", grid.resolution(z) * metres_per_unit(grid.unit()) /
                                          standard_pixel_m));
        xml.element("TopLeftCorner", point(box.min_x, box.max_y, is_northern_first));
        xml.element("TileWidth", size);
        xml.element("TileHeight", size);
        xml.element("MatrixWidth", fmt::format("{}", grid.matrix_width(z)));
        xml.element("MatrixHeight", fmt::format("{}", grid.matrix_height(z)));
        xml.close();
    }
    xml.close();
}

std::string limits_xml(const std::vector<TileRange>& coverage, const Grid& grid, int levels) {
    const bool is_whole = static_cast<int>(coverage.size()) == levels &&
                          std::ranges::all_of(coverage, [&](const TileRange& range) {
                              return range == grid.whole(range.z);
                          });
    if (coverage.empty() || is_whole) {
        return {};
    }
    std::string xml = "<TileMatrixSetLimits>\n";
    for (const auto& range : coverage) {
        fmt::format_to(std::back_inserter(xml),
                       "<TileMatrixLimits><TileMatrix>{}</TileMatrix>"
                       "<MinTileRow>{}</MinTileRow><MaxTileRow>{}</MaxTileRow>"
                       "<MinTileCol>{}</MinTileCol><MaxTileCol>{}</MaxTileCol>"
                       "</TileMatrixLimits>\n",
                       range.z, range.min_y, range.max_y - 1, range.min_x, range.max_x - 1);
    }
    return xml + "</TileMatrixSetLimits>\n";
}

}  // namespace offgrid
