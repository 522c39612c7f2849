#pragma once

#include "formats/store/tileset_slice.h"
#include "formats/tiff/tiff_file.h"
#include "formats/tiff/tiff_options.h"

#include <cstdint>
#include <optional>
#include <string>

namespace offgrid::tiff {

/// Where a tile belongs: columns and rows of its file count from the north-west.
struct Place {
    std::string file{};
    std::uint64_t column = 0;
    std::uint64_t row = 0;
};

/// The corner of an image, in the units of the SRS.
struct Corner {
    double west = 0;
    double north = 0;
};

/// How the tiles of a slice are spread over files and over the image of each (MapCache `tiff`).
///
/// A file of `xcount` by `ycount` tiles has the tile of column x and row y, counted from the grid's
/// origin, at column x mod n_x, where n_x is xcount or the width of the matrix if that is less;
/// rows likewise. The image is north-up, also at the edge of the matrix, where a part of it lies
/// outside.
///
/// Two oddities of MapCache's: for grids with the origin at the top left it writes the rows of each
/// file in reverse, with the tie point n_y - 1 tiles too far south, which tells such files apart.
/// With `{inv_x}` or `{inv_y}`, where the matrix is not a whole number of files, the tiles of a
/// file wrap around in it, so that it cannot be georeferenced.
///
/// Immutable; safe for concurrent use.
class TilePlaces {
public:
    /// Throws `invalid_argument` when several zooms would share one file.
    TilePlaces(const TiffOptions& options, const TilesetSlice& slice);

    const PathTemplate& names() const { return names_; }
    const Grid& grid() const { return grid_; }

    /// Throws `invalid_argument` when other tiles have the same place. REQUIRES: the grid contains
    /// the tile.
    Place place_of(const TileKey& key) const;

    std::uint64_t across(int z) const;
    std::uint64_t down(int z) const;

    /// Whether the file can hold tiles of that zoom: by its name, where that says it.
    bool may_hold(int z) const { return has_z_ || z == only_zoom_; }

    /// Whether columns and rows of a file follow each other as on the map.
    bool is_contiguous(int z) const;

    /// The corner of the image that holds the tile; nothing where it is not contiguous.
    std::optional<Corner> corner_of(const TileKey& key) const;

    /// The number of the tile in the file. Throws `unsupported` when the file's image is of another
    /// shape.
    std::uint64_t index_in(const TiffFile& file, const TileKey& key, const Place& place) const;

    /// The tile of that number: the other way round. `first` is the north-western tile of those
    /// that the name of the file covers; where the image is larger, a tile may lie outside the
    /// matrix. REQUIRES: the file is of the right shape.
    TileKey key_at(const TiffFile& file, std::uint64_t index, const TileKey& first) const;

private:
    bool has_reversed_rows(const TiffFile& file, const TileKey& key) const;

    const Grid& grid_;
    PathTemplate names_;
    PathValues values_;
    int only_zoom_;
    bool has_x_;  ///< the name tells files of different columns apart
    bool has_y_;
    bool has_z_;
    bool is_x_inverted_;  ///< the files of a row of files begin at the east
    bool is_y_inverted_;
};

}  // namespace offgrid::tiff
