#include "pack/inspect/expected_files.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_set>

namespace offgrid {
namespace {

/// Blocks along one side of a zoom, and names, beyond which nothing is counted.
constexpr std::size_t max_edges = std::size_t{1} << 20;
constexpr std::size_t max_distinct_names = std::size_t{1} << 22;

/// The blocks of one zoom that share a file, within the selected range: block i reaches from edge i
/// to edge i + 1.
struct Blocks {
    int z = 0;
    std::vector<std::int64_t> x_edges{};
    std::vector<std::int64_t> y_edges{};

    std::size_t columns() const { return x_edges.size() - 1; }
    std::size_t rows() const { return y_edges.size() - 1; }
    TileRange range(std::size_t column, std::size_t row) const {
        return range(column, row, column + 1, row + 1);
    }
    TileRange range(std::size_t min_column, std::size_t min_row, std::size_t max_column,
                    std::size_t max_row) const {
        return {z, x_edges[min_column], y_edges[min_row], x_edges[max_column], y_edges[max_row]};
    }
};

class ExpectedFiles {
public:
    ExpectedFiles(const FileSet& set, const Selection& selection, int max_zoom)
        : names_{set.files->names()},
          values_{set.files->values()},
          selection_{selection},
          ranges_{selection.ranges()} {
        std::erase_if(ranges_, [&](const TileRange& range) {
            return range.z > max_zoom || !std::ranges::binary_search(set.zooms, range.z);
        });
    }

    /// Find the blocks. False when there are too many.
    bool find_blocks() {
        for (const auto& range : ranges_) {
            Blocks blocks{.z = range.z};
            if (!find_edges(range, &TileKey::x, &TileRange::max_x, range.min_x, blocks.x_edges) ||
                !find_edges(range, &TileKey::y, &TileRange::max_y, range.min_y, blocks.y_edges)) {
                return false;
            }
            blocks_.push_back(std::move(blocks));
        }
        return true;
    }

    /// Whether each zoom has files of its own.
    bool differ_by_zoom() const {
        return std::ranges::any_of(
            std::initializer_list<std::string_view>{"{z}", "{inv_z}", "{quadkey}"},
            [&](std::string_view key) { return names_.text().find(key) != std::string::npos; });
    }

    /// REQUIRES: they differ by zoom.
    std::int64_t count() const {
        std::int64_t count = 0;
        for (const auto& blocks : blocks_) {
            count += count_blocks(blocks, 0, 0, blocks.columns(), blocks.rows());
        }
        return count;
    }

    /// Visit the name of each file, of files that zooms share more than once, until the visitor
    /// says false.
    void for_each(const std::function<bool(std::string name)>& visit) const {
        const Blocks* previous = nullptr;
        for (const auto& blocks : blocks_) {
            if (!selection_.has_region() && previous != nullptr && are_same(*previous, blocks)) {
                continue;
            }
            previous = &blocks;
            for (std::size_t row = 0; row < blocks.rows(); ++row) {
                for (std::size_t column = 0; column < blocks.columns(); ++column) {
                    if (selection_.meets(blocks.range(column, row)) &&
                        !visit(name_of(blocks, column, row))) {
                        return;
                    }
                }
            }
        }
    }

    /// Whether the selection needs the file of that name.
    bool needs(const std::string& name) const {
        const auto match = names_.match(name);
        return match && std::ranges::any_of(ranges_, [&](const TileRange& range) {
                   return selection_.meets(names_.range_of(*match, selection_.grid(), range.z));
               });
    }

private:
    bool find_edges(const TileRange& range, std::int64_t TileKey::*axis,
                    std::int64_t TileRange::*end, std::int64_t first,
                    std::vector<std::int64_t>& edges) const {
        const auto last = range.*end;
        TileKey key{range.z, range.min_x, range.min_y};
        for (auto edge = first; edge < last;) {
            if (edges.size() >= max_edges) {
                return false;
            }
            edges.push_back(edge);
            key.*axis = edge;
            const auto match = names_.match(names_.render(selection_.grid(), key, values_));
            const auto block = match ? names_.range_of(*match, selection_.grid(), range.z)
                                     : TileRange{.z = range.z};
            if (!block.contains(key)) {
                return false;  // the names do not say what is in them
            }
            edge = block.*end;
        }
        edges.push_back(last);
        return true;
    }

