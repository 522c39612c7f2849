#pragma once

#include "formats/tile/grid.h"
#include "formats/tile/range.h"

#include <cstddef>
#include <vector>

namespace offgrid {

/// Rectangles of tiles of one zoom, put together from tiles that come one by one. A value; one
/// thread at a time.
class TileBoxes {
public:
    explicit TileBoxes(int z) : z_{z} {}

    /// Add a tile. Tiles that come row by row, or column by column, take little memory.
    void add(const TileKey& key);
    void add(const TileRange& range) { ranges_.push_back(range); }

    int zoom() const { return z_; }

    /// What is kept at the moment.
    std::size_t size() const { return ranges_.size(); }

    /// Few rectangles that cover what was added and nothing else: runs of neighbours, and runs of
    /// those that are equally long. Not the fewest.
    const std::vector<TileRange>& merge();

private:
    int z_;
    std::vector<TileRange> ranges_;
};

/// The tiles of the zoom above that lie over any of the ranges. REQUIRES: a zoom above.
TileBoxes coarser(const Grid& grid, const std::vector<TileRange>& ranges);

}  // namespace offgrid
