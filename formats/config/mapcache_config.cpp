#include "formats/config/mapcache_config.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/config/declarations.h"
#include "formats/config/mapcache_caches.h"
#include "formats/config/mapcache_formats.h"
#include "formats/config/mapcache_grids.h"
#include "formats/config/mapcache_locker.h"
#include "formats/config/mapcache_tilesets.h"
#include "formats/config/xml_element.h"

#include <algorithm>

namespace offgrid::config {
namespace {

void check_sections(const XmlElement& root, Notes& notes) {
    constexpr std::string_view not_rendered = "tiles are not rendered";
    constexpr std::string_view no_requests = "requests are answered in a way of our own";
    constexpr std::string_view not_ours = "it is for MapCache's own process";
    notes.check_children(root,
                         {"source", "grid", "format", "cache", "tileset", "locker", "lock_dir",
                          "lock_retry", "service", "services"},
                         {{"metadata", "each layer has its own"},
                          {"environment", "set the environment of the program instead"},
                          {"ruleset", "tiles are not hidden"},
                          {"default_format", not_rendered},
                          {"merge_format", not_rendered},
                          {"errors", no_requests},
                          {"threaded_fetching", not_rendered},
                          {"log_level", not_ours},
                          {"auto_reload", not_ours},
                          {"connection_pool", not_ours}});
    const auto mode = root.attribute("mode").value_or("normal");
    if (mode != "normal") {
        notes.add_unused(root, fmt::format("mode '{}' is about rendering", mode));
    }
}

void note_services(const XmlElement& root, Notes& notes) {
    constexpr std::string_view reason = "tiles have addresses of our own";
    for (const auto& service : root.children("service")) {
        if (equals_ignoring_case(service.attribute("enabled").value_or(""), "true")) {
            notes.add_unused(service, reason);
        }
    }
    if (const auto services = root.child("services")) {
        notes.add_unused(*services, reason);
    }
}

void parse_source(const XmlElement& element, Declarations& declarations) {
    const auto [first, is_new] =
        declarations.sources.emplace(element.required_attribute("name"), element.line());
    if (!is_new) {
        element.fail(
            fmt::format("there is a source of that name already, in line {}", first->second));
    }
    declarations.notes.add_unused(element, "tiles are not rendered");
}

/// Read the sections in MapCache's order, whatever their order in the file.
Declarations parse(const XmlElement& root) {
    if (root.tag() != "mapcache") {
        root.fail("a configuration of MapCache starts with <mapcache>");
    }
    Declarations declarations{.grids = built_in_grids(), .formats = built_in_formats()};
    check_sections(root, declarations.notes);
    const auto each = [&](const char* tag, auto parse_one) {
        for (const auto& element : root.children(tag)) {
            parse_one(element, declarations);
        }
    };
    each("source", parse_source);
    each("grid", parse_grid);
    each("format", parse_format);
    find_cache_lines(root, declarations);
    each("cache", parse_cache);
    each("tileset", parse_tileset);
    note_services(root, declarations.notes);
    return declarations;
}

}  // namespace

std::unique_ptr<const MapcacheConfig> MapcacheConfig::load(const std::filesystem::path& path) {
    const XmlDocument document{path};
    auto declarations = parse(document.root());
    std::unique_ptr<MapcacheConfig> config{new MapcacheConfig};
    config->locker_ = parse_locker(document.root(), declarations.notes);
    config->grids_ = std::move(declarations.grids);
    config->caches_ = std::move(declarations.caches);
    config->tilesets_ = std::move(declarations.tilesets);
    config->unused_ = declarations.notes.take();
    return config;
}

const Tileset* MapcacheConfig::find_tileset(std::string_view name) const {
    const auto found =
        std::ranges::find_if(tilesets_, [&](const auto& tileset) { return tileset->name == name; });
    return found == tilesets_.end() ? nullptr : found->get();
}

std::unique_ptr<Locker> MapcacheConfig::make_locker() const {
    return std::make_unique<FileLocker>(locker_);
}

}  // namespace offgrid::config
