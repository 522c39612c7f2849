#include "formats/base/text.h"
#include "formats/config/geowebcache_declarations.h"

#include <algorithm>
#include <optional>
#include <variant>

namespace offgrid::config {
namespace {

constexpr std::string_view not_rendered = "tiles are not rendered";

/// A store by its index, or why there is none.
using FoundStore = std::variant<std::size_t, std::string>;

std::optional<std::size_t> index_of_store(const XmlElement& element,
                                          const GeowebcacheDeclarations& declarations) {
    const auto wanted = element.child_text("blobStoreId");
    for (std::size_t i = 0; i < declarations.stores.size(); ++i) {
        const auto& store = declarations.stores[i];
        if (wanted.empty() ? store.is_default : store.id == wanted) {
            return i;
        }
    }
    return std::nullopt;
}

FoundStore find_store(const XmlElement& element, const GeowebcacheDeclarations& declarations) {
    if (const auto index = index_of_store(element, declarations)) {
        const auto& store = declarations.stores[*index];
        return store.enabled ? FoundStore{*index}
                             : fmt::format("its store '{}' is disabled", store.id);
    }
    const auto wanted = element.child_text("blobStoreId");
    if (const auto other = declarations.other_stores.find(wanted);
        other != declarations.other_stores.end()) {
        return fmt::format("its store '{}': {}", wanted, other->second);
    }
    if (wanted.empty()) {
        return "its store is GeoWebCache's default one, a folder of files, which is not read here";
    }
    element.child("blobStoreId")->fail(fmt::format("there is no store '{}'", wanted));
}

const Grid* find_grid(const GeowebcacheDeclarations& declarations, std::string_view name) {
    const auto found = std::ranges::find_if(declarations.grids,
                                            [&](const auto& grid) { return grid->name() == name; });
    return found == declarations.grids.end() ? nullptr : found->get();
}

int zoom_in(const XmlElement& subset, const char* tag, int by_default, const Grid& grid) {
    return subset.child_number(tag, by_default, 0, grid.levels() - 1);
}

void add_grid_subset(const XmlElement& subset, GeowebcacheLayer& layer,
                     GeowebcacheDeclarations& declarations) {
    const auto name = subset.required_text("gridSetName");
    if (const auto left_out = declarations.left_out_grids.find(name);
        left_out != declarations.left_out_grids.end()) {
        declarations.notes.add_unused(
            subset, fmt::format("layer '{}' in '{}': {}", layer.name, name, left_out->second));
        return;
    }
    const auto* const grid = find_grid(declarations, name);
    if (grid == nullptr) {
        subset.fail(fmt::format("there is no grid set '{}'", name));
    }
    GridLink link{.grid = grid,
                  .min_zoom = zoom_in(subset, "zoomStart", 0, *grid),
                  .max_zoom = zoom_in(subset, "zoomStop", grid->levels() - 1, *grid),
                  .tolerance = 0};
    if (link.min_zoom > link.max_zoom) {
        subset.fail("zoomStart is after zoomStop");
    }
    if (const auto extent = subset.child("extent")) {
        link.restricted_extent = parse_coords(*extent);
    }
    declarations.notes.check_children(
        subset, {"gridSetName", "extent", "zoomStart", "zoomStop"},
        {{"minCachedLevel", not_rendered}, {"maxCachedLevel", not_rendered}});
    layer.grids.push_back(link);
}

void parse_grid_subsets(const XmlElement& element, GeowebcacheLayer& layer,
                        GeowebcacheDeclarations& declarations) {
    const auto subsets = element.child("gridSubsets");
    const auto all = subsets ? subsets->children("gridSubset") : std::vector<XmlElement>{};
    for (const auto& subset : all) {
        add_grid_subset(subset, layer, declarations);
    }
    if (!all.empty()) {
        return;
    }
    for (const auto* name : {"EPSG:4326", "EPSG:900913"}) {
        if (const auto* const grid = find_grid(declarations, name)) {
            layer.grids.push_back({.grid = grid, .max_zoom = grid->levels() - 1, .tolerance = 0});
        }
    }
}

void parse_filters(const XmlElement& element, GeowebcacheLayer& layer, Notes& notes) {
    const auto filters = element.child("parameterFilters");
    for (const auto& filter : filters ? filters->children() : std::vector<XmlElement>{}) {
        ParameterFilter parsed{.default_value = filter.child_text("defaultValue")};
        for (const char c : filter.required_text("key")) {
            parsed.key += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
        if (std::ranges::find(layer.filters, parsed.key, &ParameterFilter::key) !=
            layer.filters.end()) {
            filter.fail(fmt::format("there is a filter of '{}' already", parsed.key));
        }
        parsed.values = texts_in(filter, "values", "string");
        if (filter.tag() != "stringParameterFilter") {
            notes.add_unused(filter,
                             fmt::format("layer '{}': of parameter '{}' only the default is known",
                                         layer.name, parsed.key));
        }
        layer.filters.push_back(std::move(parsed));
    }
}

std::int64_t seconds_in(const XmlElement& element, std::string_view text) {
    const auto seconds = parse_number<std::int64_t>(text);
    constexpr std::int64_t max_seconds = std::int64_t{1} << 31;
    if (!seconds || *seconds < -4 || *seconds > max_seconds) {
        element.fail(fmt::format("'{}' is no number of seconds, nor -1, -2 or -4", text));
    }
    return *seconds;
}

/// The rules of `expireCache` or `expireClients`, or of the list that goes before it.
std::vector<gwc::ExpiryRule> parse_expiry(const XmlElement& element, const char* list_tag,
                                          const char* tag) {
    std::vector<gwc::ExpiryRule> rules;
    const auto list = element.child(list_tag);
    for (const auto& rule : list ? list->children("expirationRule") : std::vector<XmlElement>{}) {
        rules.push_back({rule.zoom_attribute("minZoom", 0),
                         seconds_in(rule, rule.required_attribute("expiration"))});
    }
    if (const auto one = element.child(tag); one && rules.empty()) {
        rules.push_back({0, seconds_in(*one, one->text())});
    }
    return rules;
}

/// How long clients may keep a tile: GeoWebCache's "never expires" is a year.
std::chrono::seconds max_age_of(const XmlElement& element) {
    constexpr std::int64_t never = -2;
    constexpr std::chrono::seconds a_year{31'536'000};
    const auto rules = parse_expiry(element, "expireClientsList", "expireClients");
    if (rules.empty()) {
        return std::chrono::seconds{7200};
    }
    const auto seconds = rules.front().seconds;
    return seconds == never ? a_year : std::chrono::seconds{std::max<std::int64_t>(seconds, 0)};
}

void note_unused(const XmlElement& element, Notes& notes) {
    std::vector<Notes::Unneeded> rendering;
    for (const auto* tag : {"metadataURLs",
                            "infoMimeFormats",
                            "formatModifiers",
                            "updateSources",
                            "requestFilters",
                            "useETags",
                            "metaWidthHeight",
                            "backendTimeout",
                            "cacheBypassAllowed",
                            "queryable",
                            "wmsQueryLayers",
                            "wmsUrl",
                            "wmsLayers",
                            "wmsStyles",
                            "gutter",
                            "errorMime",
                            "wmsVersion",
                            "httpUsername",
                            "httpPassword",
                            "proxyUrl",
                            "tiled",
                            "transparent",
                            "bgColor",
                            "palette",
                            "vendorParameters",
                            "cachePrefix",
                            "concurrency",
                            "sphericalMercatorOverride",
                            "legends",
                            "advertised",
                            "transientLayer",
                            "grids",
                            "tilingScheme",
                            "tileCachePath",
                            "hexZoom"}) {
        rendering.push_back({tag, not_rendered});
    }
    notes.check_children(element,
                         {"name", "enabled", "metaInformation", "mimeFormats", "gridSubsets",
                          "blobStoreId", "parameterFilters", "expireCache", "expireCacheList",
                          "expireClients", "expireClientsList"},
                         rendering);
}

std::vector<std::string> parse_formats(const XmlElement& element) {
    auto formats = texts_in(element, "mimeFormats", "string");
    std::erase(formats, "");
    for (const auto& format : formats) {
        const auto type = std::string_view{format}.substr(0, format.find('/'));
        if (type != "image" && type != "application" && type != "text") {
            element.child("mimeFormats")->fail(fmt::format("'{}' is no format of tiles", format));
        }
    }
    return formats.empty() ? std::vector<std::string>{"image/png", "image/jpeg"} : formats;
}

}  // namespace

std::vector<std::string> texts_in(const XmlElement& element, const char* child, const char* tag) {
    std::vector<std::string> texts;
    const auto list = element.child(child);
    for (const auto& each : list ? list->children(tag) : std::vector<XmlElement>{}) {
        texts.push_back(each.text());
    }
    return texts;
}

void parse_geowebcache_layer(const XmlElement& element, GeowebcacheDeclarations& declarations) {
    auto layer = std::make_unique<GeowebcacheLayer>();
    layer->name = element.required_text("name");
    const bool is_known = declarations.left_out.contains(layer->name) ||
                          std::ranges::any_of(declarations.layers, [&](const auto& other) {
                              return other->name == layer->name;
                          });
    if (is_known) {
        element.fail(fmt::format("there is a layer '{}' already", layer->name));
    }
    const auto leave_out = [&](const std::string& reason) {
        declarations.notes.add_unused(element, fmt::format("layer '{}': {}", layer->name, reason));
        declarations.left_out[layer->name] = {reason, index_of_store(element, declarations)};
    };
    if (!child_flag(element, "enabled", true)) {
        leave_out("it is disabled");
        return;
    }
    const auto store = find_store(element, declarations);
    if (const auto* const reason = std::get_if<std::string>(&store)) {
        leave_out(*reason);
        return;
    }
    layer->store = std::get<std::size_t>(store);
    if (const auto meta = element.child("metaInformation")) {
        layer->title = meta->child_text("title");
        layer->description = meta->child_text("description");
    }
    layer->formats = parse_formats(element);
    layer->expiry = gwc::Expiry{parse_expiry(element, "expireCacheList", "expireCache")};
    layer->max_age = max_age_of(element);
    parse_filters(element, *layer, declarations.notes);
    parse_grid_subsets(element, *layer, declarations);
    note_unused(element, declarations.notes);
    if (layer->grids.empty()) {
        leave_out("none of its grid sets can be used here");
        return;
    }
    declarations.layers.push_back(std::move(layer));
}

}  // namespace offgrid::config
