#include "formats/tile/path_template.h"

#include "formats/base/error.h"

#include <algorithm>
#include <array>
#include <ranges>

namespace offgrid {
namespace {

/// A path that needs more trials than this to match is not one of ours; bounds the work on hostile
/// names.
constexpr int match_steps = 10'000;

/// More than a matrix has columns or rows; products of two still fit.
constexpr std::int64_t max_count = std::int64_t{1} << 31;

constexpr std::string_view dimension_prefix = "dim:";

/// The value with nothing in it that would lead out of a folder or into another one.
std::string as_file_name(std::string_view value) {
    std::string text{value};
    std::ranges::replace_if(
        text, [](char c) { return c == '.' || c == '/' || c == '\\' || c == '\0'; }, '#');
    return text;
}

/// The value as folders: components that lead upwards or to the root become `#`.
std::string as_folders(std::string_view value) {
    std::string text;
    while (true) {
        const auto slash = value.find('/');
        const auto component = value.substr(0, slash);
        const bool stays_below = component != ".." && component != "." && !component.empty() &&
                                 component.find('\0') == std::string_view::npos;
        text += stays_below ? component : "#";
        if (slash == std::string_view::npos) {
            return text;
        }
        text += '/';
        value.remove_prefix(slash + 1);
    }
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
    for (const auto& [name, value] : std::views::reverse(values.dimensions)) {
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

PathTemplate::PathTemplate(std::string text, PathTemplateOptions options)
    : text_{std::move(text)}, options_{std::move(options)} {
    if (options_.xcount < 0 || options_.ycount < 0 || options_.top < 0) {
        throw Error{Errc::invalid_argument,
                    fmt::format("path template '{}': a count is negative", text_)};
    }
    if (options_.xcount > max_count || options_.ycount > max_count) {
        throw Error{Errc::invalid_argument,
                    fmt::format("path template '{}': a count is beyond any matrix", text_)};
    }
    std::string_view rest = text_;
    std::string literal;
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
        if (!key) {
            literal.push_back(rest.front());
            rest.remove_prefix(1);
            continue;
        }
        end_literal();
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
    const auto top_x = [&] { return tile.x * grid.matrix_width(top) / grid.matrix_width(tile.z); };
    const auto top_y = [&] { return y * grid.matrix_height(top) / grid.matrix_height(tile.z); };
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
            continue;
        }
        switch (*piece.key) {
            case Key::quadkey:
                path += quadkey(key.z, key.x, grid.row_from_origin(key));
                break;
            case Key::tileset:
                path += values.tileset;
                break;
            case Key::grid:
                path += grid.name();
                break;
            case Key::ext:
                path += values.extension;
                break;
            case Key::all_dimensions:
                path += values.dimensions.empty() ? "{dim}"  // MapCache leaves the key as it is
                                                  : all_dimensions(values, options_.dimension_text);
                break;
            case Key::dimension: {
                const auto name = std::string_view{piece.text}.substr(dimension_prefix.size());
                const auto found =
                    std::ranges::find(values.dimensions, name,
                                      [](const auto& d) -> std::string_view { return d.first; });
                if (found == values.dimensions.end()) {
                    throw Error{Errc::invalid_argument,
                                fmt::format("path template '{}': no dimension '{}'", text_, name)};
                }
                path += shown(found->second, options_.dimension_text);
                break;
            }
            default:
                piece.format.append(path, number(*piece.key, grid, key));
        }
    }
    return path;
}

std::optional<PathTemplate::Match> PathTemplate::match(std::string_view path) const {
    Match match;
    int steps_left = match_steps;
    if (!match_from(0, path, match, steps_left)) {
        return std::nullopt;
    }
    return match;
}

/// Try the shortest text for each key first, and take a choice back when the rest does not fit.
bool PathTemplate::match_from(std::size_t first_piece, std::string_view rest, Match& match,
                              int& steps_left) const {
    if (first_piece == pieces_.size()) {
        return rest.empty();
    }
    const auto& piece = pieces_[first_piece];
    if (!piece.key) {
        return rest.starts_with(piece.text) &&
               match_from(first_piece + 1, rest.substr(piece.text.size()), match, steps_left);
    }
    const bool is_last = first_piece + 1 == pieces_.size();
    for (auto length = is_last ? rest.size() : 0; length <= rest.size(); ++length) {
        if (--steps_left < 0) {
            return false;
        }
        auto trial = match;
        if (accept(piece, rest.substr(0, length), trial) &&
            match_from(first_piece + 1, rest.substr(length), trial, steps_left)) {
            match = std::move(trial);
            return true;
        }
    }
    return false;
}

bool PathTemplate::accept(const Piece& piece, std::string_view text, Match& match) const {
    if (*piece.key >= Key::quadkey) {
        return match.texts.emplace(piece.text, text).first->second == text;
    }
    const auto value = piece.format.match(text);
    if (!value || (*piece.key == Key::top && *value != options_.top)) {
        return false;
    }
    return match.numbers.emplace(piece.text, *value).first->second == *value;
}

namespace {

/// Half-open: the numbers of one axis.
struct Span {
    std::int64_t begin = 0;
    std::int64_t end = 0;

