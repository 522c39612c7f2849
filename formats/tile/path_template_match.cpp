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
    if (part < 0 || part >= parts) {
        return {};
    }
    const auto first = [&](std::int64_t p) {
        return path_template_share(p, size, parts, parts - 1);
    };
    return {first(part), first(part + 1)};
}

/// The block of `count` numbers with that index, none where no matrix reaches.
Span block_at(std::int64_t index, std::int64_t count) {
    return index <= path_template_max_number / count ? Span{index * count, (index + 1) * count}
                                                     : Span{};
}

/// The block of `count` numbers that starts there, none where no block starts.
Span block_from(std::int64_t first, std::int64_t count) {
    return first % count == 0 ? Span{first, first + count} : Span{};
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

/// The tiles of a zoom that a match leaves. Rows count from the origin.
struct PathTemplate::Tiles {
    int z = 0;
    Span columns{};
    Span rows{};
};

/// Leave those of which the key says the value.
void PathTemplate::narrow(Tiles& tiles, Key key, std::int64_t value, const Grid& grid) const {
    auto& [z, columns, rows] = tiles;
    const auto width = grid.matrix_width(z);
    const auto height = grid.matrix_height(z);
    const auto [xcount, ycount] = std::pair{options_.xcount, options_.ycount};
    const bool has_top = options_.top < grid.levels();
    const auto top_width = has_top ? grid.matrix_width(options_.top) : 0;
    const auto top_height = has_top ? grid.matrix_height(options_.top) : 0;
    switch (key) {
        case Key::z:
            columns = value == z ? columns : Span{};
            break;
        case Key::inv_z:
            columns = value == grid.levels() - 1 - z ? columns : Span{};
            break;
        case Key::x:
            columns = columns.both(block_from(value, xcount));
            break;
        case Key::div_x:
            columns = columns.both(block_at(value, xcount));
            break;
        case Key::inv_x:
            columns = columns.both(inverted(options_.counts_inv_x_in_rows
                                                ? block_at(value / ycount, xcount)
                                                : block_from(value, xcount),
                                            width));
            break;
        case Key::inv_div_x:
            columns = columns.both(inverted(block_at(value, xcount), width));
            break;
        case Key::y:
            rows = rows.both(block_from(value, ycount));
            break;
        case Key::div_y:
            rows = rows.both(block_at(value, ycount));
            break;
        case Key::inv_y:
            rows = rows.both(inverted(block_from(value, ycount), height));
            break;
        case Key::inv_div_y:
            rows = rows.both(inverted(block_at(value, ycount), height));
            break;
        case Key::top_x:
        case Key::inv_top_x:
            columns = has_top
                          ? columns.both(share(key == Key::top_x ? value : top_width - 1 - value,
                                               top_width, width))
                          : columns;
            break;
        case Key::top_y:
        case Key::inv_top_y:
            rows = has_top ? rows.both(share(key == Key::top_y ? value : top_height - 1 - value,
                                             top_height, height))
                           : rows;
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

TileRange PathTemplate::range_of(const Match& match, const Grid& grid, int z) const {
    const auto height = grid.matrix_height(z);
    Tiles tiles{z, {0, grid.matrix_width(z)}, {0, height}};
    auto& [_, columns, rows] = tiles;
    if (const auto quadkey = match.texts.find("quadkey"); quadkey != match.texts.end()) {
        narrow_to_quadkey(quadkey->second, z, columns, rows);
    }
    for (const auto& [name, value] : match.numbers) {
        if (value > path_template_max_number) {
            return {z, 0, 0, 0, 0};  // no matrix is that large; a name may say anything
        }
        if (const auto key = key_named(name)) {
            narrow(tiles, *key, value, grid);
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
