#include "formats/disk/disk_paths.h"

#include "formats/base/error.h"
#include "formats/tile/one_path_per_tile.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace offgrid {
namespace {

/// How many tiles lie below a name of `tilecache`, along the one axis that its depth counts.
constexpr std::array<std::int64_t, 7> tilecache_steps{0, 1'000'000, 1'000, 1, 1'000'000, 1'000, 1};

/// From this depth on the names of `tilecache` count rows.
constexpr std::size_t first_row_depth = 4;

/// Further than any grid reaches; keeps the arithmetic on foreign names within 64 bits.
constexpr std::int64_t largest_number = std::int64_t{1} << 32;

/// The value of a dimension as the name of a folder.
std::string folder_name(const std::string& value, const Grid& grid) {
    static constexpr std::string_view mark = "#";
    const PathTemplate name{"{dim}", {.dimension_text = DimensionText::values}};
    return name.render(grid, {}, {.dimensions = {{"", value}}}).substr(mark.size());
}

PathTemplateOptions counts(std::string_view z, std::string_view x, std::string_view y) {
    return {.xcount = 1,
            .ycount = 1,
            .formats = {{"z", std::string{z}}, {"x", std::string{x}}, {"y", std::string{y}}}};
}

}  // namespace

DiskPaths::DiskPaths(const DiskOptions& options, const TilesetSlice& slice)
    : grid_{*slice.info.grid}, extension_{"." + slice.values.extension} {
    if (options.layout == DiskLayout::by_template) {
        const PathTemplate names{options.path_template,
                                 {.xcount = 1,
                                  .ycount = 1,
                                  .dimension_text = DimensionText::pairs,
                                  .has_one_key_per_axis = true}};
        check_one_path_per_tile(names, grid_, slice.values);
        template_ = names.with_texts(grid_, slice.values);
        names_ = template_->components();
        take_root();
        home_ = root_;
        return;
    }
    if (options.base.empty()) {
        throw Error{
            Errc::invalid_argument,
            fmt::format("cache of tileset '{}' on disk: no folder is named", slice.values.tileset)};
    }
    home_ = root_ = options.base.string();
    const auto folder = fmt::format("{}/{}/{}", home_, slice.values.tileset, grid_.name());
    blanks_ = folder + "/blanks/";
    if (options.layout != DiskLayout::worldwind) {
        root_ = folder;
        const auto& dimensions = slice.values.dimensions;
        for (auto each = dimensions.rbegin(); each != dimensions.rend(); ++each) {
            root_ += '/' + folder_name(each->second, grid_);
        }
    }
    before_ = root_ + '/';
    if (options.layout != DiskLayout::tilecache) {
        const PathTemplate names =
            options.layout == DiskLayout::arcgis
                ? PathTemplate{"L{z}/R{y}/C{x}.{ext}", counts("%02d", "%08x", "%08x")}
                : PathTemplate{"{z}/{y}/{y}_{x}.{ext}", counts("%d", "%04d", "%04d")};
        template_ = names.with_texts(grid_, slice.values);
        names_ = template_->components();
    }
}

/// Move the folders that all paths have in common from the names to the root.
void DiskPaths::take_root() {
    auto first = names_.begin();
    for (; std::next(first) != names_.end() && !first->has_keys(); ++first) {
        root_ += (first == names_.begin() ? "" : "/") + first->render(grid_, {});
    }
    const bool is_absolute = template_->text().starts_with('/');
    names_.erase(names_.begin(), first);
    if (root_.empty()) {
        root_ = is_absolute ? "/" : ".";
    }
}

std::string DiskPaths::path_of(const TileKey& key) const {
    if (template_) {
        return before_ + template_->render(grid_, key);
    }
    auto path = before_;
    path.reserve(before_.size() + 40);
    for (std::size_t depth = 0; depth < tilecache_depth; ++depth) {
        path += depth == 0 ? "" : "/";
        append_tilecache_name(path, depth, key);
    }
    return path;
}

std::string DiskPaths::path_of_blank(const BlankColour& colour) const {
    const auto& [blue, green, red, alpha] = colour.bgra;
    return fmt::format("{}{:02X}{:02X}{:02X}{:02X}{}", blanks_, blue, green, red, alpha,
                       extension_);
}

std::string DiskPaths::name_at(std::size_t depth, const TileKey& key) const {
    if (template_) {
        return names_[depth].render(grid_, key);
    }
    std::string name;
    append_tilecache_name(name, depth, key);
    return name;
}

void DiskPaths::append_tilecache_name(std::string& out, std::size_t depth,
                                      const TileKey& key) const {
    if (depth == 0) {
        fmt::format_to(std::back_inserter(out), "{:02}", key.z);
        return;
    }
    const auto number = depth < first_row_depth ? key.x : grid_.row_from_origin(key);
    const auto part = number / tilecache_steps[depth];
    const bool is_first = tilecache_steps[depth] == tilecache_steps[1];
    three_digits_.append(out, is_first ? part : part % 1'000);
    if (depth + 1 == tilecache_depth) {
        out += extension_;
    }
}

std::optional<TileRange> DiskPaths::tiles_below(std::size_t depth, std::string_view name,
                                                const TileRange& folder) const {
    if (!template_) {
        return tilecache_tiles_below(depth, name, folder);
    }
    const auto match = names_[depth].match(name);
    if (!match) {
        return std::nullopt;
    }
    const auto tiles = intersection(names_[depth].range_of(*match, grid_, folder.z), folder);
    return tiles.is_empty() ? std::nullopt : std::optional{tiles};
}

/// Of the tiles of a folder, those whose column or row lies in the part that the name counts.
std::optional<TileRange> DiskPaths::tilecache_tiles_below(std::size_t depth, std::string_view name,
                                                          const TileRange& folder) const {
    if (depth == 0) {
        return name == name_at(0, {.z = folder.z}) ? std::optional{folder} : std::nullopt;
    }
    if (depth + 1 == tilecache_depth) {
        if (!name.ends_with(extension_)) {
            return std::nullopt;
        }
        name.remove_suffix(extension_.size());
    }
    const auto part = three_digits_.match(name);
    const auto step = tilecache_steps[depth];
    const bool is_first = step == tilecache_steps[1];
    if (!part || *part >= (is_first ? largest_number / step : 1'000)) {
        return std::nullopt;
    }
    auto tiles = folder;
    if (depth < first_row_depth) {
        tiles.min_x = (is_first ? 0 : folder.min_x) + *part * step;
        tiles.max_x = tiles.min_x + step;
    } else if (grid_.origin() == Grid::Origin::top_left) {
        tiles.min_y = (is_first ? 0 : folder.min_y) + *part * step;
        tiles.max_y = tiles.min_y + step;
    } else {
        tiles.max_y = (is_first ? grid_.matrix_height(folder.z) : folder.max_y) - *part * step;
        tiles.min_y = tiles.max_y - step;
    }
    return tiles;
}

}  // namespace offgrid
