#include "formats/tile/tile_matrix_extent.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

namespace offgrid {
namespace {

/// How many tiles of which size.
struct Tiles {
    double count = 0;
    double size = 0;
};

/// How far an extent reaches that gives each level its tiles: one that it enters by 1 % or less is
/// left out (Grid).
double reach(const std::vector<Tiles>& levels, std::optional<double> stated) {
    double more_than = 0;
    double most = std::numeric_limits<double>::infinity();
    double whole = most;
    for (const auto& [count, size] : levels) {
        more_than = std::max(more_than, count > 1 ? (count - 0.99) * size : 0);
        most = std::min(most, (count + 0.01) * size);
        whole = std::min(whole, count * size);
    }
    if (stated && *stated > more_than && *stated <= most) {
        return *stated;
    }
    if (whole > more_than) {
        return whole;
    }
    return more_than < most ? std::midpoint(more_than, most)
                            : more_than + levels.back().size / 1000;
}

}  // namespace

Box extent_of(const std::vector<TileMatrix>& levels, const Box& stated) {
    std::vector<Tiles> columns;
    std::vector<Tiles> rows;
    for (const auto& level : levels) {
        const double size = level.resolution * level.tile_size;
        columns.push_back({static_cast<double>(level.width), size});
        rows.push_back({static_cast<double>(level.height), size});
    }
    const double x = levels.front().x;
    const double y = levels.front().y;
    const bool is_southern = levels.front().origin == Grid::Origin::bottom_left;
    const double stated_width = stated.max_x - x;
    const double stated_height = is_southern ? stated.max_y - y : y - stated.min_y;
    const auto if_stated = [&](double length) {
        return stated.is_empty() ? std::nullopt : std::optional{length};
    };
    const double width = reach(columns, if_stated(stated_width));
    const double height = reach(rows, if_stated(stated_height));
    // An edge that is stated is taken as it is: the sum may be rounded.
    const double east = width == stated_width ? stated.max_x : x + width;
    if (is_southern) {
        return {x, y, east, height == stated_height ? stated.max_y : y + height};
    }
    return {x, height == stated_height ? stated.min_y : y - height, east, y};
}

}  // namespace offgrid
