#include "serve/mapcache_layers.h"

#include "formats/base/error.h"
#include "formats/config/mapcache_config.h"
#include "formats/package/manifest.h"
#include "formats/stores.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {
namespace {

using config::GridLink;
using config::MapcacheConfig;
using config::Tileset;

/// SQLite files of the caches that are open at a time.
constexpr std::size_t max_open_files = 256;

/// Layers at other values of dimensions than the default that are kept open.
constexpr std::size_t max_found_layers = 64;

/// `TILESET[NAME=VALUE]…@GRID`, taken apart.
struct LayerName {
    std::string tileset{};
    Tileset::Dimensions dimensions{};
    std::string grid{};  ///< empty: the first
};

std::optional<LayerName> parse_layer_name(std::string_view id) {
    LayerName name;
    if (const auto at = id.rfind('@');
        at != std::string_view::npos && id.find(']', at) == std::string_view::npos) {
        name.grid = id.substr(at + 1);
        id = id.substr(0, at);
    }
    const auto bracket = id.find('[');
    name.tileset = id.substr(0, bracket);
    id.remove_prefix(name.tileset.size());
    while (!id.empty()) {
        const auto equals = id.find('=');
        const auto close = id.find(']');
        if (id.front() != '[' || close == std::string_view::npos || equals > close) {
            return std::nullopt;
        }
        name.dimensions.emplace_back(id.substr(1, equals - 1),
                                     id.substr(equals + 1, close - equals - 1));
        id.remove_prefix(close + 1);
    }
    return name;
}

/// What all tiles of the tileset are, where its format says so.
std::optional<TileFormat> format_of(const Tileset& tileset) {
    return tileset.format ? format_named(tileset.format->extension) : std::nullopt;
}

}  // namespace

/// A name and what its dimensions mean at the moment.
using FoundKey = std::pair<std::string, Tileset::Dimensions>;

/// What the layers live on.
struct MapcacheLayers::State {
    State(const std::filesystem::path& path, Log to)
        : config{MapcacheConfig::load(path)},
          origin{path.string()},
          log{std::move(to)},
          files{sqlite::make_cache_file_pool(max_open_files)},
          locker{config->make_locker()} {
        for (const auto& note : config->unused()) {
            log(fmt::format("{}: not used: {}", origin, note));
        }
    }

    StoreEnvironment environment() const {
        return {.sqlite_files = *files,
                .locker = *locker,
                .warn = [log = log](const std::string& message) { log(message); }};
    }

    const std::unique_ptr<const MapcacheConfig> config;
    const std::string origin;
    const Log log;
    const std::unique_ptr<sqlite::CacheFilePool> files;
    const std::unique_ptr<Locker> locker;

    std::mutex mutex;  // guards what was found
    std::map<FoundKey, std::shared_ptr<const Layer>> found;
    std::deque<FoundKey> found_first;  // oldest first
};

