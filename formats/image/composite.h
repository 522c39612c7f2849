#pragma once

#include <cstdint>

namespace offgrid {

/// Lay a row of pixels over another: red, green, blue and alpha, neither premultiplied.
void composite_over(const std::uint8_t* top, std::uint8_t* bottom, int width);

}  // namespace offgrid
