#include "pack/transfer/same_tiles.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace offgrid {
namespace {

constexpr double tolerance_px = 0.1;

std::vector<std::string> names_of_srs(const Grid& grid) {
    auto names = grid.srs_aliases();
    names.push_back(grid.srs());
    return names;
}

bool have_one_srs(const Grid& one, const Grid& other) {
    const auto others = names_of_srs(other);
    return std::ranges::any_of(names_of_srs(one), [&](const std::string& name) {
        return std::ranges::any_of(others, [&](const std::string& each) {
            return ::strcasecmp(name.c_str(), each.c_str()) == 0;
        });
    });
}

double distance(const Box& one, const Box& other) {
    return std::max({std::abs(one.min_x - other.min_x), std::abs(one.min_y - other.min_y),
                     std::abs(one.max_x - other.max_x), std::abs(one.max_y - other.max_y)});
}

std::string shown(const Box& box) {
    return fmt::format("{},{},{},{}", box.min_x, box.min_y, box.max_x, box.max_y);
}

std::optional<std::string> difference_at(const Grid& one, const Grid& other, int z) {
    for (const auto* grid : {&one, &other}) {
        if (z >= grid->levels()) {
            return fmt::format("'{}' has no zoom {}", grid->name(), z);
        }
    }
    const auto resolution = one.resolution(z);
    const auto width = one.matrix_width(z);
    const auto height = one.matrix_height(z);
    if (width != other.matrix_width(z) || height != other.matrix_height(z)) {
        return fmt::format(
            "zoom {} has {} by {} tiles in '{}' ({} units per pixel) and {} by {} "
            "in '{}' ({})",
            z, width, height, one.name(), resolution, other.matrix_width(z), other.matrix_height(z),
            other.name(), other.resolution(z));
    }
    const auto whole = one.box_of(one.whole(z));
    const auto other_whole = other.box_of(other.whole(z));
    if (distance(whole, other_whole) > tolerance_px * resolution) {
        return fmt::format("the tiles of zoom {} cover {} in '{}' and {} in '{}'", z, shown(whole),
                           one.name(), shown(other_whole), other.name());
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> difference_of_tiles(const Grid& one, const Grid& other,
                                               std::span<const int> zooms) {
    if (&one == &other) {
        return std::nullopt;
    }
    if (!have_one_srs(one, other)) {
        return fmt::format("'{}' is in {} and '{}' in {}", one.name(), one.srs(), other.name(),
                           other.srs());
    }
    if (one.tile_size() != other.tile_size()) {
        return fmt::format("tiles of '{}' have {} pixels a side and those of '{}' {}", one.name(),
                           one.tile_size(), other.name(), other.tile_size());
    }
    for (const int z : zooms) {
        if (auto difference = difference_at(one, other, z)) {
            return difference;
        }
    }
    return std::nullopt;
}

}  // namespace offgrid
