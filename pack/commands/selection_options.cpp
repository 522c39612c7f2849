#include "pack/commands/selection_options.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "pack/command_line.h"
#include "pack/gdal_region.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace offgrid {
namespace {

/// More than any grid has: a list is not to grow without end.
constexpr int max_zoom = 63;

/// Whether the store may have tiles of the zoom.
bool takes_zoom(const config::StoreLocation& location, int z) {
    return z < location.info.grid->levels() && !location.limits(z).is_empty();
}

/// Whether the store says that it has tiles of the zoom.
bool has_zoom(const config::StoreLocation& location, int z) {
    return z >= location.info.min_zoom && z <= location.info.max_zoom && takes_zoom(location, z);
}

std::vector<int> zooms_of(const config::StoreLocation& location) {
    std::vector<int> zooms;
    for (int z = location.info.min_zoom; z <= location.info.max_zoom; ++z) {
        if (has_zoom(location, z)) {
            zooms.push_back(z);
        }
    }
    return zooms;
}

/// The zooms that are asked for, checked; or those of the source, where the destination has them.
std::vector<int> chosen_zooms(const SelectionRequest& request, const config::StoreLocation& source,
                              const config::StoreLocation* destination,
                              std::vector<std::string>& notes) {
    auto zooms = request.zooms;
    for (const int z : zooms) {
        if (!has_zoom(source, z)) {
            throw Error{Errc::invalid_argument,
                        fmt::format("--zoom {}: {} has zooms {}", z, source.text,
                                    fmt::join(zooms_of(source), ", "))};
        }
        if (destination != nullptr && !takes_zoom(*destination, z)) {
            throw Error{Errc::invalid_argument,
                        fmt::format("--zoom {}: {} does not take it", z, destination->text)};
        }
    }
    if (!zooms.empty()) {
        return zooms;
    }
    zooms = zooms_of(source);
    std::vector<int> left_out;
    std::erase_if(zooms, [&](int z) {
        const bool is_left_out = destination != nullptr && !takes_zoom(*destination, z);
        if (is_left_out) {
            left_out.push_back(z);
        }
        return is_left_out;
    });
    if (!left_out.empty()) {
        notes.push_back(
            fmt::format("{} does not take zoom {}", destination->text, fmt::join(left_out, ", ")));
    }
    return zooms;
}

}  // namespace

std::vector<int> parse_zoom_list(const std::string& text) {
    std::set<int> zooms;
    for (std::string_view rest = text; !rest.empty() || zooms.empty();) {
        const auto comma = std::min(rest.find(','), rest.size());
        const auto [low, high] = parse_zooms(std::string{rest.substr(0, comma)});
        if (low < 0 || low > high || high > max_zoom) {
            throw Error{Errc::invalid_argument,
                        fmt::format("--zoom {}: zooms go up from 0 to {}", text, max_zoom)};
        }
        for (int z = low; z <= high; ++z) {
            zooms.insert(z);
        }
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return {zooms.begin(), zooms.end()};
}

void SelectionOptions::add_to(CLI::App& app) {
    app.add_option("--zoom", zooms_, "A zoom, MIN-MAX, or a list of these: 0-4,7,9-12 [all]");
    app.add_option("--bbox", bbox_, "W,S,E,N in degrees, whatever the grid [everything]");
    app.add_option("--region", region_,
                   "File of polygons (GeoJSON, GeoPackage, Shapefile …): tiles that meet one");
    add_store_options_to(app);
}

void SelectionOptions::add_store_options_to(CLI::App& app) {
    app.add_option("--grid", grid_, "Name of a grid of the tileset [the first]");
    app.add_option("--dim", dimensions_, "NAME=VALUE of a dimension; may be repeated [defaults]")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

SelectionRequest SelectionOptions::read() const {
    SelectionRequest request{.region = region_, .grid = grid_};
    if (!zooms_.empty()) {
        request.zooms = parse_zoom_list(zooms_);
    }
    if (!bbox_.empty()) {
        request.bbox = parse_bbox(bbox_);
    }
    for (const auto& text : dimensions_) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw Error{Errc::invalid_argument, fmt::format("--dim {}: must be NAME=VALUE", text)};
        }
        const auto name = text.substr(0, equals);
        if (std::ranges::find(request.dimensions, name,
                              &std::pair<std::string, std::string>::first) !=
            request.dimensions.end()) {
            throw Error{Errc::invalid_argument, fmt::format("--dim {}: given twice", name)};
        }
        request.dimensions.emplace_back(name, text.substr(equals + 1));
    }
    return request;
}

std::optional<std::filesystem::path> config_file_of(const std::string& location) {
    const auto hash = location.rfind(".xml#");
    if (hash != std::string::npos) {
        return location.substr(0, hash + 4);
    }
    return location.ends_with(".xml") ? std::optional<std::filesystem::path>{location}
                                      : std::nullopt;
}

bool names_tileset(const std::string& location) {
    return config_file_of(location).has_value();
}

void require_dimensions_used(const SelectionRequest& request,
                             std::span<const std::string> locations) {
    if (!request.dimensions.empty() && std::ranges::none_of(locations, names_tileset)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--dim: {} is not a tileset of a mapcache.xml or geowebcache.xml, "
                                "which alone have dimensions",
                                fmt::join(locations, " and "))};
    }
}

config::LocationOptions location_options(const std::string& location,
                                         const SelectionRequest& request) {
    config::LocationOptions options{.grid = request.grid};
    if (config_file_of(location)) {
        options.dimensions = request.dimensions;
    }
    return options;
}

void require_there(const config::StoreLocation& source) {
    const auto& text = source.text;
    if (config_file_of(text) || text.find("://") != std::string::npos) {
        return;
    }
    const auto folder = text.substr(0, text.find('{'));
    const auto path = folder.size() == text.size()
                          ? std::filesystem::path{text}
                          : std::filesystem::path{folder + "x"}.parent_path();
    if (!path.empty() && !std::filesystem::exists(path)) {
        throw Error{Errc::not_found, fmt::format("{}: no such file or folder", path.string())};
    }
}

Selection select(const SelectionRequest& request, const config::StoreLocation& source,
                 const config::StoreLocation* destination, std::vector<std::string>& notes) {
    const auto& grid = *source.info.grid;
    std::optional<Box> box;
    if (request.bbox) {
        box = gdal::box_in_grid(*request.bbox, grid);
    }
    std::vector<TileRange> ranges;
    for (const int z : chosen_zooms(request, source, destination, notes)) {
        auto range = intersection(source.limits(z), grid.whole(z));
        if (destination != nullptr) {
            range = intersection(range, destination->limits(z));
        }
        if (box) {
            range = intersection(range, grid.range_of(z, *box));
        }
        ranges.push_back(range);
    }
    Selection selection{grid, std::move(ranges),
                        request.region.empty() ? nullptr : gdal::read_region(request.region, grid)};
    if (selection.is_empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{} can have no tile of what is selected", source.text)};
    }
    return selection;
}

}  // namespace offgrid
