#include "formats/gpkg/matrix_set.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace offgrid::gpkg {
namespace {

/// Of a tile: what rounding may add to a whole number of them.
constexpr double rounding = 1e-6;

/// How far the edges of tiles may be from those of the grid, in pixels: so far a drawn map does not
/// show it.
constexpr double tolerance_pixels = 0.5;

/// What all tiles of the zooms cover.
Box hull_of(const Grid& grid, int min_zoom, int max_zoom) {
    auto box = grid.box_of(grid.whole(min_zoom));
    for (int z = min_zoom + 1; z <= max_zoom; ++z) {
        box = hull(box, grid.box_of(grid.whole(z)));
    }
    return box;
}

/// The number when it is a whole one, above 0.
std::optional<std::int64_t> whole_number(double number) {
    const auto rounded = std::round(number);
    const bool is_whole = std::abs(number - rounded) <= rounding * std::max(1.0, rounded * 1e-3);
    return is_whole && rounded >= 1 && rounded < 1e15
               ? std::optional{static_cast<std::int64_t>(rounded)}
               : std::nullopt;
}

/// The columns or rows between two edges as the grid counts them: the first, and how far, in
/// pixels, the edges are from its tiles.
struct Span {
    std::int64_t first = 0;
    double deviation = 0;
};

Span span_of(double begin, double end, std::int64_t count, double tile, int tile_size) {
    const auto first = std::round(begin / tile);
    if (!(std::abs(first) < 1e15)) {
        return {0, HUGE_VAL};
    }
    const auto last = first + static_cast<double>(count);
    const auto deviation =
        std::max(std::abs(begin / tile - first), std::abs(end / tile - last)) * tile_size;
    return {static_cast<std::int64_t>(first), deviation};
}

}  // namespace

MatrixSet matrix_set_of(const Grid& grid, int min_zoom, int max_zoom) {
    if (min_zoom < 0 || max_zoom >= grid.levels() || min_zoom > max_zoom) {
        throw Error{Errc::invalid_argument, fmt::format("grid '{}' has no zooms {} to {}",
                                                        grid.name(), min_zoom, max_zoom)};
    }
    const auto size = grid.tile_size();
    const auto all = hull_of(grid, min_zoom, max_zoom);
    const auto coarsest = grid.resolution(min_zoom) * size;
    const auto width = std::ceil(all.width() / coarsest - rounding) * coarsest;
    const auto height = std::ceil(all.height() / coarsest - rounding) * coarsest;
    MatrixSet set{.box = {all.min_x, all.min_y, all.min_x + width, all.min_y + height}};
    if (grid.origin() == Grid::Origin::top_left) {
        set.box.max_y = all.max_y;
        set.box.min_y = all.max_y - height;
    }
    for (int z = min_zoom; z <= max_zoom; ++z) {
        const auto resolution = grid.resolution(z);
        const auto columns = whole_number(width / (resolution * size));
        const auto rows = whole_number(height / (resolution * size));
        if (!columns || !rows) {
            throw Error{Errc::unsupported,
                        fmt::format("grid '{}': no area is a whole number of tiles at zoom {} and "
                                    "at zoom {}, as GeoPackage wants it",
                                    grid.name(), min_zoom, z)};
        }
        if (z > min_zoom && resolution >= grid.resolution(z - 1)) {
            throw Error{Errc::unsupported,
                        fmt::format("grid '{}': zoom {} is not finer than zoom {}, as GeoPackage "
                                    "wants it",
                                    grid.name(), z, z - 1)};
        }
        set.matrices.push_back({z, *columns, *rows, size, size, resolution, resolution});
    }
    return set;
}

bool halves_pixels(const MatrixSet& set) {
    const auto is_half = [](const TileMatrix& coarse, const TileMatrix& fine) {
        const auto factor = std::ldexp(1.0, static_cast<int>(fine.zoom - coarse.zoom));
        return std::abs(coarse.pixel_width / fine.pixel_width / factor - 1) < rounding;
    };
    return std::ranges::adjacent_find(set.matrices, std::not_fn(is_half)) == set.matrices.end();
}

