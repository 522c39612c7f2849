#include "formats/tile/one_path_per_tile.h"

#include "formats/base/error.h"

#include <algorithm>

namespace offgrid {
namespace {

std::string shown(const TileKey& key) {
    return fmt::format("{}/{}/{}", key.z, key.x, key.y);
}

/// Pairs of tiles that differ in one number, or in how their digits fall to the numbers.
struct Probe {
    const PathTemplate& names;
    const Grid& grid;
    const PathValues& values;

    void expect_apart(const TileKey& one, const TileKey& other) const {
        if (one == other || !grid.contains(one) || !grid.contains(other) ||
            names.render(grid, one, values) != names.render(grid, other, values)) {
            return;
        }
        throw Error{Errc::invalid_argument,
                    fmt::format("path template '{}' gives the tiles {} and {} one name",
                                names.text(), shown(one), shown(other))};
    }

    /// Columns and rows of a zoom, counted from each side.
    void compare(const TileKey& one, const TileKey& other) const {
        const auto mirrored = [&](TileKey key, bool flips_x, bool flips_y) {
            if (grid.contains(key)) {
                key.x = flips_x ? grid.matrix_width(key.z) - 1 - key.x : key.x;
                key.y = flips_y ? grid.flip(key.z, key.y) : key.y;
            }
            return key;
        };
        for (const bool flips_x : {false, true}) {
            for (const bool flips_y : {false, true}) {
                expect_apart(mirrored(one, flips_x, flips_y), mirrored(other, flips_x, flips_y));
            }
        }
    }
};

}  // namespace

void check_one_path_per_tile(const PathTemplate& names, const Grid& grid,
                             const PathValues& values) {
    const Probe probe{names, grid, values};
    static_cast<void>(names.render(grid, {}, values));  // for a dimension that is not there
    const auto last_z = grid.levels() - 1;
    for (const int z : {std::min(1, last_z), last_z}) {
        const auto half = std::int64_t{1} << std::min(z, 62);
        for (const auto& [one, other] : {std::pair<TileKey, TileKey>{{z, 0, 0}, {z, 1, 0}},
                                         {{z, 0, 0}, {z, 0, 1}},
                                         {{z, 0, 0}, {z - 1, 0, 0}},
                                         {{z, 0, 0}, {z, half, 0}},
                                         {{z, 0, 0}, {z, 0, half}},
                                         {{z, 1, 11}, {z, 11, 1}},    // 111
                                         {{z, 1, 101}, {z, 101, 1}},  // 1 0 101, 101 0 1
                                         {{1, 11, 0}, {11, 1, 0}},    // 111
                                         {{1, 0, 11}, {11, 0, 1}},
                                         {{14, 1, 0}, {4, 11, 0}},  // 114
                                         {{14, 0, 1}, {4, 0, 11}}}) {
            probe.compare(one, other);
        }
    }
    if (const auto keys = names.with_texts(grid, values).keys_run_together(grid)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("path template '{}' can give several tiles one name: nothing tells "
                                "{{{}}} from {{{}}}",
                                names.text(), keys->first, keys->second)};
    }
}

}  // namespace offgrid
