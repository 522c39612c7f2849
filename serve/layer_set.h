#pragma once

#include "formats/package/served_generation.h"
#include "formats/store/tile_store.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// One tileset under the name by which clients ask for it.
struct Layer {
    std::string id;  ///< any text that `is_layer_name` allows, for example "sf:restricted"
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

    /// Whether its name may mean other tiles at the next request, so that it is looked up by a
    /// LayerFinder: the default of a dimension can come from a database.
    bool is_found_anew = false;

    std::shared_ptr<const void> owner{};        ///< what the tiles live on, such as a configuration
    std::shared_ptr<const TileReader> tiles{};  ///< shared with sets that have the same

    const StoreInfo& info() const { return tiles->info(); }
};

/// Finds a layer that is too many to be listed: a tileset at one of many values of a dimension.
/// Null when there is none of that name. Safe for concurrent use.
using LayerFinder = std::function<std::shared_ptr<const Layer>(std::string_view id)>;

/// The layers that are served at one moment, opened and ready. Owns them. Immutable; safe for
/// concurrent use.
///
/// What the layers read their files through (MbtilesPool) is not owned and outlives the set.
class LayerSet {
public:
    /// Throws `already_exists` when two layers have one name, naming where both come from.
    explicit LayerSet(std::vector<Layer> layers, std::optional<std::uint64_t> generation = {},
                      std::vector<LayerFinder> finders = {},
                      std::vector<std::shared_ptr<const ServedGeneration>> depots = {});

    /// The layer, listed or found by a finder; null when there is none of that name. A listed layer
    /// is not owned by what is returned: the set, or a lease on it, keeps it alive.
    std::shared_ptr<const Layer> find(std::string_view id) const;

    /// All layers in the order of their names.
    const std::vector<Layer>& layers() const { return layers_; }

    /// The generation of the depot that is served; nothing where none is, or several are.
    std::optional<std::uint64_t> generation() const { return generation_; }

    /// What is served of depots, in the order of their paths.
    const std::vector<std::shared_ptr<const ServedGeneration>>& depots() const { return depots_; }

    /// What is served of the depot in that folder; null when nothing is.
    const ServedGeneration* served(const std::filesystem::path& depot) const;

private:
    std::vector<std::shared_ptr<const ServedGeneration>> depots_;  // first: goes after the layers
    std::vector<Layer> layers_;
    std::optional<std::uint64_t> generation_;
    std::vector<LayerFinder> finders_;
};

}  // namespace offgrid
