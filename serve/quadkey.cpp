#include "serve/quadkey.h"

#include <cstddef>

namespace offgrid {

std::optional<TileKey> parse_quadkey(std::string_view quadkey) {
    constexpr std::size_t max_digits = 31;
    if (quadkey.size() > max_digits ||
        quadkey.find_first_not_of("0123") != std::string_view::npos) {
        return std::nullopt;
    }
    TileKey key{static_cast<int>(quadkey.size()), 0, 0};
    for (const char c : quadkey) {
        const int digit = c - '0';
        key.x = key.x * 2 + digit % 2;
        key.y = key.y * 2 + digit / 2;
    }
    return key;
}

}  // namespace offgrid
