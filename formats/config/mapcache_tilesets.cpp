#include "formats/config/mapcache_tilesets.h"

#include "formats/config/cache_sharing.h"
#include "formats/config/mapcache_dimensions.h"
#include "formats/config/mapcache_formats.h"
#include "formats/config/mapcache_grids.h"

#include <algorithm>

namespace offgrid::config {
namespace {

constexpr std::int64_t max_expiry_seconds = std::int64_t{100} * 365 * 86'400;

void check_link_attributes(const XmlElement& element, Notes& notes) {
    constexpr std::string_view not_rendered = "tiles are not rendered";
    notes.check_attributes(
        element, {"restricted_extent", "tolerance", "minzoom", "maxzoom"},
        {{"max-cached-zoom", "tiles of deeper zooms are not put together from those"},
         {"out-of-zoom-strategy", not_rendered},
         {"use_wms_intermediate_resolutions", not_rendered},
         {"ruleset", "tiles are not hidden"}});
}

GridLink parse_link(const XmlElement& element, Declarations& declarations) {
    check_link_attributes(element, declarations.notes);
    const auto name = element.text();
    GridLink link{.grid = declarations.find_grid(name)};
    if (link.grid == nullptr) {
        element.fail(
            fmt::format("no grid '{}'; there are: {}", name, names_of(declarations.grids)));
    }
    const int last = link.grid->levels() - 1;
    link.min_zoom = element.zoom_attribute("minzoom", 0);
    link.max_zoom = std::min(element.zoom_attribute("maxzoom", last), last);
    if (link.min_zoom > link.max_zoom) {
        element.fail(
            fmt::format("minzoom {} is above the last zoom, {}", link.min_zoom, link.max_zoom));
    }
    if (const auto extent = element.attribute("restricted_extent")) {
        link.restricted_extent = parse_extent(element, *extent);
    }
    if (const auto text = element.attribute("tolerance")) {
        const auto tiles = parse_number<int>(*text);
        if (!tiles || *tiles < 0) {
            element.fail(fmt::format("tolerance '{}' is no number of tiles", *text));
        }
        link.tolerance = *tiles;
    }
    return link;
}

/// Fill in the grids, or tell why the tileset is left out: it has none that can be used.
std::string parse_links(const XmlElement& element, Declarations& declarations, Tileset& tileset) {
    std::string left_out;
    for (const auto& grid : element.children("grid")) {
        const auto unusable = declarations.left_out_grids.find(grid.text());
        if (unusable != declarations.left_out_grids.end()) {
            left_out =
                fmt::format("its grid '{}' cannot be used: {}", unusable->first, unusable->second);
            declarations.notes.add_unused(grid, left_out);
            continue;
        }
        auto link = parse_link(grid, declarations);
        if (tileset.find_grid(link.grid->name()) != nullptr) {
            grid.fail(fmt::format("grid '{}' is there already", link.grid->name()));
        }
        tileset.grids.push_back(link);
    }
    if (tileset.grids.empty() && left_out.empty()) {
        element.fail("<grid> is missing");
    }
    return tileset.grids.empty() ? left_out : std::string{};
}

/// Fill in the cache, or tell why the tileset is left out.
std::string parse_cache_reference(const XmlElement& element, const Declarations& declarations,
                                  Tileset& tileset) {
    const auto name = element.required_text("cache");
    if (const auto left_out = declarations.left_out.find(name);
        left_out != declarations.left_out.end()) {
        return fmt::format("its cache '{}' cannot be used: {}", name, left_out->second);
    }
    tileset.cache = declarations.find_cache(name);
    if (tileset.cache == nullptr) {
        element.child("cache")->fail(
            fmt::format("no cache '{}'; there are: {}", name, names_of(declarations.caches)));
    }
    return {};
}

/// Fill in the dimensions, or tell why the tileset is left out.
std::string parse_dimensions(const XmlElement& element, Notes& notes, Tileset& tileset) {
    const auto dimensions = element.child("dimensions");
    if (!dimensions) {
        return {};
    }
    constexpr std::string_view reason = "tiles are not put together from several values";
    notes.check_children(*dimensions, {"dimension"},
                         {{"store_assemblies", reason},
                          {"assembly_type", reason},
                          {"assembly_threaded_fetching", reason},
                          {"subdimensions_read_only", reason}});
    const DimensionScope scope{.tileset = tileset.name, .grid = tileset.grids.front().grid};
    for (const auto& child : dimensions->children("dimension")) {
        const auto name = child.name();
        if (std::ranges::any_of(tileset.dimensions,
                                [&](const auto& other) { return other->name() == name; })) {
            child.fail("there is a dimension of that name already");
        }
        auto dimension = parse_dimension(child, scope, notes);
        if (!dimension) {
            return fmt::format("its dimension '{}' is of type '{}'", name,
                               child.attribute("type").value_or(""));
        }
        tileset.dimensions.push_back(std::move(dimension));
    }
    if (tileset.dimensions.empty()) {
        dimensions->fail("has no <dimension>");
    }
    return {};
}

void parse_metadata(const XmlElement& element, Notes& notes, Tileset& tileset) {
    const auto metadata = element.child("metadata");
    if (!metadata) {
        return;
    }
    constexpr std::string_view reason = "layers have a title, an abstract and bounds";
    notes.check_children(*metadata, {"title", "abstract", "wgs84boundingbox"},
                         {{"keywords", reason}, {"url", reason}, {"dimension", reason}});
    tileset.title = metadata->child_text("title");
    tileset.abstract = metadata->child_text("abstract");
    if (const auto box = metadata->child("wgs84boundingbox")) {
        tileset.bounds = parse_extent(*box, box->text());
    }
}

void check_source(const XmlElement& element, const Declarations& declarations) {
    const auto source = element.child("source");
    if (!source || declarations.sources.contains(source->text())) {
        return;
    }
    std::string names;
    for (const auto& [name, line] : declarations.sources) {
        names += (names.empty() ? "" : ", ") + name;
    }
    source->fail(fmt::format("no source '{}'; there are: {}", source->text(),
                             names.empty() ? "none" : names));
}

void check_tileset_children(const XmlElement& element, Notes& notes) {
    constexpr std::string_view not_rendered = "tiles are not rendered";
    notes.check_children(element,
                         {"cache", "source", "format", "grid", "expires", "auto_expire",
                          "read-only", "dimensions", "metadata"},
                         {{"metatile", not_rendered},
                          {"metabuffer", not_rendered},
                          {"watermark", not_rendered},
                          {"cache-control", "expires says how long clients keep a tile"}});
}

}  // namespace

void parse_tileset(const XmlElement& element, Declarations& declarations) {
    auto tileset = std::make_unique<Tileset>();
    tileset->name = element.required_attribute("name");
    if (std::ranges::any_of(declarations.tilesets,
                            [&](const auto& other) { return other->name == tileset->name; })) {
        element.fail("there is a tileset of that name already");
    }
    check_tileset_children(element, declarations.notes);
    check_source(element, declarations);
    declarations.notes.check_attributes(element, {"name"});
    parse_metadata(element, declarations.notes, *tileset);
    auto left_out = parse_links(element, declarations, *tileset);
    if (left_out.empty()) {
        left_out = parse_cache_reference(element, declarations, *tileset);
    }
    if (const auto format = element.child("format")) {
        tileset->format = require_format(*format, format->text(), declarations);
    }
    tileset->expires = std::chrono::seconds{
        element.child_number<std::int64_t>("expires", 300, 0, max_expiry_seconds)};
    tileset->auto_expire = std::chrono::seconds{
        element.child_number<std::int64_t>("auto_expire", 0, 0, max_expiry_seconds)};
    tileset->is_read_only = element.child_text("read-only") == "true";  // as MapCache: no `True`
    if (left_out.empty()) {
        left_out = parse_dimensions(element, declarations.notes, *tileset);
    }
    if (!left_out.empty()) {
        declarations.notes.add_unused(element, left_out);
        return;
    }
    check_sharing(element, *tileset, declarations);
    declarations.tilesets.push_back(std::move(tileset));
}

}  // namespace offgrid::config
