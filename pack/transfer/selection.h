#pragma once

#include "formats/tile/box.h"
#include "formats/tile/grid.h"
#include "formats/tile/key.h"
#include "formats/tile/range.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace offgrid {

/// How much of a box a region covers.
enum class Overlap { none, some, all };

/// An area in the coordinates of a grid. One thread at a time.
class Region {
public:
    virtual ~Region() = default;
    Region(const Region&) = delete;
    Region& operator=(const Region&) = delete;

    virtual Box bounds() const = 0;

    /// `some` is always a safe answer, `all` is not.
    virtual Overlap overlap(const Box& box) const = 0;

    /// Set to 255 what the region covers of a mask of `size` by `size` pixels over the box, row by
    /// row from the north; a pixel is covered where its centre is. The rest stays as it is.
    virtual void burn(const Box& box, int size, std::span<std::uint8_t> mask) const = 0;

protected:
    Region() = default;
};

/// The tiles that a command is about: a range for each zoom and, where a region is given, of these
/// the tiles that meet it by more than a hair (1e-7 of a tile). Owns the region; the grid is not
/// owned. One thread at a time.
class Selection {
public:
    /// Empty ranges are left out, the others are put in the order of their zooms. REQUIRES: one
    /// range a zoom.
    Selection(const Grid& grid, std::vector<TileRange> ranges,
              std::unique_ptr<const Region> region = nullptr);

    const Grid& grid() const { return *grid_; }

    /// Not empty, lowest zoom first.
    const std::vector<TileRange>& ranges() const { return ranges_; }
    bool is_empty() const { return ranges_.empty(); }

    /// The range of the zoom; empty where nothing of it is selected.
    TileRange range(int z) const;

    bool has_region() const { return region_ != nullptr; }
    bool selects(const TileKey& key) const;

    /// How many tiles of the range are selected. Looks only where the region's edge runs.
    std::int64_t count(const TileRange& range) const;

    /// Whether any tile of the range is selected.
    bool meets(const TileRange& range) const;

private:
    Overlap overlap(const TileRange& range) const;
    std::int64_t count_in_region(const TileRange& range) const;
    bool meets_region(const TileRange& range) const;

    const Grid* grid_;
    std::vector<TileRange> ranges_;
    std::unique_ptr<const Region> region_;

    /// What is known of the block that was looked at last: tiles come in order.
    mutable TileRange block_{std::numeric_limits<int>::min(), 0, 0, 0, 0};
    mutable Overlap block_overlap_ = Overlap::none;
};

}  // namespace offgrid
