#pragma once

#include "formats/tile/grid.h"
#include "formats/tile/integer_format.h"
#include "formats/tile/key.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// What a path says about a tile besides its address, in the order in which the dimensions are
/// declared.
struct PathValues {
    std::string tileset{};
    std::string extension{};
    std::vector<std::pair<std::string, std::string>> dimensions{};  ///< name and value
};

/// How the values of dimensions appear in a path. `{dim}` has all of them, last declared first.
enum class DimensionText {
    values,  ///< `#value` each; `.` and `/` become `#` (MapCache: sqlite3, tiff)
    paths,   ///< `#value` each; `../` becomes `#` and what else would lead out of the folder, but
             ///< `/` stays, so that a value may name folders (MapCache: sqlite3 with
             ///< `allow_path_in_dim`)
    pairs,   ///< `#name#value` each; `.` and `/` become `#` (MapCache: disk)
    raw_pairs,  ///< `#name#value` each, as they are: for URLs, which are escaped as a whole
    joined,     ///< values with `#` between them, as they are: for keys, never for file names
};

/// How a PathTemplate counts. A value.
struct PathTemplateOptions {
    std::int64_t xcount = 0;  ///< columns of tiles a file holds; 0: the x keys are not available
    std::int64_t ycount = 0;  ///< rows of tiles a file holds; 0: the y keys are not available
    int top = 0;              ///< zoom of the top tiles; 0: the top keys are not available
    DimensionText dimension_text = DimensionText::values;
    bool has_one_key_per_axis = false;  ///< where `{x}` is, `{inv_x}` stays as it is written; y and
                                        ///< z likewise (MapCache: disk, rest, key-value)
    bool replaces_texts_once = false;   ///< of `{tileset}`, `{grid}`, `{dim}` and each `{dim:NAME}`
                                        ///< only the first is replaced (MapCache: sqlite3, tiff)
    bool counts_inv_x_in_rows = false;  ///< `{inv_x}` is multiplied by `ycount` (MapCache: tiff)
    bool wraps_at_32_bits = false;      ///< `{top_x}` and `{top_y}` of deep tiles of deep tops come
                                        ///< out wrong, as MapCache's arithmetic gives them

    /// Key (`top`, `x`, `inv_y` …) to a printf integer format as MapCache's `KEY_fmt` attributes
    /// give it: `%d`, `%i`, `%u`, `%x` or `%X` with an optional `0` flag and width, and text around
    /// it. Default `%d`.
    std::map<std::string, std::string, std::less<>> formats{};

    /// Names of keys that stay in the path as they are written: those that the cache does not know.
    std::vector<std::string> unknown_keys{};

    friend bool operator==(const PathTemplateOptions&, const PathTemplateOptions&) = default;
};

// clang-format off
/// The language of every file name, key and URL of a tile store: text with keys in braces.
///
///     {z} {inv_z}                 zoom, and counted from the deepest level
///     {x} {y}                     first column and row of the block of xcount by ycount tiles
///     {div_x} {div_y}             the block's own column and row
///     {inv_x} {inv_y}             as {x} {y}, in blocks counted from the far edge of the matrix
///     {inv_div_x} {inv_div_y}     as {div_x} {div_y}, counted from the far edge
///     {top} {top_x} {top_y}       zoom, column and row of the top tile (z-top, MapCache RFC 130)
///     {inv_top_x} {inv_top_y}     the same counted from the far edge
///     {quadkey}                   the quadtree path of x, y, z
///     {tileset} {grid} {ext}      texts
///     {dim} {dim:NAME}            the values of all dimensions (see DimensionText); of one
///
/// Rows count from the grid's origin as in MapCache, not from the north. All arithmetic is 64-bit,
/// so deep tiles of deep tops do not wrap. A key that the options do not provide stays in the path
/// as it is written, as in MapCache.
///
/// A template renders paths and matches them back. Values are text, never patterns: nothing reaches
/// printf, and in file names (DimensionText `values`, `paths` and `pairs`) no dimension value can
/// leave its folder, and several slashes are one. Immutable; safe for
/// concurrent use.
// clang-format on
class PathTemplate {
public:
    /// What a path says, key by key: numbers for the counted keys, text for the others.
    struct Match {
        std::map<std::string, std::int64_t, std::less<>> numbers;
        std::map<std::string, std::string, std::less<>> texts;
    };

    /// Throws `invalid_argument` naming the text when a format is no integer format or a count is
    /// negative.
    explicit PathTemplate(std::string text, PathTemplateOptions options = {});

    const std::string& text() const { return text_; }
    const PathTemplateOptions& options() const { return options_; }

    /// The path of the tile. REQUIRES: the grid contains the tile and has the top zoom.
    std::string render(const Grid& grid, const TileKey& key, const PathValues& values = {}) const;

    /// The template of the paths of one slice: its texts stand in place of their keys, so that only
    /// keys of the address are left.
    PathTemplate with_texts(const Grid& grid, const PathValues& values) const;

    /// The template of each component of the path, where a `/` in the text parts them: what the
    /// names in folders are matched with. The first is empty where paths are absolute; one slash
    /// counts as many. REQUIRES: a template from `with_texts`.
    std::vector<PathTemplate> components() const;

    /// Whether any part of a path depends on the tile or the slice.
    bool has_keys() const;

    /// What the whole path says, or nothing when this template cannot have made it. A key that
    /// occurs twice must say the same both times.
    std::optional<Match> match(std::string_view path) const;

    /// Whether a path of this template can begin with the text.
    bool can_begin_with(std::string_view text) const;

    /// The tiles of a zoom whose path says the same as the match: what a file holds at that zoom.
    /// Empty when the path belongs to another zoom. REQUIRES: 0 <= z < grid.levels().
    TileRange range_of(const Match& match, const Grid& grid, int z) const;

    /// Two number keys with nothing between them that tells where one ends, so that tiles can share
    /// a path; nothing when there are none.
    std::optional<std::pair<std::string, std::string>> keys_run_together(const Grid& grid) const;

    /// The deepest folder that every path lies in: the literal text up to the last `/` before the
    /// first key.
    std::string_view folder() const;

    /// Whether the file of that name is where the tile belongs.
    bool places(const Grid& grid, const TileKey& key, std::string_view path,
                const PathValues& values = {}) const {
        return render(grid, key, values) == path;
    }

private:
    enum class Key;

    /// A stretch of literal text, or a key.
    struct Piece {
        std::optional<Key> key;
        std::string text;  ///< the literal, or the name in the braces
        IntegerFormat format;
    };

    bool gives_way(std::string_view name) const;
    std::optional<Key> key_named(std::string_view name) const;
    std::int64_t number(Key key, const Grid& grid, const TileKey& tile) const;
    void append_text(std::string& path, const Piece& piece, const Grid& grid,
                     const PathValues& values) const;
    enum class Extent { whole, beginning };
    bool match_from(std::size_t first_piece, std::string_view rest, Extent extent, Match& match,
                    int& steps_left) const;
    bool accept(const Piece& piece, std::string_view text, Match& match) const;
    struct Tiles;
    void narrow(Tiles& tiles, Key key, std::int64_t value, const Grid& grid) const;
    static bool zooms_run_into(const Piece& zoom, const Piece& index, const Grid& grid);

    std::string text_;
    PathTemplateOptions options_;
    std::vector<Piece> pieces_;
};

/// The values of all dimensions with `#` between them, last declared first; empty without
/// dimensions. What MapCache binds as `:dim` and writes into keys.
std::string joined_dimensions(const PathValues& values);

}  // namespace offgrid
