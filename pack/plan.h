#pragma once

#include "formats/package/manifest.h"
#include "pack/area.h"
#include "pack/options.h"
#include "pack/source_info.h"

#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// Where a source lies, within what the layer covers. A value.
struct Cover {
    Box box{};  ///< in the units of the grid
    std::size_t source = 0;
};

/// Zooms of which only the deepest is rendered; each of the others is made from the one below it. A
/// value.
struct ZoomRun {
    int min_zoom = 0;
    int max_zoom = 0;
};

/// Everything that is decided before the first tile is made. A value; the same for the same sources
/// and options.
struct Plan {
    std::vector<SourceInfo> sources;
    Manifest manifest;  ///< without its files
    Encoding encoding = Encoding::jpeg;
    int quality = 75;
    std::optional<Resampling> resampling{};  ///< nothing: bilinear, but nearest for a palette
    Light light = Light::encoded;            ///< of which overviews are means
    bool keeps_empty = false;                ///< tiles in which nothing shows are stored too
    Box box;                    ///< around what the layer covers, in the units of the grid
    std::vector<Box> boxes;     ///< what it covers: one, or one on each side of the antimeridian
    std::vector<Cover> covers;  ///< where sources lie in it, in their order
    std::shared_ptr<const Area> area;  ///< of the tiles that are stored; null: all of the box

    std::vector<ZoomRun> runs;  ///< all zooms, the deepest first
    bool is_nested = true;      ///< each tile covers four of the next zoom
    int top = 0;                ///< zoom of the tiles that have a file each; 0: there are no such

    /// Zooms at most from the root of a block to its deepest: a block has up to 4^levels tiles.
    int block_levels = 0;

    Shard shard;  ///< of the tiles of the top zoom, those that are packed
    OnDamage on_damage = OnDamage::fail;
    std::vector<std::string> notes;  ///< for the user: what was chosen for him

    const Grid& grid() const { return *manifest.grid; }
    int min_zoom() const { return manifest.min_zoom; }
    int max_zoom() const { return manifest.max_zoom; }
    bool is_shard() const { return shard.count > 1; }
    Resampling resampling_of(const SourceInfo& source) const;
    Resampling overview_resampling() const { return resampling.value_or(Resampling::bilinear); }

    /// The run that a zoom is of. REQUIRES: it is of the plan.
    const ZoomRun& run_of(int zoom) const;

    /// The tiles that lie in `boxes`; no tile is in two ranges.
    std::vector<TileRange> ranges_at(int zoom) const;

    /// Whether the layer shows nothing in the place of the tile, or a part of it, at deeper zooms.
    bool ends_at(const TileKey& key) const;
};

/// Open the sources and decide. Throws the first Error, naming the source or the option;
/// `interrupted` when stopped.
Plan make_plan(const PackOptions& options, const GridRef& grid,
               const std::atomic<bool>& is_stopped);

}  // namespace offgrid