namespace {

std::vector<LayerDimension> dimensions_of(const Tileset& tileset) {
    std::vector<LayerDimension> dimensions;
    for (const auto& dimension : tileset.dimensions) {
        dimensions.push_back({.name = dimension->name(),
                              .default_value = dimension->default_value(),
                              .values = [&dimension = *dimension] { return dimension.values(); }});
    }
    return dimensions;
}

/// A tileset in one of its grids at one value of each dimension, under a name.
struct Opening {
    std::string id{};
    const Tileset& tileset;
    const GridLink& link;
    TilesetSlice slice{};
};

Layer open_layer(Opening opening, const StoreEnvironment& environment, std::string origin) {
    const auto& tileset = opening.tileset;
    const auto& link = opening.link;
    const bool is_raw = tileset.format && tileset.format->type == config::Format::Type::raw;
    opening.slice.promotion = tileset.is_read_only ? Promotion::off : Promotion::on;
    return {.id = std::move(opening.id),
            .name = tileset.name,
            .origin = std::move(origin),
            .vector_layers = {},
            .format = format_of(tileset),
            .extension = is_raw ? tileset.format->extension : std::string{},
            .media_type = is_raw ? tileset.format->media_type : std::string{},
            .max_age = tileset.expires,
            .auto_expire = tileset.auto_expire,
            .limits = [&link](int z) { return link.limits(z); },
            .dimensions = dimensions_of(tileset),
            .is_found_anew = !tileset.dimensions.empty(),
            .tiles = open_reader(*tileset.cache, opening.slice, environment)};
}

/// A layer and what it lives on.
struct HeldLayer {
    std::shared_ptr<const void> owner{};
    std::shared_ptr<const Layer> layer{};
};

std::shared_ptr<const Layer> hold(std::shared_ptr<const void> owner,
                                  std::shared_ptr<const Layer> layer) {
    const auto held = std::make_shared<const HeldLayer>(std::move(owner), std::move(layer));
    return {held, held->layer.get()};
}

/// What the name of a layer means at the moment; nothing when there is no such dimension or value.
std::optional<TilesetSlice> slice_of(const Tileset& tileset, const GridLink& link,
                                     const Tileset::Dimensions& dimensions) {
    try {
        return tileset.slice(link, dimensions);
    } catch (const Error& error) {
        if (error.code() == Errc::invalid_argument) {
            return std::nullopt;
        }
        throw;
    }
}

}  // namespace

MapcacheLayers::MapcacheLayers(const std::filesystem::path& config, Log log)
    : state_{std::make_shared<State>(config, std::move(log))} {}

std::vector<Layer> MapcacheLayers::listed() const {
    std::vector<Layer> layers;
    std::optional<Error> failure;
    for (const auto& tileset : state_->config->tilesets()) {
        for (const auto& link : tileset->grids) {
            const bool is_first = &link == &tileset->grids.front();
            auto id =
                is_first ? tileset->name : fmt::format("{}@{}", tileset->name, link.grid->name());
            try {
                if (!is_layer_name(id)) {
                    throw Error{Errc::invalid_argument, "no layer can have this name"};
                }
                auto layer = open_layer({id, *tileset, link, tileset->slice(link)},
                                        state_->environment(), state_->origin);
                layer.owner = state_;
                layers.push_back(std::move(layer));
            } catch (const Error& error) {
                const auto text = fmt::format("{}: tileset '{}' is left out: {}", state_->origin,
                                              id, error.what());
                state_->log(text);
                failure = failure ? failure : Error{error.code(), text};
            }
        }
    }
    if (layers.empty() && failure) {
        throw Error{*failure};
    }
    return layers;
}

std::shared_ptr<const Layer> MapcacheLayers::find(std::string_view id) const {
    const auto name = parse_layer_name(id);
    const auto* const tileset = name ? state_->config->find_tileset(name->tileset) : nullptr;
    const auto* const link = tileset != nullptr ? tileset->find_grid(name->grid) : nullptr;
    if (link == nullptr || !is_layer_name(tileset->name)) {
        return nullptr;
    }
    auto slice = slice_of(*tileset, *link, name->dimensions);
    if (!slice) {
        return nullptr;
    }
    const FoundKey key{id, slice->values.dimensions};
    {
        const std::lock_guard lock{state_->mutex};
        if (const auto known = state_->found.find(key); known != state_->found.end()) {
            return hold(state_, known->second);
        }
    }
    auto layer = std::make_shared<const Layer>(
        open_layer({std::string{id}, *tileset, *link, *std::move(slice)}, state_->environment(),
                   state_->origin));
    const std::lock_guard lock{state_->mutex};
    if (state_->found.try_emplace(key, layer).second) {
        state_->found_first.push_back(key);
        if (state_->found_first.size() > max_found_layers) {
            state_->found.erase(state_->found_first.front());
            state_->found_first.pop_front();
        }
    }
    return hold(state_, std::move(layer));
}

}  // namespace offgrid
