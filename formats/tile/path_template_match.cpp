#include "formats/tile/path_template.h"
#include "formats/tile/path_template_keys.h"

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

/// A path that needs more trials than this to match is not one of ours; bounds the work on hostile
/// names.
constexpr int match_steps = 10'000;

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

/// What a quadkey says of column and row; nothing for one of another zoom. Where the matrix is
/// wider than two to the zoom, tiles share quadkeys, and it says nothing.
void narrow_to_quadkey(std::string_view digits, int z, Span& columns, Span& rows) {
    if (digits.size() != static_cast<std::size_t>(z)) {
        columns = {};
        return;
    }
    const auto side = std::int64_t{1} << std::min(z, 32);
    if (columns.end > side || rows.end > side) {
        return;
    }
    std::int64_t x = 0;
    std::int64_t y = 0;
    for (const char digit : digits) {
        x = 2 * x + ((digit - '0') & 1);
        y = 2 * y + ((digit - '0') >> 1);
    }
    columns = columns.both({x, x + 1});
    rows = rows.both({y, y + 1});
}

}  // namespace

std::optional<PathTemplate::Match> PathTemplate::match(std::string_view path) const {
    Match match;
    int steps_left = match_steps;
    if (!match_from(0, path, Extent::whole, match, steps_left)) {
        return std::nullopt;
    }
    return match;
}

bool PathTemplate::can_begin_with(std::string_view text) const {
    Match match;
    int steps_left = match_steps;
    return match_from(0, text, Extent::beginning, match, steps_left);
}

/// Try the shortest text for each key first, and take a choice back when the rest does not fit.
bool PathTemplate::match_from(std::size_t first_piece, std::string_view rest, Extent extent,
                              Match& match, int& steps_left) const {
    if (rest.empty() && extent == Extent::beginning) {
        return true;
    }
    if (first_piece == pieces_.size()) {
        return rest.empty();
    }
    const auto& piece = pieces_[first_piece];
    if (!piece.key) {
        if (extent == Extent::beginning && piece.text.starts_with(rest)) {
            return true;
        }
        return rest.starts_with(piece.text) &&
               match_from(first_piece + 1, rest.substr(piece.text.size()), extent, match,
                          steps_left);
    }
    const bool is_last = first_piece + 1 == pieces_.size();
    for (auto length = is_last ? rest.size() : 0; length <= rest.size(); ++length) {
        if (--steps_left < 0) {
            return false;
        }
        const auto text = rest.substr(0, length);
        if (*piece.key < Key::quadkey && !piece.format.match(text)) {
            continue;  // before the copy, which costs more
        }
        auto trial = match;
        if (accept(piece, text, trial) &&
            match_from(first_piece + 1, rest.substr(length), extent, trial, steps_left)) {
            match = std::move(trial);
            return true;
        }
    }
    return false;
}

bool PathTemplate::accept(const Piece& piece, std::string_view text, Match& match) const {
    if (*piece.key == Key::quadkey && text.find_first_not_of("0123") != std::string_view::npos) {
        return false;
    }
    if (*piece.key >= Key::quadkey) {
        return match.texts.emplace(piece.text, text).first->second == text;
    }
    const auto value = piece.format.match(text);
    if (!value || (*piece.key == Key::top && *value != options_.top)) {
        return false;
    }
    return match.numbers.emplace(piece.text, *value).first->second == *value;
}

TileRange PathTemplate::range_of(const Match& match, const Grid& grid, int z) const {
    const auto width = grid.matrix_width(z);
    const auto height = grid.matrix_height(z);
    Span columns{0, width};
    Span rows{0, height};  // from the origin
    if (const auto quadkey = match.texts.find("quadkey"); quadkey != match.texts.end()) {
        narrow_to_quadkey(quadkey->second, z, columns, rows);
    }
    for (const auto& [name, value] : match.numbers) {
        if (value > path_template_max_count) {
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

}  // namespace offgrid
