#pragma once

#include "formats/package/manifest.h"
#include "formats/package/served_generation.h"
#include "formats/store/tile_store.h"
#include "serve/layer_dimension.h"
#include "serve/layer_style.h"
#include "serve/service_document.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// One tileset under the name by which clients ask for it.
struct Layer {
    std::string id;      ///< any text that `is_layer_name` allows, for example "sf:restricted"
    std::string name{};  ///< of the layer that it is one of the tilesets of; empty: its own `id`
    std::string
        origin;  ///< the file or folder it was opened from; for the operator, never for clients
    std::string vector_layers;         ///< of vector tiles: the JSON array of TileJSON 3.0
                                       ///< "vector_layers"; else empty
    std::optional<TileFormat> format;  ///< of all its tiles; nothing: mixed, or not known
    std::string extension{};  ///< in its tiles' addresses beside those of tile formats; empty: none
    std::string
        media_type{};  ///< of all its tiles, whatever their bytes show; empty: what they show
    std::chrono::seconds max_age{0};  ///< how long a client may keep a tile without asking again
    std::chrono::seconds auto_expire{0};  ///< after which a tile is of no more use: wins over
                                          ///< `max_age` where a tile's age is known; 0: never

    /// The tiles of a zoom that it may have; empty: those of its grid.
    std::function<TileRange(int z)> limits{};

    /// In the order in which MapCache's addresses have them.
    std::vector<LayerDimension> dimensions{};

    /// Whether its name may mean other tiles at the next request, so that it is looked up by a
    /// LayerFinder: the default of a dimension can come from a database.
    bool is_found_anew = false;

    std::shared_ptr<const void> owner{};        ///< what the tiles live on, such as a configuration
    std::shared_ptr<const TileReader> tiles{};  ///< shared with sets that have the same

    std::shared_ptr<const LayerStyle> style{};  ///< what clients draw it with; null: nothing
    std::shared_ptr<const Manifest> package{};  ///< what its tiles are files of; null: no package

    const StoreInfo& info() const { return tiles->info(); }

    /// The name under which services list it together with the layer's other tilesets.
    const std::string& layer_name() const { return name.empty() ? id : name; }
};

class Catalogue;

/// Finds a layer that is too many to be listed: a tileset at one of many values of a dimension.
/// Null when there is none of that name. Safe for concurrent use.
using LayerFinder = std::function<std::shared_ptr<const Layer>(std::string_view id)>;

/// A store that was found and cannot be served, for clients: nothing here tells a path of this
/// machine.
struct QuarantinedStore {
    std::string name{};    ///< below the served folder
    std::string reason{};  ///< why
};

/// What was found beside the layers.
struct StoresNotServed {
    std::vector<QuarantinedStore> quarantined{};  ///< in the order of their names
    std::size_t waiting = 0;                      ///< that are found only by their names yet
};

/// The layers that are served at one moment, opened and ready. Owns them. Immutable; safe for
/// concurrent use.
///
/// What the layers read their files through (MbtilesPool) is not owned and outlives the set.
class LayerSet {
public:
    /// Throws `already_exists` when two layers have one name, naming where both come from.
    explicit LayerSet(std::vector<Layer> layers, std::optional<std::uint64_t> generation = {},
                      std::vector<LayerFinder> finders = {},
                      std::vector<std::shared_ptr<const ServedGeneration>> depots = {},
                      StoresNotServed not_served = {});
    ~LayerSet();
    LayerSet(const LayerSet&) = delete;
    LayerSet& operator=(const LayerSet&) = delete;

    /// The layer, listed or found by a finder; null when there is none of that name. A listed layer
    /// is not owned by what is returned: the set, or a lease on it, keeps it alive.
    std::shared_ptr<const Layer> find(std::string_view id) const;

    /// All layers in the order of their names.
    const std::vector<Layer>& layers() const { return layers_; }

    /// The same as services list them; made when somebody asks first.
    const Catalogue& catalogue() const;

    /// What services have written about all layers.
    ServiceDocuments& documents() const { return documents_; }

    /// The generation of the depot that is served; nothing where none is, or several are.
    std::optional<std::uint64_t> generation() const { return generation_; }

    /// What is served of depots, in the order of their paths.
    const std::vector<std::shared_ptr<const ServedGeneration>>& depots() const { return depots_; }

    /// What is served of the depot in that folder; null when nothing is.
    const ServedGeneration* served(const std::filesystem::path& depot) const;

    const StoresNotServed& not_served() const { return not_served_; }

private:
    std::vector<std::shared_ptr<const ServedGeneration>> depots_;  // first: goes after the layers
    std::vector<Layer> layers_;
    std::optional<std::uint64_t> generation_;
    std::vector<LayerFinder> finders_;
    StoresNotServed not_served_;
    mutable std::once_flag catalogue_made_;
    mutable std::unique_ptr<const Catalogue> catalogue_;
    mutable ServiceDocuments documents_;
};

}  // namespace offgrid
