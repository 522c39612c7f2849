#include "serve/package_files.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace offgrid {
namespace {

/// Pyramids with their template, parsed once for all files.
struct NamedPyramids {
    const Pyramids* pyramids = nullptr;
    PathTemplate names;
};

/// What the file covers at the lowest zoom of the pyramids or, where its name has a zoom, at that
/// one.
std::optional<TileRange> tiles_of(const NamedPyramids& named, const PackageFile& file,
                                  const Grid& grid) {
    const auto match = named.names.match(file.name);
    if (!match) {
        return std::nullopt;
    }
    for (const int z :
         {std::max(named.pyramids->min_zoom, named.pyramids->options.top), file.min_zoom}) {
        if (z < grid.levels()) {
            if (const auto range = named.names.range_of(*match, grid, z); !range.is_empty()) {
                return range;
            }
        }
    }
    return std::nullopt;
}

}  // namespace

void visit_placed_files(const Manifest& manifest,
                        const std::function<bool(const PlacedFile& placed)>& visit) {
    const auto& grid = *manifest.grid;
    std::vector<NamedPyramids> named;
    for (const auto& pyramids : manifest.pyramids) {
        named.push_back({&pyramids, PathTemplate{pyramids.names, pyramids.options}});
    }
    for (const auto& file : manifest.files) {
        const auto found = std::ranges::find_if(named, [&](const NamedPyramids& some) {
            return file.min_zoom >= some.pyramids->min_zoom &&
                   file.min_zoom <= some.pyramids->max_zoom;
        });
        const auto tiles = found == named.end() ? std::nullopt : tiles_of(*found, file, grid);
        if (tiles && !visit({&file, *tiles, grid.box_of(*tiles)})) {
            return;
        }
    }
}

}  // namespace offgrid
