#include "formats/gwc/tileset_id.h"

#include "formats/base/hash.h"

namespace offgrid::gwc {

SouthRange from_south(const Grid& grid, const TileRange& range) {
    return {range.z, range.min_x, grid.flip(range.z, range.max_y - 1), range.max_x - 1,
            grid.flip(range.z, range.min_y)};
}

std::string escaped(std::string_view name) {
    constexpr std::string_view white_space = " \t\n\v\f\r";
    std::string path;
    bool is_in_space = false;
    for (const char c : name) {
        const bool is_space = white_space.find(c) != std::string_view::npos;
        if (!is_space) {
            path += c == '\\' || c == '/' || c == ':' ? '_' : c;
        } else if (!is_in_space) {
            path += '_';
        }
        is_in_space = is_space;
    }
    return path;
}

std::string parameters_id(const Parameters& parameters) {
    if (parameters.empty()) {
        return {};
    }
    std::string text;
    for (const auto& [name, value] : parameters) {
        text += text.empty() ? '?' : '&';
        text.append(name).append("=").append(value);
    }
    return sha1_hex(as_bytes(text));
}

}  // namespace offgrid::gwc
