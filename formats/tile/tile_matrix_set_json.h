#pragma once

#include "formats/tile/grid.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace offgrid {

/// The largest document that is read: 64 levels at 400 bytes, with room for a reference system that
/// is written out.
inline constexpr std::uint64_t max_tile_matrix_set_bytes = 1 << 20;

/// Read an OGC tile matrix set: JSON of OGC 17-083r4 (`id`, `crs`, `tileMatrices`) or of 17-083r2
/// (`identifier`, `supportedCRS`, `tileMatrix`). The document may come from anywhere.
///
/// Zooms are places in its list, whatever the levels are called. Its points list the axes as
/// `orderedAxes` has them or, without it, as EPSG does; the definition is east first. An extent is
/// chosen that gives each level the tiles that the document gives it: that of `boundingBox` if it
/// does. Where none does, because the document rounds, levels have up to one more column and row,
/// at the edges away from the origin. The name is empty where the document has none.
///
/// Throws `corrupt` naming the field that is not as it should be; `unsupported` naming the level
/// that differs from the others in origin or size of tiles, whose tiles are not square, or that
/// has variable widths (`variableMatrixWidths`), and for a reference system without a code.
Grid::Definition parse_tile_matrix_set(std::string_view json);
Grid::Definition tile_matrix_set_from_value(const nlohmann::ordered_json& value);

/// From where the rows of a document count.
enum class TileRows {
    from_origin,  ///< as the grid's own: what is read back is the same grid
    from_north,   ///< as in the addresses of tiles; the origins of a grid from the bottom left may
                  ///< differ from level to level, which nothing here reads
};

/// Write it, as OGC 17-083r4 has it. The reference systems other names are kept in a member that is
/// not OGC's, `srsAliases`. Throws `invalid_argument` where the SRS is not AUTHORITY:CODE.
nlohmann::ordered_json to_tile_matrix_set(const Grid& grid, TileRows rows = TileRows::from_origin);

}  // namespace offgrid
