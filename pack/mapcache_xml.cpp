#include "pack/mapcache_xml.h"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

namespace offgrid {
namespace {

/// Grids that MapCache has by itself, with fewer levels than ours. Deeper layers bring their grid
/// along, and so do layers in any other.
struct OfMapcache {
    std::string_view name{};
    int levels = 0;
};
constexpr std::array<OfMapcache, 3> grids_of_mapcache{
    {{"GoogleMapsCompatible", 22}, {"g", 22}, {"WGS84", 18}}};

pugi::xml_node add(pugi::xml_node parent, const char* name, const std::string& text) {
    auto node = parent.append_child(name);
    node.text().set(text.c_str());
    return node;
}

std::string numbers(const Box& box) {
    return fmt::format("{} {} {} {}", box.min_x, box.min_y, box.max_x, box.max_y);
}

const char* units_of(const Grid& grid) {
    switch (grid.unit()) {
        case Grid::Unit::metre:
            return "m";
        case Grid::Unit::degree:
            return "dd";
        case Grid::Unit::foot:
            return "ft";
    }
    return "m";
}

/// Declare the grid; its name, for references. All levels, where it is not built in: `{inv_z}` and
/// clients count them.
std::string add_grid(pugi::xml_node root, const Manifest& manifest) {
    const auto& grid = *manifest.grid;
    const auto* const known = std::ranges::find(grids_of_mapcache, grid.name(), &OfMapcache::name);
    const bool is_taken = known != grids_of_mapcache.end();
    const bool is_built_in = Grid::find(grid.name()) != nullptr;
    if (is_taken && is_built_in && manifest.max_zoom < known->levels) {
        return grid.name();
    }
    const auto name = is_taken ? grid.name() + "Deep" : grid.name();
    auto node = root.append_child("grid");
    node.append_attribute("name").set_value(name.c_str());
    add(node, "srs", grid.srs());
    for (const auto& alias : grid.srs_aliases()) {
        add(node, "srsalias", alias);
    }
    add(node, "units", units_of(grid));
    add(node, "extent", numbers(grid.extent()));
    add(node, "origin", grid.origin() == Grid::Origin::bottom_left ? "bottom-left" : "top-left");
    add(node, "size", fmt::format("{} {}", grid.tile_size(), grid.tile_size()));
    std::vector<double> resolutions;
    for (int z = 0; z < (is_built_in ? manifest.max_zoom + 1 : grid.levels()); ++z) {
        resolutions.push_back(grid.resolution(z));
    }
    add(node, "resolutions", fmt::format("{}", fmt::join(resolutions, " ")));
    return name;
}

/// MapCache reads tiles as they are; the format names their media type. It knows no WebP: RAW
/// passes any type on.
std::string add_format(pugi::xml_node root, const Manifest& manifest) {
    if (!manifest.format) {
        return "mixed";
    }
    if (*manifest.format != TileFormat::webp) {
        return *manifest.format == TileFormat::jpeg ? "JPEG" : "PNG";
    }
    auto node = root.append_child("format");
    node.append_attribute("name").set_value("WEBP");
    node.append_attribute("type").set_value("RAW");
    add(node, "extension", "webp");
    add(node, "mime_type", "image/webp");
    return "WEBP";
}

/// Declare the store of one set of pyramids.
std::string add_cache(pugi::xml_node root, const Manifest& manifest, const Pyramids& pyramids) {
    const auto name = fmt::format("{}-{}-{}", manifest.layer, pyramids.min_zoom, pyramids.max_zoom);
    auto node = root.append_child("cache");
    node.append_attribute("name").set_value(name.c_str());
    const bool counts_from_north = manifest.grid->origin() == Grid::Origin::top_left;
    node.append_attribute("type").set_value(counts_from_north ? "sqlite3" : "mbtiles");
    auto file = add(node, "dbfile", pyramids.names);
    for (const auto& [key, format] : pyramids.options.formats) {
        file.append_attribute((key + "_fmt").c_str()).set_value(format.c_str());
    }
    if (pyramids.options.top > 0) {
        add(node, "top", fmt::to_string(pyramids.options.top));
    }
    if (counts_from_north) {
        // MapCache counts rows as the grid does, MBTiles from the south; of its caches only
        // `sqlite3` knows `:inv_y`.
        constexpr std::string_view tile =
            " from tiles where tile_column=:x and tile_row=:inv_y and zoom_level=:z";
        auto queries = node.append_child("queries");
        add(queries, "exists", fmt::format("select 1{}", tile));
        add(queries, "get", fmt::format("select tile_data{}", tile));
    }
    return name;
}

std::string add_caches(pugi::xml_node root, const Manifest& manifest) {
    std::vector<std::string> names;
    for (const auto& pyramids : manifest.pyramids) {
        names.push_back(add_cache(root, manifest, pyramids));
    }
    if (names.size() == 1) {
        return names.front();
    }
    auto composite = root.append_child("cache");
    composite.append_attribute("name").set_value(manifest.layer.c_str());
    composite.append_attribute("type").set_value("composite");
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto part = add(composite, "cache", names[i]);
        part.append_attribute("min-zoom").set_value(manifest.pyramids[i].min_zoom);
        part.append_attribute("max-zoom").set_value(manifest.pyramids[i].max_zoom);
    }
    return manifest.layer;
}

}  // namespace

std::string mapcache_xml(const Manifest& manifest, const Box& box) {
    pugi::xml_document document;
    auto root = document.append_child("mapcache");
    const auto grid = add_grid(root, manifest);
    const auto format = add_format(root, manifest);
    const auto cache = add_caches(root, manifest);

    auto tileset = root.append_child("tileset");
    tileset.append_attribute("name").set_value(manifest.layer.c_str());
    auto metadata = tileset.append_child("metadata");
    add(metadata, "title", manifest.title);
    add(metadata, "wgs84boundingbox", numbers(manifest.bounds));
    add(tileset, "cache", cache);
    add(tileset, "format", format);
    add(tileset, "read-only", "true");
    auto link = add(tileset, "grid", grid);
    link.append_attribute("restricted_extent").set_value(numbers(box).c_str());
    link.append_attribute("minzoom").set_value(manifest.min_zoom);
    link.append_attribute("maxzoom").set_value(manifest.max_zoom);
    link.append_attribute("tolerance").set_value(0);

    for (const char* const type : {"wmts", "tms", "gmaps", "demo"}) {
        auto service = root.append_child("service");
        service.append_attribute("type").set_value(type);
        service.append_attribute("enabled").set_value("true");
    }
    std::ostringstream out;
    document.save(out, "  ");
    return out.str();
}

}  // namespace offgrid
