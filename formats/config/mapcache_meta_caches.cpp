#include "formats/base/text.h"
#include "formats/config/cache_parsers.h"

#include <limits>

namespace offgrid::config {
namespace {

/// The cache that the element's text names; null when it was left out.
const CacheSpec* referenced_cache(const XmlElement& element, const Declarations& declarations) {
    const auto name = element.text();
    if (const auto* const cache = declarations.find_cache(name)) {
        return cache;
    }
    if (declarations.left_out.contains(name)) {
        return nullptr;
    }
    const auto line = declarations.cache_lines.find(name);
    if (line != declarations.cache_lines.end()) {
        element.fail(fmt::format(
            "cache '{}' is declared in line {}: a cache is made of those declared before it", name,
            line->second));
    }
    element.fail(fmt::format("no cache '{}'; those declared before are: {}", name,
                             names_of(declarations.caches)));
}

/// The parts of a cache. One without any part that can be read is left out itself.
std::vector<XmlElement> part_elements(const XmlElement& element, Declarations& declarations,
                                      const std::string& name) {
    auto parts = element.children("cache");
    if (parts.empty()) {
        element.fail("has no <cache> to be made of");
    }
    for (const auto& part : parts) {
        if (referenced_cache(part, declarations) == nullptr) {
            const auto reason = fmt::format("needs cache '{}': {}", part.text(),
                                            declarations.left_out.find(part.text())->second);
            declarations.notes.add_unused(element, reason);
            declarations.left_out.emplace(name, reason);
            return {};
        }
    }
    return parts;
}

std::vector<const CacheSpec*> referenced_caches(const XmlElement& element,
                                                Declarations& declarations,
                                                const std::string& name) {
    std::vector<const CacheSpec*> caches;
    for (const auto& part : part_elements(element, declarations, name)) {
        caches.push_back(referenced_cache(part, declarations));
    }
    return caches;
}

std::vector<std::pair<std::string, std::string>> parse_pairs(const XmlElement& element,
                                                             const std::string& text) {
    std::vector<std::pair<std::string, std::string>> pairs;
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        const auto pair = rest.substr(0, comma);
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || equals == 0) {
            element.fail(fmt::format("dimensions '{}' is no list of name=value", text));
        }
        pairs.emplace_back(trimmed(pair.substr(0, equals)), trimmed(pair.substr(equals + 1)));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return pairs;
}

/// The names between commas, white space and all, as MapCache compares them.
std::vector<std::string> parse_grid_names(const XmlElement& element,
                                          const Declarations& declarations) {
    std::vector<std::string> names;
    const auto text = element.attribute("grids").value_or("");
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        const std::string name{rest.substr(0, comma)};
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        if (name.empty()) {
            continue;
        }
        if (declarations.find_grid(name) == nullptr &&
            !declarations.left_out_grids.contains(name)) {
            element.fail(
                fmt::format("no grid '{}'; there are: {}", name, names_of(declarations.grids)));
        }
        names.push_back(name);
    }
    return names;
}

CompositeEntry parse_entry(const XmlElement& element, Declarations& declarations) {
    declarations.notes.check_attributes(
        element, {"grids", "min-zoom", "max-zoom", "minzoom", "maxzoom", "dimensions"});
    CompositeEntry entry{.cache = referenced_cache(element, declarations)};
    entry.min_zoom = element.zoom_attribute("min-zoom", entry.min_zoom);
    entry.max_zoom = element.zoom_attribute("max-zoom", entry.max_zoom);
    if (entry.min_zoom > entry.max_zoom) {
        element.fail(
            fmt::format("min-zoom {} is above max-zoom {}", entry.min_zoom, entry.max_zoom));
    }
    for (const auto* const side : {"min", "max"}) {
        if (element.attribute(fmt::format("{}zoom", side).c_str())) {
            declarations.notes.add_unused(
                element, fmt::format("MapCache ignores {0}zoom; {0}-zoom is meant", side));
        }
    }
    entry.grids = parse_grid_names(element, declarations);
    entry.dimensions = parse_pairs(element, element.attribute("dimensions").value_or(""));
    return entry;
}

}  // namespace

StoreOptions parse_composite(const XmlElement& element, const std::string& name,
                             Declarations& declarations) {
    check_cache_children(element, declarations, {"cache"});
    CompositeOptions options;
    for (const auto& part : part_elements(element, declarations, name)) {
        options.entries.push_back(parse_entry(part, declarations));
    }
    return options;
}

StoreOptions parse_fallback(const XmlElement& element, const std::string& name,
                            Declarations& declarations) {
    check_cache_children(element, declarations, {"cache"});
    return FallbackOptions{.caches = referenced_caches(element, declarations, name)};
}

StoreOptions parse_multitier(const XmlElement& element, const std::string& name,
                             Declarations& declarations) {
    check_cache_children(element, declarations, {"cache", "promote"});
    return MultitierOptions{
        .caches = referenced_caches(element, declarations, name),
        .promotes = !equals_ignoring_case(element.child_text("promote"), "false")};
}

}  // namespace offgrid::config
