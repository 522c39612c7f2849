#include "formats/gwc/file_template.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/gwc/file_template_terms.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid::gwc {
namespace {

using Term = FileTemplate::Term;

constexpr std::array<std::pair<std::string_view, Term>, 7> terms{{{"layer", Term::layer},
                                                                  {"grid", Term::grid_set},
                                                                  {"format", Term::format},
                                                                  {"params", Term::parameters},
                                                                  {"z", Term::z},
                                                                  {"x", Term::x},
                                                                  {"y", Term::y}}};

Error invalid(std::string message) {
    return Error{Errc::invalid_argument, std::move(message)};
}

bool has_control_character(std::string_view text) {
    return std::ranges::any_of(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

bool is_number(Term term) {
    return term == Term::z || term == Term::x || term == Term::y;
}

std::string path_value(std::string_view what, std::string_view value) {
    auto text = escaped(value);
    if (text.empty() || text == "." || text == ".." || has_control_character(text)) {
        throw invalid(fmt::format("'{}' as {} cannot be part of a file name", value, what));
    }
    return text;
}

std::optional<std::string> parameter_of(const Parameters& parameters, std::string_view lower_name) {
    std::optional<std::string> found;
    int best = 0;
    for (const auto& [name, value] : parameters) {
        if (!equals_ignoring_case(name, lower_name)) {
            continue;
        }
        const bool is_upper =
            std::ranges::none_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
        const int rank = is_upper ? 3 : name == lower_name ? 2 : 1;
        if (rank > best) {
            found = value;
            best = rank;
        }
    }
    return found;
}

bool is_reserved(std::string_view path) {
    return path == "metadata.sqlite" || path.starts_with(".offgrid");
}

bool is_side_file(std::string_view name) {
    return name.ends_with("-journal") || name.ends_with("-wal") || name.ends_with("-shm");
}

FileTemplate::FileTemplate(std::string_view text, std::int64_t columns, std::int64_t rows)
    : text_{text}, columns_{columns}, rows_{rows} {
    if (columns < 1 || rows < 1) {
        throw invalid(fmt::format("a file cannot hold {} columns and {} rows", columns, rows));
    }
    std::ranges::replace(text_, '\\', '/');
    std::string_view rest = text_;
    while (!rest.empty()) {
        const auto slash = std::min(rest.find('/'), rest.size());
        if (slash > 0) {
            add_component(rest.substr(0, slash));
        }
        rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    if (components_.empty()) {
        throw invalid("an empty path template names no file");
    }
}

void FileTemplate::add_component(std::string_view text) {
    if (text == "." || text == ".." || has_control_character(text)) {
        throw invalid(fmt::format("path template '{}': '{}' names no file", text_, text));
    }
    auto& component = components_.emplace_back();
    while (!text.empty()) {
        const auto open = std::min(text.find('{'), text.size());
        if (text.substr(0, open).find('}') != std::string_view::npos) {
            throw invalid(fmt::format("path template '{}': a brace without its pair", text_));
        }
        if (open > 0) {
            component.push_back({.literal = std::string{text.substr(0, open)}});
            text.remove_prefix(open);
            continue;
        }
        const auto close = text.find('}');
        const auto name = text.substr(1, close == std::string_view::npos ? 0 : close - 1);
        if (close == std::string_view::npos || name.empty() ||
            name.find('{') != std::string_view::npos) {
            throw invalid(fmt::format("path template '{}': a brace without its pair", text_));
        }
        component.push_back(parse_term(name));
        text.remove_prefix(close + 1);
    }
}

FileTemplate::Piece FileTemplate::parse_term(std::string_view name) {
    const auto lower = lower_case(name);
    const auto* const known =
        std::ranges::find(terms, lower, &std::pair<std::string_view, Term>::first);
    if (known == terms.end()) {
        return {.parameter = lower};
    }
    if (has(known->second)) {
        throw invalid(
            fmt::format("path template '{}': the term '{}' appears several times", text_, lower));
    }
    return {.term = known->second};
}

bool FileTemplate::has(Term term) const {
    return are_side_by_side(term, term);
}

bool FileTemplate::are_side_by_side(Term one, Term other) const {
    return std::ranges::any_of(components_, [&](const Component& component) {
        const auto has = [&](Term term) {
            return std::ranges::any_of(component,
                                       [&](const Piece& piece) { return piece.term == term; });
        };
        return has(one) && has(other);
    });
}

std::string FileTemplate::value_of(const Piece& piece, const TilesetId& id) const {
    if (!piece.term) {
        const auto value = parameter_of(id.parameters, piece.parameter);
        return value ? path_value(fmt::format("parameter '{}'", piece.parameter), *value)
                     : std::string{no_value};
    }
    switch (*piece.term) {
        case Term::layer:
            return path_value("a layer", id.layer);
        case Term::grid_set:
            return path_value("a grid set", id.grid_set);
        case Term::format:
            return path_value("a format", id.format);
        case Term::parameters:
            return id.parameters.empty() ? std::string{no_value} : parameters_id(id.parameters);
        case Term::z:
        case Term::x:
        case Term::y:
            break;
    }
    return {};
}

template <typename Number>
std::string FileTemplate::render_with(const TilesetId& id, const Number& number_of) const {
    std::string path;
    for (const auto& component : components_) {
        const auto start = path.size() + (path.empty() ? 0 : 1);
        path += path.empty() ? "" : "/";
        for (const auto& piece : component) {
            const bool is_literal = !piece.term && piece.parameter.empty();
            path += is_literal                             ? piece.literal
                    : piece.term && is_number(*piece.term) ? number_of(*piece.term)
                                                           : value_of(piece, id);
        }
        const auto name = std::string_view{path}.substr(start);
        if (name == "." || name == ".." || name.size() > max_name_bytes) {
            throw invalid(fmt::format("'{}' cannot be the name of a file", name));
        }
    }
    if (is_reserved(path) || is_side_file(path)) {
        throw invalid(fmt::format("'{}' cannot be the name of a file of tiles", path));
    }
    return path;
}

std::string FileTemplate::render(const TilesetId& id, const SouthTile& tile) const {
    return render_with(id, [&](Term term) {
        return fmt::format("{}", term == Term::z   ? tile.z
                                 : term == Term::x ? tile.x / columns_ * columns_
                                                   : tile.y / rows_ * rows_);
    });
}

std::string FileTemplate::render_names(const TilesetId& id, std::string_view y_key) const {
    constexpr char any_key = '\x01';  // which no name can have
    auto text = render_with(id, [&](Term term) {
        return std::string{any_key, term == Term::z ? 'z' : term == Term::x ? 'x' : 'y'};
    });
    if (text.find_first_of("{}") != std::string::npos) {
        throw invalid(fmt::format("'{}' cannot be the name of a file: it has a brace", text));
    }
    std::string filled;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != any_key) {
            filled += text[i];
        } else {
            ++i;
            filled += text[i] == 'y' ? std::string{y_key} : fmt::format("{{{}}}", text[i]);
        }
    }
    return filled;
}

}  // namespace offgrid::gwc
