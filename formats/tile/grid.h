#pragma once

#include "formats/tile/box.h"
#include "formats/tile/key.h"
#include "formats/tile/range.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// A tile matrix set (OGC 17-083r2, MapCache "grid", GeoWebCache "gridset"): how one reference
/// system is cut into tiles at each zoom. Immutable; safe for concurrent use.
///
/// The coordinates of boxes are in the units of the SRS, always east then north, also where the
/// authority (EPSG:4326) lists latitude first.
class Grid {
public:
    /// The corner at which the tiles of every level start; where the extent is not a whole number
    /// of tiles, the opposite edges stick out. It also tells from where MapCache counts its rows
    /// (MapCache "origin").
    enum class Origin { bottom_left, top_left };

    /// The unit of the SRS.
    enum class Unit { metre, degree, foot };

    struct Definition {
        std::string name{};
        std::string srs{};                       ///< authority and code, for example "EPSG:3857"
        std::vector<std::string> srs_aliases{};  ///< other names of the same SRS
        Unit unit = Unit::metre;
        Box extent{};
        int tile_size = 256;                ///< pixels, both ways
        std::vector<double> resolutions{};  ///< units of the SRS per pixel, zoom 0 first
        Origin origin = Origin::bottom_left;

        friend bool operator==(const Definition&, const Definition&) = default;
    };

    /// Beyond these a definition is refused. Tiles are counted in 32 bits by MapCache, and the
    /// product of two indices stays within 64.
    static constexpr std::size_t max_levels = 64;
    static constexpr int max_tile_size = 16'384;
    static constexpr double max_matrix_size = 4'294'967'296.0;

    /// Throws `invalid_argument` when the definition describes no tiles, or too many.
    explicit Grid(Definition definition);

    /// Web Mercator, 31 levels; the same tiles as MapCache's and OGC's GoogleMapsCompatible.
    static const Grid& google_maps_compatible();

    /// Plate carree in degrees, two tiles at zoom 0, 31 levels; the same tiles as MapCache's WGS84.
    static const Grid& wgs84();

    /// The same two with tiles of 512 pixels: the same tiles, at half the units a pixel. Named
    /// `GoogleMapsCompatible_512` and `WGS84_512`.
    static const Grid& google_maps_compatible_512();
    static const Grid& wgs84_512();

    /// All of these.
    static std::array<const Grid*, 4> built_in();

    /// The built-in grid of that name, or null.
    static const Grid* find(std::string_view name);

    const std::string& name() const { return definition_.name; }
    const std::string& srs() const { return definition_.srs; }
    const std::vector<std::string>& srs_aliases() const { return definition_.srs_aliases; }
    Unit unit() const { return definition_.unit; }
    const Box& extent() const { return definition_.extent; }
    int tile_size() const { return definition_.tile_size; }
    Origin origin() const { return definition_.origin; }
    int levels() const { return static_cast<int>(definition_.resolutions.size()); }

    /// Units of the SRS per pixel. REQUIRES: 0 <= z < levels(), here and below.
    double resolution(int z) const { return definition_.resolutions[static_cast<std::size_t>(z)]; }
    std::int64_t matrix_width(int z) const { return matrix_[static_cast<std::size_t>(z)].width; }
    std::int64_t matrix_height(int z) const { return matrix_[static_cast<std::size_t>(z)].height; }

    /// Whether there is such a tile. Any key may be asked.
    bool contains(const TileKey& key) const;

    /// The row counted from the other side: north to south or south to north.
    std::int64_t flip(int z, std::int64_t y) const { return matrix_height(z) - 1 - y; }

    /// The row as MapCache counts it: from the grid's origin.
    std::int64_t row_from_origin(const TileKey& key) const {
        return origin() == Origin::bottom_left ? flip(key.z, key.y) : key.y;
    }

    /// The tile in that column and row as MapCache counts rows: from the grid's origin.
    TileKey key_from_origin(int z, std::int64_t x, std::int64_t row) const {
        return {z, x, origin() == Origin::bottom_left ? flip(z, row) : row};
    }

    /// What the tile covers.
    Box box_of(const TileKey& key) const;

    /// What the tiles of a range cover together.
    Box box_of(const TileRange& range) const;

    /// The tiles that overlap the box by more than a hair (1e-7 of a tile), within the matrix.
    TileRange range_of(int z, const Box& box) const;

    /// All tiles of a zoom.
    TileRange whole(int z) const { return {z, 0, 0, matrix_width(z), matrix_height(z)}; }

    /// The zoom whose resolution is nearest to the given one by ratio.
    int nearest_zoom(double resolution) const;

    /// Whether both say the same, names included.
    friend bool operator==(const Grid& one, const Grid& other) {
        return one.definition_ == other.definition_;
    }

private:
    struct Matrix {
        std::int64_t width = 0;
        std::int64_t height = 0;
    };

    Definition definition_;
    std::vector<Matrix> matrix_;
};

/// Whether the tiles of both are the same at every zoom that both have: where they are, and how
/// many pixels they have. Names, origins and aliases may differ.
bool have_the_same_tiles(const Grid& one, const Grid& other);

/// Whether tile x, y of each of these zooms is made of the tiles 2x, 2y and their neighbours, as
/// far as there are, of the next. REQUIRES: the grid has the zooms.
bool is_quadtree(const Grid& grid, int min_zoom, int max_zoom);

}  // namespace offgrid
