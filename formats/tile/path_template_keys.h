#pragma once

#include "formats/tile/path_template.h"

#include <cstdint>

namespace offgrid {

/// The keys in the order in which PathTemplate tells their kinds apart: counted from z to
/// inv_top_y, texts from quadkey on. Shared by the sources of PathTemplate alone.
enum class PathTemplate::Key {
    z,
    inv_z,
    x,
    div_x,
    inv_x,
    inv_div_x,
    y,
    div_y,
    inv_y,
    inv_div_y,
    top,
    top_x,
    top_y,
    inv_top_x,
    inv_top_y,
    quadkey,
    tileset,
    grid,
    ext,
    all_dimensions,
    dimension,
};

/// More than a matrix has columns or rows; products of two still fit.
inline constexpr std::int64_t path_template_max_count = std::int64_t{1} << 31;

}  // namespace offgrid
