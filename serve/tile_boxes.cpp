#include "serve/tile_boxes.h"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace offgrid {
namespace {

/// Put together what is equal across and touches along an axis: the members that name the ends.
void merge_along(std::vector<TileRange>& ranges, std::int64_t TileRange::*begin,
                 std::int64_t TileRange::*end, std::int64_t TileRange::*across_begin,
                 std::int64_t TileRange::*across_end) {
    std::ranges::sort(ranges, {}, [&](const TileRange& range) {
        return std::tuple{range.*across_begin, range.*across_end, range.*begin};
    });
    std::vector<TileRange> merged;
    for (const auto& range : ranges) {
        const bool touches =
            !merged.empty() && merged.back().*across_begin == range.*across_begin &&
            merged.back().*across_end == range.*across_end && range.*begin <= merged.back().*end;
        if (touches) {
            merged.back().*end = std::max(merged.back().*end, range.*end);
        } else {
            merged.push_back(range);
        }
    }
    ranges = std::move(merged);
}

}  // namespace

void TileBoxes::add(const TileKey& key) {
    if (!ranges_.empty()) {
        auto& last = ranges_.back();
        const bool is_column = last.max_x - last.min_x == 1;
        const bool is_row = last.max_y - last.min_y == 1;
        if (is_column && key.x == last.min_x && key.y >= last.min_y - 1 && key.y <= last.max_y) {
            last.min_y = std::min(last.min_y, key.y);
            last.max_y = std::max(last.max_y, key.y + 1);
            return;
        }
        if (is_row && key.y == last.min_y && key.x >= last.min_x - 1 && key.x <= last.max_x) {
            last.min_x = std::min(last.min_x, key.x);
            last.max_x = std::max(last.max_x, key.x + 1);
            return;
        }
    }
    ranges_.push_back({key.z, key.x, key.y, key.x + 1, key.y + 1});
}

const std::vector<TileRange>& TileBoxes::merge() {
    merge_along(ranges_, &TileRange::min_y, &TileRange::max_y, &TileRange::min_x,
                &TileRange::max_x);
    merge_along(ranges_, &TileRange::min_x, &TileRange::max_x, &TileRange::min_y,
                &TileRange::max_y);
    return ranges_;
}

TileBoxes coarser(const Grid& grid, const std::vector<TileRange>& ranges) {
    TileBoxes above{ranges.empty() ? 0 : ranges.front().z - 1};
    for (const auto& range : ranges) {
        above.add(grid.range_of(above.zoom(), grid.box_of(range)));
    }
    return above;
}

}  // namespace offgrid