    Span both(const Span& other) const {
        return {std::max(begin, other.begin), std::min(end, other.end)};
    }
};

/// `span` counted from the other side of `size`.
Span inverted(const Span& span, std::int64_t size) {
    return {size - span.end, size - span.begin};
}

/// The numbers whose share of `size`, in parts of `parts`, is `part`: the inverse of
/// `n * parts / size`.
Span share(std::int64_t part, std::int64_t parts, std::int64_t size) {
    const auto first = [&](std::int64_t p) { return (p * size + parts - 1) / parts; };
    return {first(part), first(part + 1)};
}

}  // namespace

TileRange PathTemplate::range_of(const Match& match, const Grid& grid, int z) const {
    const auto width = grid.matrix_width(z);
    const auto height = grid.matrix_height(z);
    Span columns{0, width};
    Span rows{0, height};  // from the origin
    for (const auto& [name, value] : match.numbers) {
        if (value > max_count) {
            return {z, 0, 0, 0, 0};  // no matrix is that large; a name may say anything
        }
        const auto key = key_named(name);
        const auto block = [&](std::int64_t count, bool is_divided) {
            const auto first = is_divided ? value * count : value;
            return first % count == 0 ? Span{first, first + count} : Span{};
        };
        const auto top = options_.top;
        const bool has_top = top < grid.levels();
        switch (key.value_or(Key::z)) {
            case Key::z:
                columns = value == z ? columns : Span{};
                break;
            case Key::inv_z:
                columns = value == grid.levels() - 1 - z ? columns : Span{};
                break;
            case Key::x:
            case Key::div_x:
                columns = columns.both(block(options_.xcount, key == Key::div_x));
                break;
            case Key::inv_x:
            case Key::inv_div_x: {
                const bool is_scaled = key == Key::inv_x && options_.counts_inv_x_in_rows;
                const auto blocks = is_scaled
                                        ? Span{value / options_.ycount * options_.xcount,
                                               (value / options_.ycount + 1) * options_.xcount}
                                        : block(options_.xcount, key == Key::inv_div_x);
                columns = columns.both(inverted(blocks, width));
                break;
            }
            case Key::y:
            case Key::div_y:
                rows = rows.both(block(options_.ycount, key == Key::div_y));
                break;
            case Key::inv_y:
            case Key::inv_div_y:
                rows = rows.both(inverted(block(options_.ycount, key == Key::inv_div_y), height));
                break;
            case Key::top_x:
            case Key::inv_top_x:
                if (has_top) {
                    const auto tops = grid.matrix_width(top);
                    columns = columns.both(
                        share(key == Key::top_x ? value : tops - 1 - value, tops, width));
                }
                break;
            case Key::top_y:
            case Key::inv_top_y:
                if (has_top) {
                    const auto tops = grid.matrix_height(top);
                    rows = rows.both(
                        share(key == Key::top_y ? value : tops - 1 - value, tops, height));
                }
                break;
            case Key::top:
            case Key::quadkey:
            case Key::tileset:
            case Key::grid:
            case Key::ext:
            case Key::all_dimensions:
            case Key::dimension:
                break;
        }
    }
    if (columns.begin >= columns.end || rows.begin >= rows.end) {
        return {z, 0, 0, 0, 0};
    }
    if (grid.origin() == Grid::Origin::bottom_left) {
        rows = inverted(rows, height);
    }
    return {z, columns.begin, rows.begin, columns.end, rows.end};
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
    for (const auto& [name, value] : std::views::reverse(values.dimensions)) {
        text += text.empty() ? "" : "#";
        text += value;
    }
    return text;
}

}  // namespace offgrid
