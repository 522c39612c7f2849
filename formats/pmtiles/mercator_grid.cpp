#include "formats/pmtiles/mercator_grid.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/pmtiles/hilbert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace offgrid::pmtiles {
namespace {

bool is_mercator(std::string_view srs) {
    return equals_ignoring_case(srs, "EPSG:3857") || equals_ignoring_case(srs, "EPSG:900913");
}

/// Whether the tiles of a zoom together are the square of Web Mercator, cut in 2^z by 2^z.
bool is_cut_alike(const Grid& grid, int z) {
    constexpr double tolerance_px = 0.1;
    const auto& mercator = Grid::google_maps_compatible();
    const auto side = std::int64_t{1} << z;
    if (grid.matrix_width(z) != side || grid.matrix_height(z) != side) {
        return false;
    }
    const auto box = grid.box_of(grid.whole(z));
    const auto& square = mercator.extent();
    const auto farthest =
        std::max({std::abs(box.min_x - square.min_x), std::abs(box.min_y - square.min_y),
                  std::abs(box.max_x - square.max_x), std::abs(box.max_y - square.max_y)});
    return farthest <= tolerance_px * grid.resolution(z);
}

}  // namespace

void require_mercator_grid(const Grid& grid, const std::filesystem::path& file) {
    bool is_alike =
        (is_mercator(grid.srs()) || std::ranges::any_of(grid.srs_aliases(), is_mercator)) &&
        grid.levels() <= max_zoom + 1;
    for (int z = 0; is_alike && z < grid.levels(); ++z) {
        is_alike = is_cut_alike(grid, z);
    }
    if (!is_alike) {
        throw Error{Errc::unsupported,
                    fmt::format("{}: PMTiles has the tiles of the grid {} only, not those of '{}'",
                                file.string(), Grid::google_maps_compatible().name(), grid.name())};
    }
}

}  // namespace offgrid::pmtiles
