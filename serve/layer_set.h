#pragma once

#include "formats/store/tile_store.h"

#include <chrono>
#include <cstdint>
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
    std::chrono::seconds max_age{0};   ///< how long a client may keep a tile without asking again
    std::shared_ptr<const void> owner{};  ///< what the tiles live on, such as a configuration
    std::unique_ptr<TileReader> tiles{};

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
                      std::vector<LayerFinder> finders = {});

    /// The layer, listed or found by a finder; null when there is none of that name.
    std::shared_ptr<const Layer> find(std::string_view id) const;

    /// All layers in the order of their names.
    const std::vector<Layer>& layers() const { return layers_; }

    /// The generation of the depot that is served; nothing where that is not one depot.
    std::optional<std::uint64_t> generation() const { return generation_; }

private:
    std::vector<Layer> layers_;
    std::optional<std::uint64_t> generation_;
    std::vector<LayerFinder> finders_;
};

}  // namespace offgrid
