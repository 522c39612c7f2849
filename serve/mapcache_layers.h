#pragma once

#include "serve/layer_set.h"
#include "serve/log.h"

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace offgrid {

/// The tilesets of a `mapcache.xml` as layers, under the names by which MapCache's services know
/// them: `TILESET` in its first grid, `TILESET@GRID` in any, with `[DIMENSION=VALUE]` after the
/// tileset for what is not the default.
///
/// Tiles are read, never rendered, and only within the zooms and the extent of the tileset. A
/// tileset of a multitier cache that is not read-only keeps tiles of slower tiers in the faster
/// ones. What the file has and nothing here uses goes to the log, once. Safe for concurrent use;
/// what it gives out keeps alive what it needs of it.
///
/// What a dimension's value means is asked at each request, so that a value or a default that
/// changes in a database is seen.
class MapcacheLayers {
public:
    /// Throws what MapcacheConfig throws.
    MapcacheLayers(const std::filesystem::path& config, Log log);

    /// Every tileset at the defaults of its dimensions: in its first grid as `TILESET`, in the
    /// others as `TILESET@GRID`. One that cannot be opened, or whose name no layer can have, goes
    /// to the log and is left out. Throws the first failure when nothing is left.
    ///
    /// Layers with dimensions are `is_found_anew`: what is opened here only describes them.
    std::vector<Layer> listed() const;

    /// The layer of that name, or null when there is no such tileset, grid, dimension or value.
    /// Throws what the stores throw.
    std::shared_ptr<const Layer> find(std::string_view id) const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace offgrid
