#include "formats/config/tile_tree.h"

#include "formats/base/bytes.h"
#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/base/parse_number.h"
#include "formats/base/text.h"
#include "formats/config/xml_element.h"
#include "formats/disk/disk_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace offgrid::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view tms_description = "tilemapresource.xml";
constexpr std::string_view json_description = "metadata.json";
constexpr std::size_t max_json_bytes = std::size_t{1} << 20;

/// A folder is not searched for its first tile longer than that.
constexpr int max_looks = 64;

bool are_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

enum class Layout { xyz, tilecache, arcgis };

std::optional<int> zoom_in(std::string_view name, Layout layout) {
    if (layout == Layout::arcgis) {
        if (name.size() != 3 || name.front() != 'L') {
            return std::nullopt;
        }
        name.remove_prefix(1);
    }
    const bool is_zoom = name.size() <= 2 && are_digits(name) &&
                         (layout == Layout::xyz || name.size() == 2) &&
                         (layout != Layout::xyz || name.size() == 1 || name.front() != '0');
    return is_zoom ? parse_number<int>(name) : std::nullopt;
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator entry{folder, failure}; !failure && entry != end(entry);
         entry.increment(failure)) {
        names.push_back(entry->path().filename().string());
        if (names.size() >= 100'000) {
            break;
        }
    }
    return names;
}

/// The first name of a folder that the predicate likes, of the first few.
template <typename Predicate>
std::optional<std::string> name_like(const fs::path& folder, const Predicate& is_liked) {
    std::error_code failure;
    int looks = 0;
    for (fs::directory_iterator entry{folder, failure};
         !failure && entry != end(entry) && looks < max_looks; entry.increment(failure), ++looks) {
        if (auto name = entry->path().filename().string(); is_liked(name)) {
            return name;
        }
    }
    return std::nullopt;
}

/// The extension of tile files called by a prefix and a number.
std::optional<std::string> extension_in(const fs::path& folder, std::string_view prefix,
                                        std::size_t digits) {
    const auto file = name_like(folder, [&](std::string_view name) {
        const auto dot = name.find('.');
        const auto stem = name.substr(0, dot);
        const auto number = stem.substr(std::min(prefix.size(), stem.size()));
        return dot != std::string_view::npos && stem.starts_with(prefix) &&
               (digits == 0 ? are_digits(number) : number.size() == digits) &&
               format_named(name.substr(dot + 1));
    });
    return file ? std::optional{file->substr(file->find('.') + 1)} : std::nullopt;
}

/// Follow one folder of each depth down to a tile; its extension.
std::optional<std::string> extension_below(fs::path folder, Layout layout) {
    const auto descend = [&](const auto& is_liked) {
        const auto name = name_like(folder, is_liked);
        folder /= name.value_or("");
        return name.has_value();
    };
    switch (layout) {
        case Layout::xyz:
            return descend(are_digits) ? extension_in(folder, "", 0) : std::nullopt;
        case Layout::arcgis:
            return descend([](std::string_view name) {
                return name.size() == 9 && name.front() == 'R';
            })
                       ? extension_in(folder, "C", 8)
                       : std::nullopt;
        case Layout::tilecache:
            for (int depth = 0; depth < 5; ++depth) {
                const auto is_part = [](std::string_view name) {
                    return name.size() >= 3 && are_digits(name);
                };
                if (!descend(is_part)) {
                    return std::nullopt;
                }
            }
            return extension_in(folder, "", 0);
    }
    return std::nullopt;
}

/// What the names of a folder tell.
struct Tree {
    Layout layout = Layout::xyz;
    std::vector<int> zooms{};  ///< ascending
    std::string extension{};
};

std::optional<Tree> recognise(const fs::path& folder, const std::vector<std::string>& names) {
    for (const auto layout : {Layout::tilecache, Layout::xyz, Layout::arcgis}) {
        Tree tree{.layout = layout};
        int looks = 0;
        for (const auto& name : names) {
            const auto zoom = zoom_in(name, layout);
            if (!zoom) {
                continue;
            }
            if (tree.extension.empty() && looks++ < max_looks) {
                tree.extension = extension_below(folder / name, layout).value_or("");
            }
            tree.zooms.push_back(*zoom);
        }
        if (!tree.extension.empty()) {
            std::ranges::sort(tree.zooms);
            return tree;
        }
    }
    return std::nullopt;
}

/// Where the zooms of an ArcGIS cache are.
fs::path tiles_folder(const fs::path& folder) {
    std::error_code failure;
    return fs::is_directory(folder / "_alllayers", failure) ? folder / "_alllayers" : folder;
}

/// What a folder says of its tiles.
struct Description {
    StoreInfo info{};
    bool counts_from_south = false;
};

/// The built-in grid whose resolution at a zoom is that, and whose tiles have so many pixels.
const Grid* grid_with(std::string_view srs, int zoom, double resolution, int tile_size) {
    for (const auto* const grid : Grid::built_in()) {
        const bool is_srs = grid->srs() == srs || std::ranges::count(grid->srs_aliases(), srs) > 0;
        if (is_srs && grid->tile_size() == tile_size && zoom < grid->levels() &&
            std::abs(grid->resolution(zoom) / resolution - 1) < 1e-6) {
            return grid;
        }
    }
    return nullptr;
}

