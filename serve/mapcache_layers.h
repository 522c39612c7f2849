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
/// Tiles are read, never rendered. A tileset of a multitier cache that is not read-only keeps tiles
/// of slower tiers in the faster ones. What the file has and nothing here uses goes to the log,
/// once. Safe for concurrent use; what it gives out keeps alive what it needs of it.
class MapcacheLayers {
public:
    /// Throws what MapcacheConfig and the stores throw. A tileset that cannot be opened is an
    /// error: the file names what should be served.
    MapcacheLayers(const std::filesystem::path& config, Log log);

    /// Every tileset at the defaults of its dimensions: in its first grid as `TILESET`, in the
    /// others as `TILESET@GRID`.
    std::vector<Layer> listed() const;

    /// The layer of that name, or null when there is no such tileset, grid, dimension or value.
    std::shared_ptr<const Layer> find(std::string_view id) const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace offgrid