    std::string name_of(const Blocks& blocks, std::size_t column, std::size_t row) const {
        return names_.render(selection_.grid(),
                             {blocks.z, blocks.x_edges[column], blocks.y_edges[row]}, values_);
    }

    /// Whether two zooms lie in the same files: as many blocks from the same first to the same
    /// last.
    bool are_same(const Blocks& one, const Blocks& other) const {
        return one.columns() == other.columns() && one.rows() == other.rows() &&
               name_of(one, 0, 0) == name_of(other, 0, 0) &&
               name_of(one, one.columns() - 1, one.rows() - 1) ==
                   name_of(other, other.columns() - 1, other.rows() - 1);
    }

    std::int64_t count_blocks(const Blocks& blocks, std::size_t min_column, std::size_t min_row,
                              std::size_t max_column, std::size_t max_row) const {
        const auto columns = max_column - min_column;
        const auto rows = max_row - min_row;
        const auto count = static_cast<std::int64_t>(columns * rows);
        if (!selection_.has_region()) {
            return count;
        }
        const auto range = blocks.range(min_column, min_row, max_column, max_row);
        if (!selection_.meets(range)) {
            return 0;
        }
        if (count == 1 || selection_.count(range) == range.count()) {
            return count;
        }
        if (columns >= rows) {
            const auto middle = min_column + columns / 2;
            return count_blocks(blocks, min_column, min_row, middle, max_row) +
                   count_blocks(blocks, middle, min_row, max_column, max_row);
        }
        const auto middle = min_row + rows / 2;
        return count_blocks(blocks, min_column, min_row, max_column, middle) +
               count_blocks(blocks, min_column, middle, max_column, max_row);
    }

    const PathTemplate& names_;
    const PathValues values_;
    const Selection& selection_;
    std::vector<TileRange> ranges_;
    std::vector<Blocks> blocks_;
};

}  // namespace

void MissingFiles::add(const MissingFiles& other, std::size_t max_names) {
    is_counted = is_counted && other.is_counted;
    expected += other.expected;
    missing += other.missing;
    for (const auto& name : other.names) {
        if (names.size() < max_names) {
            names.push_back(name);
        }
    }
}

MissingFiles missing_files(const FileSet& set, const Selection& selection, int max_zoom,
                           const std::vector<std::string>& present, std::size_t max_names) {
    MissingFiles result;
    ExpectedFiles files{set, selection, max_zoom};
    result.is_counted = files.find_blocks();
    if (!result.is_counted) {
        return result;
    }
    if (files.differ_by_zoom()) {
        result.expected = files.count();
    } else {
        std::unordered_set<std::string> distinct;
        files.for_each([&](std::string name) {
            distinct.insert(std::move(name));
            return distinct.size() < max_distinct_names;
        });
        result.is_counted = distinct.size() < max_distinct_names;
        result.expected = static_cast<std::int64_t>(distinct.size());
    }
    result.missing = result.expected - std::ranges::count_if(present, [&](const std::string& name) {
                         return files.needs(name);
                     });
    const std::unordered_set<std::string> there{present.begin(), present.end()};
    const auto wanted =
        std::min<std::int64_t>(result.missing, static_cast<std::int64_t>(max_names));
    std::unordered_set<std::string> seen;
    files.for_each([&](std::string name) {
        if (static_cast<std::int64_t>(result.names.size()) < wanted && !there.contains(name) &&
            seen.insert(name).second) {
            result.names.push_back(std::move(name));
        }
        return static_cast<std::int64_t>(result.names.size()) < wanted;
    });
    return result;
}

}  // namespace offgrid
