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

/// No file holds more columns or rows: MapCache counts them in 32 bits with a sign.
inline constexpr std::int64_t path_template_max_count = std::int64_t{1} << 31;

/// No matrix has more columns or rows, and no name says a larger number.
inline constexpr std::int64_t path_template_max_number = std::int64_t{1} << 32;

/// `a * b / c`, rounded down, where the product may need 64 bits without a sign. REQUIRES: none is
/// negative, a <= c, all at most path_template_max_number.
inline std::int64_t path_template_share(std::int64_t a, std::int64_t b, std::int64_t c,
                                        std::int64_t rounding = 0) {
    const auto rest = static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b % c) +
                      static_cast<std::uint64_t>(rounding);
    return a * (b / c) + static_cast<std::int64_t>(rest / static_cast<std::uint64_t>(c));
}

}  // namespace offgrid
