#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace offgrid {

/// The most colours that a palette has.
inline constexpr std::size_t max_palette = 256;

/// An image whose pixels are numbers of colours. A value.
struct PaletteImage {
    int width = 0;
    int height = 0;
    /// Red, green, blue, alpha; from 1 to 256, those that are not opaque first.
    std::vector<std::array<std::uint8_t, 4>> colours{};
    std::vector<std::uint8_t> pixels{};  ///< rows from the top without gaps
};

}  // namespace offgrid
