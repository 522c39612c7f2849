#pragma once

#include "formats/gwc/tileset_id.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::gwc {

/// Which files are meant: those of all the names that are given. Texts as GeoWebCache has them, not
/// escaped. A value.
struct FileQuery {
    std::optional<std::string> layer{};
    std::optional<std::string> grid_set{};
    std::optional<std::string> format{};
    std::optional<std::string> parameters_id{};  ///< empty: files without parameters
    std::optional<Parameters> parameters{};      ///< of terms that name one
};

/// What the name of a file says of the tiles in it.
struct FileName {
    std::optional<int> z{};           ///< nothing: the name does not tell
    std::optional<std::int64_t> x{};  ///< of its first column
    std::optional<std::int64_t> y{};  ///< of its first row, from the south
    std::string with_other_layer{};   ///< the name with another layer, where one was asked for
};

/// GeoWebCache's language of file names (MbtilesBlobStore `templatePath`): text with terms in
/// braces, relative to the root of the store.
///
///     {layer} {grid} {format}   names, escaped
///     {params}                  the id of the parameters, or `null`
///     {z} {x} {y}               zoom, first column and first row, from the south, of the block of
///                               tiles that a file holds
///     {anything else}           the value of that request parameter, whatever its case, or `null`
///
/// Terms may be written in any case; `\` is `/`. Of the named terms each may occur once.
///
/// Names are rendered and matched back by comparing escaped texts, never as patterns. A value that
/// is empty or only dots is refused where it would be a whole component, so that no path leaves the
/// root. Immutable; safe for concurrent use.
class FileTemplate {
public:
    enum class Term { layer, grid_set, format, parameters, z, x, y };

    /// Throws `invalid_argument` for a text that is no template, naming the term.
    FileTemplate(std::string_view text, std::int64_t columns, std::int64_t rows);

    const std::string& text() const { return text_; }
    std::int64_t columns() const { return columns_; }
    std::int64_t rows() const { return rows_; }
    bool has(Term term) const;

    /// Whether the two stand in one component, where it takes a name to tell them apart.
    bool are_side_by_side(Term one, Term other) const;

    /// How many components a path has.
    std::size_t depth() const { return components_.size(); }

    /// The path of the file that holds the tile. Throws `invalid_argument` for a name that no path
    /// can have.
    std::string render(const TilesetId& id, const SouthTile& tile) const;

    /// The names of the tileset in place of their terms, with `{z}`, `{x}` and `y_key` for the
    /// others: a text for offgrid::PathTemplate. Throws as `render`, and for names with braces.
    std::string render_names(const TilesetId& id, std::string_view y_key) const;

    /// Whether the name can be the component of that index, from 0, of a file that is meant.
    bool matches_component(std::size_t index, std::string_view name, const FileQuery& query) const;

    /// What the path says, or nothing when it is not of a file that is meant.
    std::optional<FileName> match(std::string_view path, const FileQuery& query,
                                  const std::optional<std::string>& other_layer = {}) const;

    /// The files of the tiles of the ranges, each with the parts of the ranges that it holds.
    /// Throws `too_large` when there are more than `max_files`.
    std::map<std::string, std::vector<SouthRange>> parts_of(const TilesetId& id,
                                                            std::span<const SouthRange> ranges,
                                                            std::size_t max_files) const;

    /// The part of the range that a file of that name holds; empty when none.
    SouthRange part_of(const FileName& name, const SouthRange& range) const;

    /// Whether the part is all that a file can hold.
    bool fills(const FileName& name, const SouthRange& part) const;

private:
    /// Literal text, a term, or a parameter.
    struct Piece {
        std::optional<Term> term{};
        std::string parameter{};  ///< its name in lower case; empty: none
        std::string literal{};
    };
    using Component = std::vector<Piece>;
    using Texts = std::vector<std::string>;

    void add_component(std::string_view text);
    Piece parse_term(std::string_view name);
    std::string value_of(const Piece& piece, const TilesetId& id) const;
    template <typename Number>
    std::string render_with(const TilesetId& id, const Number& number_of) const;
    bool accepts(const Piece& piece, std::string_view text, const FileQuery& query) const;
    bool match_from(const Component& component, std::size_t piece, std::string_view rest,
                    const FileQuery& query, Texts& texts, int& steps_left) const;
    static void read_numbers(const Component& component, const Texts& texts, FileName& found);
    std::optional<Texts> match_component(std::size_t index, std::string_view name,
                                         const FileQuery& query) const;

    std::string text_;
    std::int64_t columns_;
    std::int64_t rows_;
    std::vector<Component> components_;
};

}  // namespace offgrid::gwc
