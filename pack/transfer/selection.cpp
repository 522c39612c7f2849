#include "pack/transfer/selection.h"

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

/// Of a tile, as in Grid::range_of: what overlaps less only touches.
constexpr double hair = 1e-7;

/// Tiles a side of the blocks whose overlap is remembered.
constexpr std::int64_t block_tiles = 16;

struct Halves {
    TileRange first;
    TileRange second;
};

Halves halve(const TileRange& range) {
    Halves halves{range, range};
    if (range.max_x - range.min_x >= range.max_y - range.min_y) {
        halves.first.max_x = halves.second.min_x = range.min_x + (range.max_x - range.min_x) / 2;
    } else {
        halves.first.max_y = halves.second.min_y = range.min_y + (range.max_y - range.min_y) / 2;
    }
    return halves;
}

}  // namespace

Selection::Selection(const Grid& grid, std::vector<TileRange> ranges,
                     std::unique_ptr<const Region> region)
    : grid_{&grid}, ranges_{std::move(ranges)}, region_{std::move(region)} {
    if (region_) {
        for (auto& range : ranges_) {
            range = intersection(range, grid.range_of(range.z, region_->bounds()));
        }
    }
    std::erase_if(ranges_, [&](const TileRange& range) {
        return range.is_empty() || (region_ && !meets_region(range));
    });
    std::ranges::sort(ranges_, {}, &TileRange::z);
}

TileRange Selection::range(int z) const {
    const auto found = std::ranges::find(ranges_, z, &TileRange::z);
    return found == ranges_.end() ? TileRange{z, 0, 0, 0, 0} : *found;
}

Overlap Selection::overlap(const TileRange& range) const {
    auto box = grid_->box_of(range);
    const double margin =
        hair * grid_->resolution(range.z) * static_cast<double>(grid_->tile_size());
    box = {box.min_x + margin, box.min_y + margin, box.max_x - margin, box.max_y - margin};
    return region_->overlap(box);
}

bool Selection::selects(const TileKey& key) const {
    if (!range(key.z).contains(key)) {
        return false;
    }
    if (!region_) {
        return true;
    }
    if (!block_.contains(key)) {
        const auto x = key.x / block_tiles * block_tiles;
        const auto y = key.y / block_tiles * block_tiles;
        block_ = intersection({key.z, x, y, x + block_tiles, y + block_tiles}, grid_->whole(key.z));
        block_overlap_ = overlap(block_);
    }
    return block_overlap_ == Overlap::some
               ? overlap({key.z, key.x, key.y, key.x + 1, key.y + 1}) != Overlap::none
               : block_overlap_ == Overlap::all;
}

std::int64_t Selection::count(const TileRange& within) const {
    const auto selected = intersection(within, range(within.z));
    return region_ && !selected.is_empty() ? count_in_region(selected) : selected.count();
}

bool Selection::meets(const TileRange& within) const {
    const auto selected = intersection(within, range(within.z));
    return !selected.is_empty() && (!region_ || meets_region(selected));
}

// Both split a range until it lies inside, outside, or is one tile: about as many steps as the
// region's edge has tiles.

std::int64_t Selection::count_in_region(const TileRange& range) const {
    const auto covered = overlap(range);
    if (covered != Overlap::some || range.count() == 1) {
        return covered == Overlap::none ? 0 : range.count();
    }
    const auto [first, second] = halve(range);
    return count_in_region(first) + count_in_region(second);
}

bool Selection::meets_region(const TileRange& range) const {
    const auto covered = overlap(range);
    if (covered != Overlap::some || range.count() == 1) {
        return covered != Overlap::none;
    }
    const auto [first, second] = halve(range);
    return meets_region(first) || meets_region(second);
}

}  // namespace offgrid
