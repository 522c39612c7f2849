#include "formats/tile/grid.h"

#include "formats/base/error.h"
#include "formats/tile/lonlat.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace offgrid {
namespace {

constexpr int built_in_levels = 31;

/// A tile that the extent enters by less than this fraction is left out, so that rounding adds no
/// row or column.
constexpr double edge_tolerance = 1e-7;

std::vector<double> halving(double first, int levels) {
    std::vector<double> resolutions;
    for (int z = 0; z < levels; ++z) {
        resolutions.push_back(std::ldexp(first, -z));
    }
    return resolutions;
}

/// The grid with the same tiles at twice the pixels.
Grid::Definition with_larger_tiles(Grid::Definition grid) {
    grid.tile_size *= 2;
    grid.name += fmt::format("_{}", grid.tile_size);
    for (double& resolution : grid.resolutions) {
        resolution /= 2;
    }
    return grid;
}

/// MapCache leaves out a last tile that the extent enters by less than 1 % of a tile.
std::int64_t matrix_size(double extent, double tile) {
    return std::max<std::int64_t>(1, std::llround(std::ceil((extent - 0.01 * tile) / tile)));
}

}  // namespace

Grid::Grid(Definition definition) : definition_{std::move(definition)} {
    const auto bad = [&](const std::string& what) {
        return Error{Errc::invalid_argument, fmt::format("grid '{}' {}", name(), what)};
    };
    if (definition_.extent.is_empty() || definition_.tile_size <= 0 ||
        definition_.resolutions.empty()) {
        throw bad("has no tiles: extent, tile size and resolutions must be given");
    }
    if (definition_.resolutions.size() > max_levels || definition_.tile_size > max_tile_size) {
        throw bad(fmt::format("has {} levels of tiles of {} pixels: there may be {} of {}",
                              definition_.resolutions.size(), tile_size(), max_levels,
                              max_tile_size));
    }
    for (const double resolution : definition_.resolutions) {
        if (!(resolution > 0)) {
            throw bad(fmt::format("has a resolution of {}", resolution));
        }
        const double tile = resolution * tile_size();
        const double most = std::max(extent().width(), extent().height()) / tile;
        if (!(most <= max_matrix_size)) {
            throw bad(fmt::format("has a level {:.0f} tiles wide: there may be {:.0f}", most,
                                  max_matrix_size));
        }
        matrix_.push_back(
            {matrix_size(extent().width(), tile), matrix_size(extent().height(), tile)});
    }
}

const Grid& Grid::google_maps_compatible() {
    static const Grid grid{
        {.name = "GoogleMapsCompatible",
         .srs = "EPSG:3857",
         .srs_aliases = {"EPSG:900913"},
         .extent = {-half_equator_m, -half_equator_m, half_equator_m, half_equator_m},
         .resolutions = halving(half_equator_m / 128, built_in_levels)}};
    return grid;
}

const Grid& Grid::wgs84() {
    static const Grid grid{{.name = "WGS84",
                            .srs = "EPSG:4326",
                            .unit = Unit::degree,
                            .extent = {-180, -90, 180, 90},
                            .resolutions = halving(0.703125, built_in_levels)}};
    return grid;
}

const Grid& Grid::google_maps_compatible_512() {
    static const Grid grid{with_larger_tiles(google_maps_compatible().definition_)};
    return grid;
}

const Grid& Grid::wgs84_512() {
    static const Grid grid{with_larger_tiles(wgs84().definition_)};
    return grid;
}

std::array<const Grid*, 4> Grid::built_in() {
    return {&google_maps_compatible(), &wgs84(), &google_maps_compatible_512(), &wgs84_512()};
}

const Grid* Grid::find(std::string_view name) {
    for (const auto* const grid : built_in()) {
        if (grid->name() == name) {
            return grid;
        }
    }
    return nullptr;
}

bool Grid::contains(const TileKey& key) const {
    return key.z >= 0 && key.z < levels() && key.x >= 0 && key.y >= 0 &&
           key.x < matrix_width(key.z) && key.y < matrix_height(key.z);
}

Box Grid::box_of(const TileKey& key) const {
    return box_of(TileRange{key.z, key.x, key.y, key.x + 1, key.y + 1});
}

Box Grid::box_of(const TileRange& range) const {
    const double tile = resolution(range.z) * tile_size();
    const double top = origin() == Origin::top_left
                           ? extent().max_y
                           : extent().min_y + static_cast<double>(matrix_height(range.z)) * tile;
    return {extent().min_x + static_cast<double>(range.min_x) * tile,
            top - static_cast<double>(range.max_y) * tile,
            extent().min_x + static_cast<double>(range.max_x) * tile,
            top - static_cast<double>(range.min_y) * tile};
}

TileRange Grid::range_of(int z, const Box& box) const {
    const double tile = resolution(z) * tile_size();
    const auto first = [&](double distance, std::int64_t size) {
        return static_cast<std::int64_t>(std::clamp(std::floor(distance / tile + edge_tolerance),
                                                    0.0, static_cast<double>(size)));
    };
    const auto last = [&](double distance, std::int64_t size) {
        return static_cast<std::int64_t>(std::clamp(std::ceil(distance / tile - edge_tolerance),
                                                    0.0, static_cast<double>(size)));
    };
    const auto whole_box = box_of(whole(z));
    return {z, first(box.min_x - whole_box.min_x, matrix_width(z)),
            first(whole_box.max_y - box.max_y, matrix_height(z)),
            last(box.max_x - whole_box.min_x, matrix_width(z)),
            last(whole_box.max_y - box.min_y, matrix_height(z))};
}

int Grid::nearest_zoom(double wanted) const {
    int nearest = 0;
    for (int z = 1; z < levels(); ++z) {
        if (std::abs(std::log(resolution(z) / wanted)) <
            std::abs(std::log(resolution(nearest) / wanted))) {
            nearest = z;
        }
    }
    return nearest;
}

bool have_the_same_tiles(const Grid& one, const Grid& other) {
    const auto knows = [](const Grid& grid, const std::string& srs) {
        return grid.srs() == srs || std::ranges::count(grid.srs_aliases(), srs) > 0;
    };
    const bool is_one_srs = knows(one, other.srs()) || knows(other, one.srs());
    if (!is_one_srs || one.tile_size() != other.tile_size()) {
        return false;
    }
    for (int z = 0; z < std::min(one.levels(), other.levels()); ++z) {
        if (one.resolution(z) != other.resolution(z) ||
            one.box_of(one.whole(z)) != other.box_of(other.whole(z))) {
            return false;
        }
    }
    return true;
}

bool is_quadtree(const Grid& grid, int min_zoom, int max_zoom) {
    for (int z = min_zoom; z < max_zoom; ++z) {
        const bool is_half =
            std::abs(grid.resolution(z) / grid.resolution(z + 1) - 2) < edge_tolerance;
        const bool is_aligned = grid.origin() == Grid::Origin::top_left ||
                                grid.matrix_height(z + 1) == 2 * grid.matrix_height(z);
        if (!is_half || !is_aligned) {
            return false;
        }
    }
    return true;
}

}  // namespace offgrid
