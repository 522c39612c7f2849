#pragma once

#include "formats/config/mapcache_config.h"
#include "formats/gwc/blob_store.h"
#include "formats/gwc/expiry.h"
#include "formats/gwc/tileset_id.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::config {

/// A request parameter that tells tiles of a layer apart (geowebcache.xml `<parameterFilters>`).
struct ParameterFilter {
    std::string key{};  ///< in upper case
    std::string default_value{};
    std::vector<std::string> values{};  ///< beside the default
};

/// A layer of a `geowebcache.xml` whose tiles are in a store that can be read here.
struct GeowebcacheLayer {
    std::string name{};
    std::string title{};
    std::string description{};
    std::size_t store = 0;               ///< its index among the stores
    std::vector<std::string> formats{};  ///< as GeoWebCache calls them; at least one
    std::vector<GridLink> grids{};       ///< at least one; the grids are the grid sets
    std::vector<ParameterFilter> filters{};
    gwc::Expiry expiry{};                ///< of tiles that are kept
    std::chrono::seconds max_age{7200};  ///< how long clients may keep a tile

    /// The parameters of tiles that a request with these gets; none where all have their default.
    /// Throws `invalid_argument` for an unknown one and for a value that is not accepted.
    gwc::Parameters parameters(
        const std::vector<std::pair<std::string, std::string>>& requested) const;

    /// Whether a request can still get tiles with these parameters.
    bool accepts(const gwc::Parameters& parameters) const;
};

/// A layer that is not read here. A value.
struct LeftOutLayer {
    std::string reason{};
    std::optional<std::size_t> store{};  ///< the one that has its files; nothing: none of SQLite
};

/// One layer in one grid set and format. Borrows from its configuration.
struct GeowebcacheTileset {
    std::string name{};  ///< `LAYER@GRIDSET@EXTENSION`
    const GeowebcacheLayer* layer = nullptr;
    const GridLink* link = nullptr;
    std::string format{};

    gwc::TilesetId id(gwc::Parameters parameters = {}) const;
    StoreInfo info() const;
};

/// What a `geowebcache.xml` says that concerns tiles in SQLite stores. Owns its grids and layers.
/// Immutable; safe for concurrent use.
class GeowebcacheConfig {
public:
    /// Read and check the file. An Error names the file, the line and the element. Relative paths
    /// are those of the working folder.
    static std::unique_ptr<const GeowebcacheConfig> load(const std::filesystem::path& path);

    /// Whether the XML file is a configuration of GeoWebCache. Throws what reading it throws.
    static bool is_one(const std::filesystem::path& path);

    const std::vector<gwc::BlobStoreOptions>& stores() const { return stores_; }
    const std::vector<std::unique_ptr<const GeowebcacheLayer>>& layers() const { return layers_; }

    /// Every layer in each of its grid sets and formats.
    const std::vector<GeowebcacheTileset>& tilesets() const { return tilesets_; }

    /// The layer. Throws `not_found` for one that is not there, listing those that are, and
    /// `unsupported` for one that cannot be read here.
    const GeowebcacheLayer& require_layer(const std::string& name) const;

    /// The tilesets that the name means: `LAYER`, `LAYER@GRIDSET` or `LAYER@GRIDSET@EXTENSION`; all
    /// for an empty name. Throws as `require_layer`, also for a grid set or extension that is not
    /// there.
    std::vector<const GeowebcacheTileset*> find(const std::string& name) const;

    /// Whether the file has the layer, in a store that is none of SQLite.
    bool is_kept_elsewhere(const std::string& layer) const;

    /// What the file has and nothing here uses, each once.
    const std::vector<std::string>& unused() const { return unused_; }

private:
    GeowebcacheConfig() = default;

    std::string layer_in(const std::string& name) const;

    std::vector<std::unique_ptr<const Grid>> grids_;
    std::vector<gwc::BlobStoreOptions> stores_;
    std::vector<std::unique_ptr<const GeowebcacheLayer>> layers_;
    std::vector<GeowebcacheTileset> tilesets_;
    std::map<std::string, LeftOutLayer> left_out_;  // by name
    std::vector<std::string> unused_;
};

}  // namespace offgrid::config
