#include "serve/tms_capabilities.h"

#include "serve/tileset_listing.h"
#include "serve/url.h"
#include "serve/xml_writer.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

using Value = XmlWriter::Value;

/// How the specification calls common cuts of the world.
std::string_view profile_of(const Grid& grid) {
    if (have_the_same_tiles(grid, Grid::google_maps_compatible())) {
        return "global-mercator";
    }
    return have_the_same_tiles(grid, Grid::wgs84()) ? "global-geodetic" : "local";
}

std::string map_name(const Catalogue::Entry& entry, const Catalogue::Tileset& tileset,
                     ServicePlace::Dialect dialect) {
    const auto in_set =
        std::ranges::count(entry.tilesets, tileset.matrix_set, &Catalogue::Tileset::matrix_set);
    const auto name =
        fmt::format("{}@{}", percent_encoded(entry.name), percent_encoded(tileset.matrix_set->id));
    return dialect == ServicePlace::Dialect::mapcache && in_set == 1
               ? name
               : fmt::format("{}@{}", name, percent_encoded(listed_extension(*tileset.layer)));
}

}  // namespace

std::string tms_versions() {
    XmlWriter xml;
    xml.open("Services");
    xml.empty("TileMapService",
              {{"title", "Tiles"}, {"version", "1.0.0"}, {"href", "/1.0.0/", Value::address}});
    xml.close();
    return xml.take();
}

std::string tms_tile_maps(const Catalogue& catalogue, ServicePlace::Dialect dialect) {
    XmlWriter xml;
    xml.open("TileMapService", {{"version", "1.0.0"}, {"services", "/", Value::address}});
    xml.element("Title", "Tiles");
    xml.element("Abstract", "");
    xml.open("TileMaps");
    for (const auto& entry : catalogue.layers()) {
        const auto title = listed_title(entry);
        for (const auto& tileset : entry.tilesets) {
            const auto& grid = *tileset.layer->info().grid;
            xml.empty("TileMap",
                      {{"title", title},
                       {"srs", grid.srs()},
                       {"profile", profile_of(grid)},
                       {"href", "/1.0.0/" + map_name(entry, tileset, dialect), Value::address}});
        }
    }
    xml.close();
    xml.close();
    return xml.take();
}

std::string tms_tile_map(const Layer& layer, std::string_view name) {
    const auto& info = layer.info();
    const auto& grid = *info.grid;
    const auto coverage = listed_coverage(layer);
    const auto origin = grid.box_of(grid.whole(deepest_zoom(layer)));
    const auto number = [](double value) { return fmt::format("{}", value); };
    const auto size = fmt::format("{}", grid.tile_size());
    XmlWriter xml;
    xml.open("TileMap", {{"version", "1.0.0"}, {"tilemapservice", "/1.0.0/", Value::address}});
    xml.element("Title", info.name.empty() ? layer.layer_name() : info.name);
    xml.element("Abstract", info.description);
    xml.element("SRS", grid.srs());
    const auto& extent = grid.extent();
    xml.empty("BoundingBox", {{"minx", number(extent.min_x)},
                              {"miny", number(extent.min_y)},
                              {"maxx", number(extent.max_x)},
                              {"maxy", number(extent.max_y)}});
    xml.empty("Origin", {{"x", number(origin.min_x)}, {"y", number(origin.min_y)}});
    xml.empty("TileFormat", {{"width", size},
                             {"height", size},
                             {"mime-type", listed_media_type(layer)},
                             {"extension", listed_extension(layer)}});
    xml.open("TileSets", {{"profile", profile_of(grid)}});
    for (const auto& range : coverage) {
        const auto order = fmt::format("{}", range.z);
        xml.empty("TileSet", {{"href", fmt::format("/1.0.0/{}/{}", percent_encoded(name), order),
                               Value::address},
                              {"units-per-pixel", number(grid.resolution(range.z))},
                              {"order", order}});
    }
    xml.close();
    xml.close();
    return xml.take();
}

}  // namespace offgrid
