#include "formats/tile/path_template.h"
#include "formats/tile/path_template_keys.h"

#include <algorithm>

namespace offgrid {
namespace {

/// The largest index of a column or row in any zoom.
std::int64_t largest_index(const Grid& grid) {
    std::int64_t largest = 0;
    for (int z = 0; z < grid.levels(); ++z) {
        largest = std::max({largest, grid.matrix_width(z) - 1, grid.matrix_height(z) - 1});
    }
    return largest;
}

}  // namespace

/// Whether a zoom and what follows it read as a deeper zoom and another number: 2 10 as 21 0. The
/// smallest number after the deeper zoom asks least of the other.
bool PathTemplate::zooms_run_into(const Piece& zoom, const Piece& index, const Grid& grid) {
    const auto written = [](const IntegerFormat& format, std::int64_t number) {
        std::string text;
        format.append(text, number);
        return text;
    };
    for (int short_z = 0; short_z < grid.levels(); ++short_z) {
        const bool is_inverse = zoom.key == Key::inv_z;
        const auto z = is_inverse ? grid.levels() - 1 - short_z : short_z;
        const auto size = std::max(grid.matrix_width(z), grid.matrix_height(z));
        const auto begin = written(zoom.format, short_z);
        for (int long_z = 0; long_z < grid.levels(); ++long_z) {
            const auto text = written(zoom.format, long_z);
            if (long_z == short_z || !text.starts_with(begin)) {
                continue;
            }
            const auto number =
                index.format.match(text.substr(begin.size()) + written(index.format, 0));
            if (number && *number < size) {
                return true;
            }
        }
    }
    return false;
}

std::optional<std::pair<std::string, std::string>> PathTemplate::keys_run_together(
    const Grid& grid) const {
    const auto largest = largest_index(grid);
    const auto is_number = [](const Piece& piece) {
        return piece.key && *piece.key < Key::quadkey;
    };
    const auto occurs_again = [&](const Piece& piece) {
        return std::ranges::count(pieces_, piece.key, &Piece::key) > 1;
    };
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        const auto& first = pieces_[i];
        const bool is_parted = i + 1 < pieces_.size() && !pieces_[i + 1].key;
        const auto next = i + (is_parted ? 2 : 1);
        if (next >= pieces_.size() || !is_number(first) || !is_number(pieces_[next])) {
            continue;
        }
        const auto& second = pieces_[next];
        const bool is_zoom = first.key == Key::z || first.key == Key::inv_z;
        const bool is_fixed = first.format.has_one_width(is_zoom ? grid.levels() - 1 : largest);
        const auto between =
            first.format.after() + (is_parted ? pieces_[i + 1].text : "") + second.format.before();
        if (is_fixed || !IntegerFormat::is_all_digits(between) || first.key == second.key ||
            first.key == Key::top || occurs_again(first) || occurs_again(second)) {
            continue;
        }
        if (!is_zoom || !between.empty() || zooms_run_into(first, second, grid)) {
            return std::pair{first.text, second.text};
        }
    }
    return std::nullopt;
}

}  // namespace offgrid
