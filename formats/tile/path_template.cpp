#include "formats/tile/path_template.h"

#include "formats/base/error.h"
#include "formats/tile/path_template_keys.h"

#include <algorithm>
#include <array>

namespace offgrid {
namespace {

constexpr std::string_view dimension_prefix = "dim:";

/// The value with nothing in it that would lead out of a folder or into another one.
std::string as_file_name(std::string_view value) {
    std::string text{value};
    std::ranges::replace_if(
        text, [](char c) { return c == '.' || c == '/' || c == '\0'; }, '#');
    return text;
}

/// The value as folders, none of which leads upwards or to the root. A `.` stays between slashes
/// only: beside other text it could become `..`.
std::string as_folders(std::string_view value) {
    constexpr std::string_view upwards = "../";
    std::string text{value};
    std::ranges::replace(text, '\0', '#');
    for (auto at = text.find(upwards); at != std::string::npos; at = text.find(upwards, at)) {
        text.replace(at, upwards.size(), "#");
    }
    if (text.empty() || text.starts_with('/')) {
        text.insert(0, "#");
    } else if (text == "." || text.starts_with("./")) {
        text.front() = '#';
    }
    const auto last = text.rfind('/') + 1;  // 0 without a slash
    if (const auto name = text.substr(last); name == "." || name == "..") {
        text.replace(last, std::string::npos, "#");
    }
    return text;
}

bool is_file_name(DimensionText style) {
    return style != DimensionText::raw_pairs && style != DimensionText::joined;
}

/// One slash for each run of them.
void collapse_slashes(std::string& path) {
    const auto rest =
        std::unique(path.begin(), path.end(), [](char a, char b) { return a == '/' && b == '/'; });
    path.erase(rest, path.end());
}

std::string shown(std::string_view value, DimensionText style) {
    switch (style) {
        case DimensionText::values:
        case DimensionText::pairs:
            return as_file_name(value);
        case DimensionText::paths:
            return as_folders(value);
        case DimensionText::raw_pairs:
        case DimensionText::joined:
            break;
    }
    return std::string{value};
}

/// What `{dim}` stands for.
std::string all_dimensions(const PathValues& values, DimensionText style) {
    if (style == DimensionText::joined) {
        return joined_dimensions(values);
    }
    std::string text;
    const auto& dimensions = values.dimensions;
    for (auto each = dimensions.rbegin(); each != dimensions.rend(); ++each) {
        const auto& [name, value] = *each;
        if (style == DimensionText::pairs || style == DimensionText::raw_pairs) {
            text += '#' + shown(name, style);
        }
        text += '#' + shown(value, style);
    }
    return text;
}

std::string quadkey(int z, std::int64_t x, std::int64_t y) {
    std::string digits;
    for (int level = z - 1; level >= 0; --level) {
        digits.push_back(static_cast<char>('0' + ((x >> level) & 1) + 2 * ((y >> level) & 1)));
    }
    return digits;
}

}  // namespace

PathTemplate::PathTemplate(std::string text, PathTemplateOptions options)
    : text_{std::move(text)}, options_{std::move(options)} {
    if (options_.xcount < 0 || options_.ycount < 0 || options_.top < 0) {
        throw Error{Errc::invalid_argument,
                    fmt::format("path template '{}': a count is negative", text_)};
    }
    if (options_.xcount > path_template_max_count || options_.ycount > path_template_max_count) {
        throw Error{Errc::invalid_argument,
                    fmt::format("path template '{}': a count is beyond any matrix", text_)};
    }
    std::string_view rest = text_;
    std::string literal;
    std::vector<std::string_view> texts;  // that were replaced
    const auto stays = [&](Key key, std::string_view name) {
        const bool is_once = options_.replaces_texts_once && key > Key::quadkey && key != Key::ext;
        return is_once && std::ranges::find(texts, name) != texts.end();
    };
    const auto end_literal = [&] {
        if (!literal.empty()) {
            pieces_.push_back({std::nullopt, std::exchange(literal, {}), {}});
        }
    };
    while (!rest.empty()) {
        const auto close = rest.front() == '{' ? rest.find('}') : std::string_view::npos;
        const auto name =
            close == std::string_view::npos ? std::string_view{} : rest.substr(1, close - 1);
        const auto key = key_named(name);
        if (!key || stays(*key, name)) {
            literal.push_back(rest.front());
            rest.remove_prefix(1);
            continue;
        }
        end_literal();
        texts.push_back(name);
        const auto format = options_.formats.find(name);
        try {
            pieces_.push_back({key, std::string{name},
                               IntegerFormat::parse(format == options_.formats.end()
                                                        ? "%d"
                                                        : std::string_view{format->second})});
        } catch (const Error& error) {
            rethrow_with(error, "path template '{}'", text_);
        }
        rest.remove_prefix(close + 1);
    }
    end_literal();
}

/// Whether the key gives way to its counterpart elsewhere in the text.
bool PathTemplate::gives_way(std::string_view name) const {
    return options_.has_one_key_per_axis && name.starts_with("inv_") &&
           text_.find(fmt::format("{{{}}}", name.substr(4))) != std::string::npos;
}

std::optional<PathTemplate::Key> PathTemplate::key_named(std::string_view name) const {
    static constexpr std::array<std::pair<std::string_view, Key>, 20> keys{{
        {"z", Key::z},
        {"inv_z", Key::inv_z},
        {"x", Key::x},
        {"div_x", Key::div_x},
        {"inv_x", Key::inv_x},
        {"inv_div_x", Key::inv_div_x},
        {"y", Key::y},
        {"div_y", Key::div_y},
        {"inv_y", Key::inv_y},
        {"inv_div_y", Key::inv_div_y},
        {"top", Key::top},
        {"top_x", Key::top_x},
        {"top_y", Key::top_y},
        {"inv_top_x", Key::inv_top_x},
        {"inv_top_y", Key::inv_top_y},
        {"quadkey", Key::quadkey},
        {"tileset", Key::tileset},
        {"grid", Key::grid},
        {"ext", Key::ext},
        {"dim", Key::all_dimensions},
    }};
    if (name.starts_with(dimension_prefix)) {
        return Key::dimension;
    }
    if (std::ranges::find(options_.unknown_keys, name) != options_.unknown_keys.end()) {
        return std::nullopt;
    }
    const auto* const found =
        std::ranges::find(keys, name, &std::pair<std::string_view, Key>::first);
    if (found == keys.end()) {
        return std::nullopt;
    }
    const auto key = found->second;
    const bool is_provided = key >= Key::x && key <= Key::inv_div_x     ? options_.xcount > 0
                             : key >= Key::y && key <= Key::inv_div_y   ? options_.ycount > 0
                             : key >= Key::top && key <= Key::inv_top_y ? options_.top > 0
                                                                        : true;
    return is_provided && !gives_way(name) ? std::optional{key} : std::nullopt;
}

std::int64_t PathTemplate::number(Key key, const Grid& grid, const TileKey& tile) const {
    const auto y = grid.row_from_origin(tile);
    const auto inv_x = grid.matrix_width(tile.z) - 1 - tile.x;
    const auto inv_y = grid.matrix_height(tile.z) - 1 - y;
    const auto xcount = options_.xcount;
    const auto ycount = options_.ycount;
    const auto top = options_.top;
    // MapCache computes the top tile as a ratio of matrix sizes, so tiles above the top have one
    // too.
    const auto share = [&](std::int64_t n, std::int64_t parts, std::int64_t size) {
        const auto product = static_cast<std::uint64_t>(n) * static_cast<std::uint64_t>(parts);
        return options_.wraps_at_32_bits ? static_cast<std::int64_t>(product & 0xFFFF'FFFF) / size
                                         : path_template_share(n, parts, size);
    };
    const auto top_x = [&] {
        return share(tile.x, grid.matrix_width(top), grid.matrix_width(tile.z));
    };
    const auto top_y = [&] {
        return share(y, grid.matrix_height(top), grid.matrix_height(tile.z));
    };
    switch (key) {
        case Key::z:
            return tile.z;
        case Key::inv_z:
            return grid.levels() - 1 - tile.z;
        case Key::x:
            return tile.x / xcount * xcount;
        case Key::div_x:
            return tile.x / xcount;
        case Key::inv_x:
            return inv_x / xcount * (options_.counts_inv_x_in_rows ? ycount : xcount);
        case Key::inv_div_x:
            return inv_x / xcount;
        case Key::y:
            return y / ycount * ycount;
        case Key::div_y:
            return y / ycount;
        case Key::inv_y:
            return inv_y / ycount * ycount;
        case Key::inv_div_y:
            return inv_y / ycount;
        case Key::top:
            return top;
        case Key::top_x:
            return top_x();
        case Key::top_y:
            return top_y();
        case Key::inv_top_x:
            return grid.matrix_width(top) - 1 - top_x();
        case Key::inv_top_y:
            return grid.matrix_height(top) - 1 - top_y();
        case Key::quadkey:
        case Key::tileset:
        case Key::grid:
        case Key::ext:
        case Key::all_dimensions:
        case Key::dimension:
            break;
    }
    return 0;
}

std::string PathTemplate::render(const Grid& grid, const TileKey& key,
                                 const PathValues& values) const {
    std::string path;
    path.reserve(text_.size() + 16);
    for (const auto& piece : pieces_) {
        if (!piece.key) {
            path += piece.text;
        } else if (*piece.key == Key::quadkey) {
            path += quadkey(key.z, key.x, grid.row_from_origin(key));
        } else if (*piece.key > Key::quadkey) {
            append_text(path, piece, grid, values);
        } else {
            piece.format.append(path, number(*piece.key, grid, key));
        }
    }
    if (is_file_name(options_.dimension_text)) {
        collapse_slashes(path);
    }
    return path;
}

/// REQUIRES: a piece whose key stands for a text of the slice.
void PathTemplate::append_text(std::string& path, const Piece& piece, const Grid& grid,
                               const PathValues& values) const {
    if (piece.key == Key::tileset) {
        path += values.tileset;
    } else if (piece.key == Key::grid) {
        path += grid.name();
    } else if (piece.key == Key::ext) {
        path += values.extension;
    } else if (piece.key == Key::all_dimensions) {
        path += values.dimensions.empty() ? "{dim}"  // MapCache leaves the key as it is
                                          : all_dimensions(values, options_.dimension_text);
    } else {
        const auto name = std::string_view{piece.text}.substr(dimension_prefix.size());
        const auto found = std::ranges::find(
            values.dimensions, name, [](const auto& d) -> std::string_view { return d.first; });
        if (found == values.dimensions.end()) {
            throw Error{Errc::invalid_argument,
                        fmt::format("path template '{}': no dimension '{}'", text_, name)};
        }
        path += shown(found->second, options_.dimension_text);
    }
}

PathTemplate PathTemplate::with_texts(const Grid& grid, const PathValues& values) const {
    auto filled = *this;
    filled.pieces_.clear();
    for (const auto& piece : pieces_) {
        if (piece.key && *piece.key <= Key::quadkey) {
            filled.pieces_.push_back(piece);
            continue;
        }
        if (filled.pieces_.empty() || filled.pieces_.back().key) {
            filled.pieces_.push_back({});
        }
        auto& literal = filled.pieces_.back().text;
        if (piece.key) {
            append_text(literal, piece, grid, values);
        } else {
            literal += piece.text;
        }
    }
    if (is_file_name(options_.dimension_text)) {
        for (auto& piece : filled.pieces_) {
            collapse_slashes(piece.text);
        }
    }
    return filled;
}

std::vector<PathTemplate> PathTemplate::components() const {
    auto empty = *this;
    empty.pieces_.clear();
    std::vector<PathTemplate> names{empty};
    for (const auto& piece : pieces_) {
        if (piece.key) {
            names.back().pieces_.push_back(piece);
            continue;
        }
        std::string_view rest = piece.text;
        while (true) {
            const auto slash = rest.find('/');
            if (const auto name = rest.substr(0, slash); !name.empty()) {
                names.back().pieces_.push_back({std::nullopt, std::string{name}, {}});
            }
            if (slash == std::string_view::npos) {
                break;
            }
            if (!names.back().pieces_.empty() || names.size() == 1) {
                names.push_back(empty);
            }
            rest.remove_prefix(slash + 1);
        }
    }
    return names;
}

bool PathTemplate::has_keys() const {
    return std::ranges::any_of(pieces_, [](const Piece& piece) { return piece.key.has_value(); });
}

std::string_view PathTemplate::folder() const {
    const std::string_view literal =
        pieces_.empty() || pieces_.front().key ? std::string_view{} : pieces_.front().text;
    const auto slash = literal.rfind('/');
    return slash == std::string_view::npos ? std::string_view{}
           : slash == 0                    ? literal.substr(0, 1)
                                           : literal.substr(0, slash);
}

std::string joined_dimensions(const PathValues& values) {
    std::string text;
    const auto& dimensions = values.dimensions;
    for (auto each = dimensions.rbegin(); each != dimensions.rend(); ++each) {
        text += text.empty() ? "" : "#";
        text += each->second;
    }
    return text;
}

}  // namespace offgrid
