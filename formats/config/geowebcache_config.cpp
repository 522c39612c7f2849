#include "formats/config/geowebcache_config.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/config/geowebcache_declarations.h"
#include "formats/gwc/file_template.h"
#include "formats/gwc/formats.h"
#include "formats/tile/lonlat.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace offgrid::config {
namespace {

constexpr std::string_view root_tag = "gwcConfiguration";

void check_sections(const XmlElement& root, Notes& notes) {
    constexpr std::string_view not_rendered = "tiles are not rendered";
    notes.check_children(root, {"version", "blobStores", "gridSets", "layers"},
                         {{"backendTimeout", not_rendered},
                          {"cacheBypassAllowed", not_rendered},
                          {"runtimeStats", "the program has its own"},
                          {"httpUsername", not_rendered},
                          {"httpPassword", not_rendered},
                          {"proxyUrl", not_rendered},
                          {"identifier", "it is for GeoWebCache's own process"},
                          {"lockProvider", "it is for GeoWebCache's own process"},
                          {"fullWMS", not_rendered},
                          {"wmtsCiteCompliant", "requests are answered in a way of our own"},
                          {"serviceInformation", "requests are answered in a way of our own"},
                          {"formatModifiers", not_rendered}});
}

void parse_each(const XmlElement& root, const char* section, GeowebcacheDeclarations& declarations,
                void (*parse_one)(const XmlElement&, GeowebcacheDeclarations&)) {
    const auto list = root.child(section);
    for (const auto& element : list ? list->children() : std::vector<XmlElement>{}) {
        parse_one(element, declarations);
    }
}

std::vector<GeowebcacheTileset> tilesets_of(
    const std::vector<std::unique_ptr<const GeowebcacheLayer>>& layers) {
    std::vector<GeowebcacheTileset> tilesets;
    for (const auto& layer : layers) {
        for (const auto& link : layer->grids) {
            for (const auto& format : layer->formats) {
                tilesets.push_back({.name = fmt::format("{}@{}@{}", layer->name, link.grid->name(),
                                                        gwc::extension_of_format(format)),
                                    .layer = layer.get(),
                                    .link = &link,
                                    .format = format});
            }
        }
    }
    return tilesets;
}

/// Tiles of two layers in one file would overwrite each other, and so would those of two tilesets
/// of one layer. GeoWebCache leaves that to its operator; the first kind is refused here, the
/// second is noted.
std::vector<std::string> check_paths(const std::string& file,
                                     const std::vector<gwc::BlobStoreOptions>& stores,
                                     const std::vector<GeowebcacheTileset>& tilesets) {
    std::vector<std::string> notes;
    std::map<std::pair<std::size_t, std::string>, const GeowebcacheTileset*> first;
    for (const auto& tileset : tilesets) {
        const auto index = tileset.layer->store;
        const auto& store = stores[index];
        std::string path;
        try {
            path = gwc::FileTemplate{store.template_path, store.column_range_count,
                                     store.row_range_count}
                       .render(tileset.id(), {});
        } catch (const Error& error) {
            rethrow_with(error, "{}: layer '{}'", file, tileset.layer->name);
        }
        const auto [other, is_new] = first.try_emplace({index, path}, &tileset);
        if (is_new) {
            continue;
        }
        const auto text = fmt::format("{} and {} share the files of store '{}', such as {}",
                                      other->second->name, tileset.name, store.id, path);
        if (other->second->layer != tileset.layer) {
            throw Error{Errc::invalid_argument, fmt::format("{}: {}", file, text)};
        }
        notes.push_back(text);
    }
    return notes;
}

/// The same of a layer that is left out, whose grid sets and formats are not known: it is noted.
std::vector<std::string> check_left_out(
    const std::vector<gwc::BlobStoreOptions>& stores,
    const std::vector<std::unique_ptr<const GeowebcacheLayer>>& layers,
    const std::map<std::string, LeftOutLayer>& left_out) {
    std::vector<std::string> notes;
    for (const auto& [name, other] : left_out) {
        for (const auto& layer : layers) {
            if (other.store == layer->store && gwc::escaped(layer->name) == gwc::escaped(name)) {
                notes.push_back(
                    fmt::format("layer '{}', which is left out, shares the files of "
                                "layer '{}' in store '{}'",
                                name, layer->name, stores[layer->store].id));
            }
        }
    }
    return notes;
}

template <typename Names>
std::string list_of(const Names& names) {
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

bool GeowebcacheConfig::is_one(const std::filesystem::path& path) {
    return XmlDocument{path}.root().tag() == root_tag;
}

std::unique_ptr<const GeowebcacheConfig> GeowebcacheConfig::load(
    const std::filesystem::path& path) {
    const XmlDocument document{path};
    const auto root = document.root();
    if (root.tag() != root_tag) {
        root.fail(fmt::format("a configuration of GeoWebCache starts with <{}>", root_tag));
    }
    GeowebcacheDeclarations declarations{.grids = geowebcache_grids()};
    check_sections(root, declarations.notes);
    parse_each(root, "blobStores", declarations, parse_blob_store);
    parse_each(root, "gridSets", declarations, parse_grid_set);
    parse_each(root, "layers", declarations, parse_geowebcache_layer);

    std::unique_ptr<GeowebcacheConfig> config{new GeowebcacheConfig};
    config->grids_ = std::move(declarations.grids);
    config->stores_ = std::move(declarations.stores);
    config->layers_ = std::move(declarations.layers);
    config->left_out_ = std::move(declarations.left_out);
    config->tilesets_ = tilesets_of(config->layers_);
    config->unused_ = declarations.notes.take();
    for (auto& note : check_paths(document.file(), config->stores_, config->tilesets_)) {
        config->unused_.push_back(std::move(note));
    }
    for (auto& note : check_left_out(config->stores_, config->layers_, config->left_out_)) {
        config->unused_.push_back(std::move(note));
    }
    for (const auto& layer : config->layers_) {
        config->stores_[layer->store].known_layers.push_back(layer->name);
    }
    for (const auto& [name, layer] : config->left_out_) {
        if (layer.store) {
            config->stores_[*layer.store].known_layers.push_back(name);
        }
    }
    for (auto& store : config->stores_) {
        for (const auto& grid : config->grids_) {
            store.known_grid_sets.push_back(grid->name());
        }
        for (const auto& [name, why] : declarations.left_out_grids) {
            store.known_grid_sets.push_back(name);
        }
    }
    return config;
}

const GeowebcacheLayer& GeowebcacheConfig::require_layer(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& layer : layers_) {
        if (layer->name == name) {
            return *layer;
        }
        names.push_back(layer->name);
    }
    if (const auto reason = left_out_.find(name); reason != left_out_.end()) {
        throw Error{Errc::unsupported, fmt::format("layer '{}': {}", name, reason->second.reason)};
    }
    throw Error{Errc::not_found, fmt::format("no layer '{}'; there are: {}", name, list_of(names))};
}

bool GeowebcacheConfig::is_kept_elsewhere(const std::string& layer) const {
    const auto found = left_out_.find(layer);
    return found != left_out_.end() && !found->second.store;
}

/// The layer in the name of a tileset, whether there is that tileset or not.
std::string GeowebcacheConfig::layer_in(const std::string& name) const {
    std::string longest;
    const auto consider = [&](const std::string& layer) {
        const bool fits = name == layer || name.starts_with(layer + '@');
        longest = fits && layer.size() > longest.size() ? layer : longest;
    };
    for (const auto& layer : layers_) {
        consider(layer->name);
    }
    for (const auto& [layer, left_out] : left_out_) {
        consider(layer);
    }
    return longest.empty() ? name.substr(0, name.find('@')) : longest;
}

/// The name of a layer may have an `@` itself, so the longest layer that fits counts.
std::vector<const GeowebcacheTileset*> GeowebcacheConfig::find(const std::string& name) const {
    const auto is_meant = [&](const GeowebcacheTileset& tileset) {
        const auto& layer = tileset.layer->name;
        return name.empty() || name == layer || name == layer + '@' + tileset.link->grid->name() ||
               name == tileset.name;
    };
    if (left_out_.contains(name)) {
        require_layer(name);  // which says why
    }
    std::vector<const GeowebcacheTileset*> found;
    std::size_t longest = 0;
    for (const auto& tileset : tilesets_) {
        if (!is_meant(tileset)) {
            continue;
        }
        const auto size = name.empty() ? 0 : tileset.layer->name.size();
        if (size > longest) {
            found.clear();
            longest = size;
        }
        if (size == longest) {
            found.push_back(&tileset);
        }
    }
    if (found.empty() && !name.empty()) {
        const auto& layer = require_layer(layer_in(name));
        std::vector<std::string> names;
        for (const auto& tileset : tilesets_) {
            if (tileset.layer == &layer) {
                names.push_back(tileset.name);
            }
        }
        throw Error{Errc::not_found,
                    fmt::format("no tileset '{}'; there are: {}", name, list_of(names))};
    }
    return found;
}

gwc::Parameters GeowebcacheLayer::parameters(
    const std::vector<std::pair<std::string, std::string>>& requested) const {
    std::vector<std::string> names;
    gwc::Parameters wanted;
    for (const auto& filter : filters) {
        names.push_back(filter.key);
        wanted[filter.key] = filter.default_value;
    }
    const auto defaults = wanted;
    for (const auto& [key, value] : requested) {
        const auto filter = std::ranges::find_if(filters, [&key = key](const auto& each) {
            return equals_ignoring_case(each.key, key);
        });
        if (filter == filters.end()) {
            throw Error{Errc::invalid_argument, fmt::format("layer '{}' has no parameter '{}'; it "
                                                            "has: {}",
                                                            name, key, list_of(names))};
        }
        if (value != filter->default_value &&
            std::ranges::find(filter->values, value) == filter->values.end()) {
            throw Error{Errc::invalid_argument,
                        fmt::format("parameter '{}' of layer '{}' cannot be '{}'; its values are: "
                                    "{}",
                                    filter->key, name, value, list_of(filter->values))};
        }
        wanted[filter->key] = value;
    }
    return wanted == defaults ? gwc::Parameters{} : wanted;
}

bool GeowebcacheLayer::accepts(const gwc::Parameters& parameters) const {
    return std::ranges::all_of(parameters, [&](const auto& parameter) {
        const auto& [key, value] = parameter;
        return std::ranges::any_of(filters, [&key = key, &value = value](const auto& filter) {
            return equals_ignoring_case(filter.key, key) &&
                   (value == filter.default_value ||
                    std::ranges::find(filter.values, value) != filter.values.end());
        });
    });
}

gwc::TilesetId GeowebcacheTileset::id(gwc::Parameters parameters) const {
    return {.layer = layer->name,
            .grid_set = link->grid->name(),
            .format = format,
            .parameters = std::move(parameters)};
}

StoreInfo GeowebcacheTileset::info() const {
    const auto& grid = *link->grid;
    return {.grid = &grid,
            .name = layer->title.empty() ? layer->name : layer->title,
            .description = layer->description,
            .format = gwc::tile_format_of(format),
            .min_zoom = link->min_zoom,
            .max_zoom = link->max_zoom,
            .bounds = to_lonlat(grid.srs(), link->restricted_extent.value_or(grid.extent()))};
}

}  // namespace offgrid::config
