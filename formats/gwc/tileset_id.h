#pragma once

#include "formats/tile/grid.h"
#include "formats/tile/range.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace offgrid::gwc {

/// Request parameters that tell tilesets of a layer apart, such as STYLES; sorted by name.
using Parameters = std::map<std::string, std::string>;

/// Which tiles of a store belong together. A value.
struct TilesetId {
    std::string layer{};
    std::string grid_set{};
    std::string format{};  ///< as GeoWebCache calls it: `image/png`, `image/png8` …
    Parameters parameters{};

    friend bool operator==(const TilesetId&, const TilesetId&) = default;
};

/// A tile as GeoWebCache counts: rows from the SOUTH.
struct SouthTile {
    int z = 0;
    std::int64_t x = 0;
    std::int64_t y = 0;
};

/// A rectangle of tiles of one zoom as GeoWebCache writes it: all edges inclusive, rows from the
/// SOUTH. A value.
struct SouthRange {
    int z = 0;
    std::int64_t min_x = 0;
    std::int64_t min_y = 0;
    std::int64_t max_x = 0;
    std::int64_t max_y = 0;

    bool is_empty() const { return min_x > max_x || min_y > max_y; }

    friend bool operator==(const SouthRange&, const SouthRange&) = default;
};

/// The range in those terms. REQUIRES: it is not empty and within the grid.
SouthRange from_south(const Grid& grid, const TileRange& range);

/// The name as it stands in paths: each `\`, `/` and `:` becomes `_`, and so does each run of white
/// space. Different names can become the same.
std::string escaped(std::string_view name);

/// The SHA-1 of `?NAME=VALUE&NAME=VALUE` by which GeoWebCache knows a set of parameters; empty for
/// none.
std::string parameters_id(const Parameters& parameters);

}  // namespace offgrid::gwc
