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
    std::map<std::string, std::shared_ptr<const Layer>, std::less<>> found;
    std::deque<std::string> found_first;  // oldest first
};

namespace {

/// Open the tileset in that grid. `owner` keeps what the tiles are read through.
Layer open_layer(std::string id, const Tileset& tileset, const GridLink& link,
                 const Tileset::Dimensions& dimensions, const StoreEnvironment& environment,
                 std::string origin, std::shared_ptr<const void> owner) {
    auto slice = tileset.slice(link, dimensions);
    slice.promotion = tileset.is_read_only ? Promotion::off : Promotion::on;
    return {.id = std::move(id),
            .origin = std::move(origin),
            .vector_layers = {},
            .format = format_of(tileset),
            .max_age = tileset.expires,
            .owner = std::move(owner),
            .tiles = open_reader(*tileset.cache, slice, environment)};
}

}  // namespace

MapcacheLayers::MapcacheLayers(const std::filesystem::path& config, Log log)
    : state_{std::make_shared<State>(config, std::move(log))} {}

std::vector<Layer> MapcacheLayers::listed() const {
    std::vector<Layer> layers;
    for (const auto& tileset : state_->config->tilesets()) {
        if (!is_layer_name(tileset->name)) {
            throw Error{Errc::invalid_argument,
                        fmt::format("{}: no layer can have the name of tileset '{}'",
                                    state_->origin, tileset->name)};
        }
        for (const auto& link : tileset->grids) {
            const bool is_first = &link == &tileset->grids.front();
            auto id =
                is_first ? tileset->name : fmt::format("{}@{}", tileset->name, link.grid->name());
            layers.push_back(open_layer(std::move(id), *tileset, link, {}, state_->environment(),
                                        state_->origin, state_));
        }
    }
    return layers;
}

std::shared_ptr<const Layer> MapcacheLayers::find(std::string_view id) const {
    {
        const std::lock_guard lock{state_->mutex};
        if (const auto known = state_->found.find(id); known != state_->found.end()) {
            return known->second;
        }
    }
    const auto name = parse_layer_name(id);
    const auto* const tileset = name ? state_->config->find_tileset(name->tileset) : nullptr;
    const auto* const link = tileset != nullptr ? tileset->find_grid(name->grid) : nullptr;
    if (link == nullptr) {
        return nullptr;
    }
    std::shared_ptr<const Layer> layer;
    try {
        layer = std::make_shared<const Layer>(open_layer(std::string{id}, *tileset, *link,
                                                         name->dimensions, state_->environment(),
                                                         state_->origin, nullptr));
    } catch (const Error& error) {
        if (error.code() == Errc::invalid_argument) {
            return nullptr;  // no such dimension, or no such value
        }
        throw;
    }
    const std::lock_guard lock{state_->mutex};
    if (state_->found.try_emplace(std::string{id}, layer).second) {
        state_->found_first.emplace_back(id);
        if (state_->found_first.size() > max_found_layers) {
            state_->found.erase(state_->found_first.front());
            state_->found_first.pop_front();
        }
    }
    return layer;
}

}  // namespace offgrid