MatrixMap::MatrixMap(const MatrixSet& set, const Grid& grid)
    : grid_{grid}, places_(static_cast<std::size_t>(grid.levels())) {
    for (const auto& matrix : set.matrices) {
        const int z = grid.nearest_zoom(matrix.pixel_width);
        auto& place = places_[static_cast<std::size_t>(z)];
        if (place) {
            throw Error{Errc::unsupported,
                        fmt::format("zooms {} and {} are both zoom {} of grid '{}'", place->zoom,
                                    matrix.zoom, z, grid.name())};
        }
        place = place_of(set, matrix, grid, z);
        zoom_of_set_.emplace(matrix.zoom, z);
    }
    for (int z = 0; z < grid.levels(); ++z) {
        if (place_at(z) != nullptr) {
            zooms_.push_back(z);
        }
    }
}

MatrixMap::Place MatrixMap::place_of(const MatrixSet& set, const TileMatrix& matrix,
                                     const Grid& grid, int z) {
    const int size = grid.tile_size();
    if (matrix.tile_width != size || matrix.tile_height != size) {
        throw Error{Errc::unsupported,
                    fmt::format("zoom {}: its tiles have {} x {} pixels, those of grid '{}' have "
                                "{} x {}",
                                matrix.zoom, matrix.tile_width, matrix.tile_height, grid.name(),
                                size, size)};
    }
    const auto whole = grid.box_of(grid.whole(z));
    const auto tile = grid.resolution(z) * size;
    const auto west = set.box.min_x - whole.min_x;
    const auto south = whole.max_y - set.box.max_y;  // of the grid's north edge
    const auto width = static_cast<double>(matrix.columns) * size * matrix.pixel_width;
    const auto height = static_cast<double>(matrix.rows) * size * matrix.pixel_height;
    const auto columns = span_of(west, west + width, matrix.columns, tile, size);
    const auto rows = span_of(south, south + height, matrix.rows, tile, size);
    if (const auto deviation = std::max(columns.deviation, rows.deviation);
        !(deviation < tolerance_pixels)) {
        throw Error{Errc::unsupported,
                    fmt::format("zoom {}: its tiles are not those of grid '{}' at zoom {}: their "
                                "edges are up to {:.1f} pixels away",
                                matrix.zoom, grid.name(), z, deviation)};
    }
    return {matrix.zoom, columns.first, rows.first, matrix.columns, matrix.rows};
}

const MatrixMap::Place* MatrixMap::place_at(int z) const {
    if (z < 0 || z >= grid_.levels()) {
        return nullptr;
    }
    const auto& place = places_[static_cast<std::size_t>(z)];
    return place ? &*place : nullptr;
}

TileRange MatrixMap::covered(int z) const {
    const auto* const place = place_at(z);
    if (place == nullptr) {
        return {.z = z};
    }
    return intersection(grid_.whole(z),
                        {z, place->first_x, place->first_y, place->first_x + place->columns,
                         place->first_y + place->rows});
}

std::optional<Address> MatrixMap::address_of(const TileKey& key) const {
    if (!covered(key.z).contains(key)) {
        return std::nullopt;
    }
    const auto& place = *place_at(key.z);
    return Address{place.zoom, key.x - place.first_x, key.y - place.first_y};
}

std::optional<TileKey> MatrixMap::key_of(const Address& address) const {
    const auto found = zoom_of_set_.find(address.zoom);
    if (found == zoom_of_set_.end()) {
        return std::nullopt;
    }
    const auto& place = *place_at(found->second);
    if (address.column < 0 || address.column >= place.columns || address.row < 0 ||
        address.row >= place.rows) {
        return std::nullopt;
    }
    const TileKey key{found->second, place.first_x + address.column, place.first_y + address.row};
    return grid_.contains(key) ? std::optional{key} : std::nullopt;
}

}  // namespace offgrid::gpkg
