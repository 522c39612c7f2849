#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "formats/gwc/file_template.h"
#include "formats/gwc/file_template_terms.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid::gwc {
namespace {

using Term = FileTemplate::Term;

bool is_parameters_id(std::string_view text) {
    return text == no_value || (text.size() == 40 && std::ranges::all_of(text, [](char c) {
                                    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                                }));
}

/// Whether the text can be a format in a path: a media type with its slash escaped. So the names
/// before and after it end where they should.
bool is_format(std::string_view text) {
    return text.starts_with("image_") || text.starts_with("application_") ||
           text.starts_with("text_");
}

/// A number as it is rendered: no sign, no leading zeros.
std::optional<std::int64_t> index_in(std::string_view text) {
    const auto number = parse_number<std::int64_t>(text);
    const bool is_plain = number && *number >= 0 && (text.size() == 1 || text.front() != '0');
    return is_plain ? number : std::nullopt;
}

/// The part of a range of indices that lies in a block; all of it where the block is not known.
std::pair<std::int64_t, std::int64_t> clipped(std::optional<std::int64_t> first, std::int64_t count,
                                              std::int64_t min, std::int64_t max) {
    min = std::max<std::int64_t>(min, 0);
    return first ? std::pair{std::max(min, *first), std::min(max, *first + (count - 1))}
                 : std::pair{min, max};
}

}  // namespace

bool FileTemplate::accepts(const Piece& piece, std::string_view text,
                           const FileQuery& query) const {
    const auto is = [&](const std::optional<std::string>& name) { return text == escaped(*name); };
    if (!piece.term) {
        if (!query.parameters) {
            return !text.empty();
        }
        const auto value = parameter_of(*query.parameters, piece.parameter);
        return text == (value ? escaped(*value) : no_value);
    }
    const auto number = index_in(text);
    switch (*piece.term) {
        case Term::layer:
            return query.layer ? is(query.layer) : !text.empty();
        case Term::grid_set:
            return query.grid_set ? is(query.grid_set) : !text.empty();
        case Term::format:
            return query.format ? is(query.format) : is_format(text);
        case Term::parameters:
            return query.parameters_id ? text == (query.parameters_id->empty()
                                                      ? no_value
                                                      : std::string_view{*query.parameters_id})
                                       : is_parameters_id(text);
        case Term::z:
            return number && *number < 100;
        case Term::x:
            return number && *number % columns_ == 0;
        case Term::y:
            return number && *number % rows_ == 0;
    }
    return false;
}

bool FileTemplate::match_from(const Component& component, std::size_t index, std::string_view rest,
                              const FileQuery& query, Texts& texts, int& steps_left) const {
    if (--steps_left < 0) {
        return false;
    }
    if (index == component.size()) {
        return rest.empty();
    }
    const auto& piece = component[index];
    if (!piece.term && piece.parameter.empty()) {
        if (!rest.starts_with(piece.literal)) {
            return false;
        }
        texts.push_back(piece.literal);
        if (match_from(component, index + 1, rest.substr(piece.literal.size()), query, texts,
                       steps_left)) {
            return true;
        }
        texts.pop_back();
        return false;
    }
    for (std::size_t size = 1; size <= rest.size(); ++size) {
        const auto text = rest.substr(0, size);
        if (!accepts(piece, text, query)) {
            continue;
        }
        texts.emplace_back(text);
        if (match_from(component, index + 1, rest.substr(size), query, texts, steps_left)) {
            return true;
        }
        texts.pop_back();
    }
    return false;
}

std::optional<FileTemplate::Texts> FileTemplate::match_component(std::size_t index,
                                                                 std::string_view name,
                                                                 const FileQuery& query) const {
    const bool is_last = index + 1 == components_.size();
    if (index >= components_.size() || name.size() > max_name_bytes ||
        (index == 0 && name.starts_with(".offgrid")) || (is_last && is_side_file(name))) {
        return std::nullopt;
    }
    int steps_left = 20'000;
    Texts texts;
    return match_from(components_[index], 0, name, query, texts, steps_left) ? std::optional{texts}
                                                                             : std::nullopt;
}

