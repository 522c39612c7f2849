#pragma once

#include "formats/image/image.h"
#include "formats/tile/grid.h"
#include "formats/tile/key.h"
#include "pack/transfer/selection.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace offgrid {

/// Where a layer has tiles, and down to which zoom: regions with a deepest zoom each, which may
/// overlap. A tile belongs to the layer when a region that is shown at its zoom meets it by more
/// than a hair (1e-7 of a tile). Safe for concurrent use.
class Area {
public:
    struct Part {
        std::unique_ptr<const Region> region;  ///< null: everywhere
        int max_zoom = 0;
    };

    /// Whether pixels outside are transparent in tiles that the edge cuts.
    enum class Clip { no, yes };

    /// The grid is not owned and outlives the area. REQUIRES: parts.
    Area(const Grid& grid, std::vector<Part> parts, Clip clip)
        : grid_{grid}, parts_{std::move(parts)}, clip_{clip} {}

    /// The deepest zoom at which anything within the tile is shown; -1: nothing is.
    int deepest(const TileKey& key) const;

    bool has(const TileKey& key) const { return overlap(key, key.z) != Overlap::none; }

    /// Whether a region that is shown down to just this zoom meets the tile.
    bool ends_at(const TileKey& key) const;

    /// How much of the tile is shown at the zoom. `some` is a safe answer.
    Overlap overlap(const TileKey& key, int zoom) const;

    /// The picture of the tile without what lies outside; nothing where that changes nothing.
    std::optional<Image> clipped(const TileKey& key, const ImageView& image) const;

    bool is_clipped() const { return clip_ == Clip::yes; }

    /// Around all parts, in the units of the grid.
    Box bounds() const;

private:
    Box core_of(const TileKey& key) const;

    const Grid& grid_;
    std::vector<Part> parts_;
    Clip clip_;
    mutable std::mutex mutex_;  // regions serve one thread at a time
};

}  // namespace offgrid
