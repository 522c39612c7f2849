#include "serve/kml_document.h"

#include "serve/service_tile.h"
#include "serve/tileset_listing.h"
#include "serve/xml_writer.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace offgrid {
namespace {

/// Tiles below one, in the grids that there are, are four; those of a first zoom are few.
constexpr std::int64_t max_links = 256;

void write_box(XmlWriter& xml, std::string_view name, const Box& box) {
    xml.open(name);
    xml.element("north", fmt::format("{}", box.max_y));
    xml.element("south", fmt::format("{}", box.min_y));
    xml.element("east", fmt::format("{}", box.max_x));
    xml.element("west", fmt::format("{}", box.min_x));
    xml.close();
}

/// Drawn as soon as the box is half a tile wide on the screen, for ever or, where there is a next
/// zoom, until its tiles are as wide.
void write_region(XmlWriter& xml, const Box& box, int tile_size, bool has_next) {
    xml.open("Region");
    write_box(xml, "LatLonAltBox", box);
    xml.open("Lod");
    xml.element("minLodPixels", fmt::format("{}", tile_size / 2));
    xml.element("maxLodPixels", has_next ? fmt::format("{}", tile_size * 2) : "-1");
    xml.close();
    xml.close();
}

/// The tiles of the next zoom in a tile or, without one, those of zoom 0. Only those in which the
/// layer has tiles, or above these.
TileRange range_below(const Layer& layer, const std::optional<TileKey>& key) {
    const auto& grid = *layer.info().grid;
    const int z = key ? key->z + 1 : 0;
    if (z >= grid.levels() || z > layer.info().max_zoom) {
        return {.z = z};
    }
    const auto below = key ? grid.range_of(z, grid.box_of(*key)) : grid.whole(z);
    if (z < layer.info().min_zoom) {
        return below;
    }
    return intersection(below, coverage_at(layer, z));
}

}  // namespace

std::optional<std::string> kml_document(const Layer& layer, const std::optional<TileKey>& key,
                                        const KmlAddresses& addresses) {
    const auto& grid = *layer.info().grid;
    const auto box = lonlat_of(grid, key ? grid.box_of(*key) : grid.extent());
    const auto below = range_below(layer, key);
    if (!box || (!below.is_empty() &&
                 (below.max_x - below.min_x > max_links || below.count() > max_links))) {
        return std::nullopt;
    }
    XmlWriter xml;
    xml.open("kml", {{"xmlns", "http://www.opengis.net/kml/2.2"}});
    xml.open("Document");
    xml.element("name", layer.info().name.empty() ? layer.layer_name() : layer.info().name);
    write_region(xml, *box, grid.tile_size(), key && !below.is_empty());
    for (auto y = below.min_y; y < below.max_y; ++y) {
        for (auto x = below.min_x; x < below.max_x; ++x) {
            const TileKey child{below.z, x, y};
            xml.open("NetworkLink");
            xml.element("name", fmt::format("{}/{}/{}", child.z, child.x, child.y));
            write_region(xml, lonlat_of(grid, grid.box_of(child)).value_or(*box), grid.tile_size(),
                         false);
            xml.open("Link");
            xml.address("href", addresses.document(child));
            xml.element("viewRefreshMode", "onRegion");
            xml.close();
            xml.close();
        }
    }
    if (key && !out_of_coverage(layer, *key)) {
        xml.open("GroundOverlay");
        xml.element("drawOrder", fmt::format("{}", key->z));
        xml.open("Icon");
        xml.address("href", addresses.tile(*key));
        xml.close();
        write_box(xml, "LatLonBox", *box);
        xml.close();
    }
    xml.close();
    xml.close();
    return xml.take();
}

}  // namespace offgrid