bool FileTemplate::matches_component(std::size_t index, std::string_view name,
                                     const FileQuery& query) const {
    return match_component(index, name, query).has_value();
}

/// Where two numbers stand side by side, nobody can tell where one ends.
void FileTemplate::read_numbers(const Component& component, const Texts& texts, FileName& found) {
    for (std::size_t n = 0; n < component.size(); ++n) {
        const auto is_number_at = [&](std::size_t index) {
            return index < component.size() && component[index].term &&
                   is_number(*component[index].term);
        };
        const auto is_digits_at = [&](std::size_t index) {
            return is_number_at(index) || (index < component.size() && index_in(texts[index]));
        };
        if (!is_number_at(n) || is_digits_at(n + 1) || (n > 0 && is_digits_at(n - 1))) {
            continue;
        }
        const auto number = index_in(texts[n]);
        if (component[n].term == Term::x) {
            found.x = number;
        } else if (component[n].term == Term::y) {
            found.y = number;
        } else if (number) {
            found.z = static_cast<int>(*number);
        }
    }
}

std::optional<FileName> FileTemplate::match(std::string_view path, const FileQuery& query,
                                            const std::optional<std::string>& other_layer) const {
    FileName found;
    if (is_reserved(path)) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < components_.size(); ++i) {
        const auto slash = std::min(path.find('/'), path.size());
        const auto texts = match_component(i, path.substr(0, slash), query);
        const bool is_last = i + 1 == components_.size();
        if (!texts || is_last != (slash == path.size())) {
            return std::nullopt;
        }
        path.remove_prefix(std::min(slash + 1, path.size()));
        for (std::size_t n = 0; n < texts->size(); ++n) {
            found.with_other_layer += components_[i][n].term == Term::layer && other_layer
                                          ? path_value("a layer", *other_layer)
                                          : (*texts)[n];
        }
        read_numbers(components_[i], *texts, found);
        found.with_other_layer += is_last ? "" : "/";
    }
    return found;
}

// --- ranges

SouthRange FileTemplate::part_of(const FileName& name, const SouthRange& range) const {
    if (name.z && *name.z != range.z) {
        return {.z = range.z, .min_x = 0, .min_y = 0, .max_x = -1, .max_y = -1};
    }
    const auto [min_x, max_x] = clipped(name.x, columns_, range.min_x, range.max_x);
    const auto [min_y, max_y] = clipped(name.y, rows_, range.min_y, range.max_y);
    return {range.z, min_x, min_y, max_x, max_y};
}

bool FileTemplate::fills(const FileName& name, const SouthRange& part) const {
    return name.z && name.x && name.y && part.min_x == *name.x && part.min_y == *name.y &&
           part.max_x == *name.x + (columns_ - 1) && part.max_y == *name.y + (rows_ - 1);
}

std::map<std::string, std::vector<SouthRange>> FileTemplate::parts_of(
    const TilesetId& id, std::span<const SouthRange> ranges, std::size_t max_files) const {
    std::map<std::string, std::vector<SouthRange>> parts;
    std::size_t blocks = 0;
    for (auto range : ranges) {
        range.min_x = std::max<std::int64_t>(range.min_x, 0);
        range.min_y = std::max<std::int64_t>(range.min_y, 0);
        if (range.is_empty()) {
            continue;
        }
        const bool has_x = has(Term::x);
        const bool has_y = has(Term::y);
        for (auto y = has_y ? range.min_y / rows_ : 0; y <= (has_y ? range.max_y / rows_ : 0);
             ++y) {
            for (auto x = has_x ? range.min_x / columns_ : 0;
                 x <= (has_x ? range.max_x / columns_ : 0); ++x) {
                if (++blocks > max_files) {
                    throw Error{Errc::too_large,
                                fmt::format("the tiles are in more than {} files", max_files)};
                }
                const auto name = FileName{.z = range.z,
                                           .x = has_x ? std::optional{x * columns_} : std::nullopt,
                                           .y = has_y ? std::optional{y * rows_} : std::nullopt};
                parts[render(id, {range.z, x * columns_, y * rows_})].push_back(
                    part_of(name, range));
            }
        }
    }
    return parts;
}

}  // namespace offgrid::gwc
