#include "sync/rest/tilesets.h"

#include "formats/gwc/formats.h"
#include "formats/tile/tile_format.h"

#include <algorithm>
#include <set>
#include <utility>

namespace offgrid {
namespace {

constexpr std::string_view mixed_format = "image/vnd.jpeg-png";

std::string media_type_of(const Manifest& manifest) {
    return manifest.format ? gwc::format_of_extension(extension_of(*manifest.format))
                           : std::string{mixed_format};
}

std::string media_type_of(const LayerSource& source) {
    const auto& encoding = source.pack.encoding;
    if (!encoding) {
        return "";
    }
    const auto format = tile_format_of(*encoding);
    return format ? gwc::format_of_extension(extension_of(*format)) : std::string{mixed_format};
}

/// The name in its parts, `LAYER@GRIDSET@EXT`, or as a layer alone.
Tileset named(const std::string& name) {
    Tileset tileset{.name = name, .layer = name};
    const auto last = name.rfind('@');
    const auto first =
        last == std::string::npos || last == 0 ? std::string::npos : name.rfind('@', last - 1);
    if (first != std::string::npos && first > 0) {
        tileset.layer = name.substr(0, first);
        tileset.grid_set = name.substr(first + 1, last - first - 1);
        tileset.format = gwc::format_of_extension(name.substr(last + 1));
    }
    return tileset;
}

void complete(Tileset& tileset, const GridRef& grid, std::string format) {
    tileset.grid = grid;
    if (tileset.format.empty()) {
        tileset.format = std::move(format);
    }
    const auto* const stated = grid_of_set(tileset.grid_set);
    const bool is_of_another = stated != nullptr && stated->name() != grid->name();
    if (tileset.grid_set.empty() || is_of_another) {
        tileset.grid_set = grid_set_name(*grid);  // coordinates are in the grid that it really has
    }
}

bool is_in_srs(const Grid& grid, std::string_view srs) {
    return grid.srs() == srs ||
           std::ranges::find(grid.srs_aliases(), srs) != grid.srs_aliases().end();
}

bool is_in_grid_set(const Tileset& tileset, const std::string& grid_set) {
    return tileset.grid_set == grid_set || tileset.grid->name() == grid_set ||
           (tileset.name == tileset.layer && is_in_srs(*tileset.grid, grid_set));
}

bool has_format(const Tileset& tileset, const std::string& format) {
    return tileset.format.empty() || tileset.format == format ||
           (tileset.format == mixed_format && (format == "image/png" || format == "image/jpeg"));
}

bool has_parameters(const Tileset& tileset, const std::string& id) {
    return tileset.installed &&
           std::ranges::any_of(tileset.installed->pyramids, [&](const Pyramids& pyramids) {
               return pyramids.names.find(id) != std::string::npos;
           });
}

}  // namespace

Tilesets::Tilesets(const Generation& generation, const LayerSources& sources) {
    for (const auto& [name, manifest] : generation.layers) {
        auto tileset = named(name);
        complete(tileset, manifest.grid, media_type_of(manifest));
        tileset.installed = manifest;
        tileset.is_seedable = sources.contains(name);
        tilesets_.push_back(std::move(tileset));
    }
    for (const auto& [name, source] : sources) {
        if (!generation.layers.contains(name)) {
            auto tileset = named(name);
            complete(tileset, source.grid, media_type_of(source));
            tileset.is_seedable = true;
            tilesets_.push_back(std::move(tileset));
        }
    }
}

std::vector<std::string> Tilesets::layers() const {
    std::set<std::string> names;
    for (const auto& tileset : tilesets_) {
        names.insert(tileset.layer);
    }
    return {names.begin(), names.end()};
}

std::vector<Tileset> Tilesets::of(std::string_view layer) const {
    std::vector<Tileset> found;
    std::ranges::copy_if(tilesets_, std::back_inserter(found), [&](const Tileset& tileset) {
        return tileset.layer == layer || tileset.name == layer;
    });
    return found;
}

std::vector<Tileset> chosen(std::vector<Tileset> tilesets, const TilesetChoice& choice) {
    std::erase_if(tilesets, [&](const Tileset& tileset) {
        const bool is_meant =
            (choice.grid_set.empty() || is_in_grid_set(tileset, choice.grid_set)) &&
            (choice.srs_number.empty() || is_in_srs(*tileset.grid, "EPSG:" + choice.srs_number)) &&
            (choice.format.empty() || has_format(tileset, choice.format)) &&
            (choice.parameters_id.empty() || has_parameters(tileset, choice.parameters_id));
        return !is_meant;
    });
    return tilesets;
}

std::string grid_set_name(const Grid& grid) {
    if (&grid == &Grid::google_maps_compatible()) {
        return "EPSG:900913";
    }
    return &grid == &Grid::wgs84() ? "EPSG:4326" : grid.name();
}

const Grid* grid_of_set(std::string_view grid_set) {
    for (const auto* const grid : {&Grid::google_maps_compatible(), &Grid::wgs84()}) {
        if (grid_set_name(*grid) == grid_set || grid->name() == grid_set ||
            is_in_srs(*grid, grid_set)) {
            return grid;
        }
    }
    return Grid::find(grid_set);
}

}  // namespace offgrid