Description describe_tms(const fs::path& file) {
    const XmlDocument document{file};
    const auto root = document.root();
    const auto format = root.child("TileFormat");
    const auto sets = root.child("TileSets");
    const auto set = sets ? sets->child("TileSet") : std::nullopt;
    if (!format || !set) {
        root.fail("no TileFormat or no TileSet");
    }
    const auto number = [](const XmlElement& element, const char* name) {
        return parse_number<double>(element.attribute(name).value_or("")).value_or(0);
    };
    const auto zoom = parse_number<int>(set->attribute("order").value_or("")).value_or(-1);
    const auto* const grid =
        grid_with(root.child_text("SRS"), zoom < 0 ? Grid::max_levels : zoom,
                  number(*set, "units-per-pixel"), static_cast<int>(number(*format, "width")));
    if (grid == nullptr) {
        throw Error{Errc::unsupported,
                    fmt::format("{}: its tiles are those of no built-in grid", file.string())};
    }
    return {.info = {.grid = grid,
                     .name = root.child_text("Title"),
                     .description = root.child_text("Abstract")},
            .counts_from_south = true};
}

Description describe_json(const fs::path& file) {
    const auto content = read_file(file, max_json_bytes);
    const auto json = nlohmann::json::parse(as_text(content), nullptr, false);
    if (!json.is_object()) {
        throw Error{Errc::corrupt, fmt::format("{} is no JSON object", file.string())};
    }
    const auto text = [&](const char* name) {
        const auto found = json.find(name);
        return found != json.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string{};
    };
    return {.info = {.name = text("name"),
                     .description = text("description"),
                     .attribution = text("attribution")},
            .counts_from_south = text("scheme") == "tms"};
}

/// What the name of a folder tells of its grid.
Description describe_by_name(const fs::path& folder, Layout layout) {
    const auto name = lower_case(folder.filename().string());
    const bool is_geographic = name.ends_with("4326") || name.find("wgs84") != std::string::npos;
    return {.info = {.grid = is_geographic ? &Grid::wgs84() : &Grid::google_maps_compatible()},
            .counts_from_south = layout == Layout::tilecache && !name.ends_with("3857")};
}

Description describe(const fs::path& folder, Layout layout) {
    if (fs::exists(folder / tms_description)) {
        return describe_tms(folder / tms_description);
    }
    if (fs::exists(folder / json_description)) {
        auto described = describe_json(folder / json_description);
        described.info.grid = describe_by_name(folder, layout).info.grid;
        return described;
    }
    return describe_by_name(folder, layout);
}

/// The names of the tiles as PathTemplate and DiskPaths have them: from the grid's origin.
DiskOptions options_of(const fs::path& folder, Layout layout, bool counts_from_south,
                       const Grid& grid) {
    const bool is_southern = grid.origin() == Grid::Origin::bottom_left;
    const auto* const row = counts_from_south == is_southern ? "{y}" : "{inv_y}";
    if (folder.string().find_first_of("{}") != std::string::npos) {
        throw Error{
            Errc::unsupported,
            fmt::format("{}: a folder of tiles may have no brace in its path", folder.string())};
    }
    return {.layout = layout == Layout::xyz      ? DiskLayout::by_template
                      : layout == Layout::arcgis ? DiskLayout::arcgis
                                                 : DiskLayout::tilecache,
            .base = folder.parent_path().parent_path(),
            .path_template = fmt::format("{}/{{z}}/{{x}}/{}.{{ext}}", folder.string(), row)};
}

/// The grid under the name of the last folder and with the origin from which it counts: so the
/// layouts of MapCache name their folders.
GridRef named_after(const fs::path& folder, const Grid& grid, bool counts_from_south) {
    Grid::Definition definition{
        .name = folder.filename().string(),
        .srs = grid.srs(),
        .srs_aliases = grid.srs_aliases(),
        .unit = grid.unit(),
        .extent = grid.extent(),
        .tile_size = grid.tile_size(),
        .origin = counts_from_south ? Grid::Origin::bottom_left : Grid::Origin::top_left};
    for (int z = 0; z < grid.levels(); ++z) {
        definition.resolutions.push_back(grid.resolution(z));
    }
    return GridRef{Grid{std::move(definition)}};
}

}  // namespace

bool is_tile_tree(const fs::path& folder, const std::vector<std::string>& names) {
    if (std::ranges::count(names, "_alllayers") > 0) {
        return recognise(folder / "_alllayers", names_in(folder / "_alllayers")).has_value();
    }
    return recognise(folder, names).has_value();
}

bool is_tile_tree(const fs::path& folder) {
    return is_tile_tree(folder, names_in(folder));
}

std::unique_ptr<TileReader> open_tile_tree(const fs::path& path) {
    const auto folder = tiles_folder(fs::canonical(path));
    const auto tree = recognise(folder, names_in(folder));
    if (!tree) {
        throw Error{Errc::not_found, fmt::format("{} has no tiles", path.string())};
    }
    auto described = describe(folder, tree->layout);
    auto& info = described.info;
    const auto& grid = *info.grid;
    const auto options = options_of(folder, tree->layout, described.counts_from_south, grid);
    info.format = format_named(tree->extension);
    info.min_zoom = std::min(tree->zooms.front(), grid.levels() - 1);
    info.max_zoom = std::min(tree->zooms.back(), grid.levels() - 1);
    if (tree->layout != Layout::xyz) {
        info.grid = named_after(folder, grid, described.counts_from_south);
    }
    return std::make_unique<DiskReader>(
        options, TilesetSlice{.info = info,
                              .values = {.tileset = folder.parent_path().filename().string(),
                                         .extension = tree->extension}});
}

}  // namespace offgrid::config
