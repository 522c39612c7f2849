#pragma once

#include "formats/tile/box.h"
#include "formats/tile/grid.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::gpkg {

/// A row of `gpkg_tile_matrix`: the tiles of one zoom. A value.
struct TileMatrix {
    std::int64_t zoom = 0;
    std::int64_t columns = 0;
    std::int64_t rows = 0;
    std::int64_t tile_width = 0;  ///< pixels
    std::int64_t tile_height = 0;
    double pixel_width = 0;  ///< units of the reference system
    double pixel_height = 0;
};

/// The tile matrix set of one table: all zooms share the north-west corner of `box`, from where
/// columns and rows count. A value.
struct MatrixSet {
    Box box{};
    std::vector<TileMatrix> matrices{};  ///< by zoom
};

/// The matrix set of the tiles of some zooms of a grid. Its box is the same for every zoom and a
/// whole number of tiles at each (12-128r17, requirement 45), so it may reach beyond the grid.
///
/// Throws `unsupported` for a grid that has no such box, `invalid_argument` for zooms that it has
/// not.
MatrixSet matrix_set_of(const Grid& grid, int min_zoom, int max_zoom);

/// Whether adjacent zooms differ by a factor of 2, as they must without the extension
/// `gpkg_zoom_other`.
bool halves_pixels(const MatrixSet& set);

/// Where a tile is in a file. A value.
struct Address {
    std::int64_t zoom = 0;
    std::int64_t column = 0;
    std::int64_t row = 0;  ///< from the north
};

/// Leads from the tiles of a grid to those of a matrix set that lies on it, and back. The set may
/// cover a part of the grid, and number its zooms otherwise. Immutable; safe for concurrent use.
/// The grid is not owned.
class MatrixMap {
public:
    /// Throws `unsupported` when the tiles of the set are not those of the grid, saying why: of
    /// another size, or their edges are half a pixel or more from where the grid has them.
    MatrixMap(const MatrixSet& set, const Grid& grid);

    /// Where the tile is; nothing when it lies outside the set.
    std::optional<Address> address_of(const TileKey& key) const;

    /// The tile at an address; nothing when it lies outside the set or the grid.
    std::optional<TileKey> key_of(const Address& address) const;

    /// The tiles of a zoom that both have; empty where there are none.
    TileRange covered(int z) const;

    /// The zooms of the grid that the set has, ascending.
    const std::vector<int>& zooms() const { return zooms_; }

private:
    struct Place {
        std::int64_t zoom = 0;     // in the set
        std::int64_t first_x = 0;  // column of the grid at the set's first one
        std::int64_t first_y = 0;
        std::int64_t columns = 0;
        std::int64_t rows = 0;
    };

    static Place place_of(const MatrixSet& set, const TileMatrix& matrix, const Grid& grid, int z);
    const Place* place_at(int z) const;

    const Grid& grid_;
    std::vector<std::optional<Place>> places_;  // by zoom of the grid
    std::map<std::int64_t, int> zoom_of_set_;   // to that of the grid
    std::vector<int> zooms_;
};

}  // namespace offgrid::gpkg
