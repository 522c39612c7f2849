#pragma once

#include "formats/tile/grid_ref.h"
#include "pack/options.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace offgrid {

/// What one layer is packed from, and how: an entry of the file of sources. A value. README.md here
/// has the format.
struct LayerSource {
    PackOptions pack{};  ///< files with their whole path; without an output or a layer
    GridRef grid = &Grid::google_maps_compatible();  ///< that `pack` names

    friend bool operator==(const LayerSource&, const LayerSource&) = default;
};

/// By the name of the layer in the depot.
using LayerSources = std::map<std::string, LayerSource>;

/// Read the content of a file of sources; relative paths in it start at `folder`. Throws
/// `invalid_argument` naming the layer and the field that is wrong, unknown ones included.
LayerSources parse_layer_sources(std::string_view json, const std::filesystem::path& folder);

/// Read a file of sources. Errors name the file.
LayerSources load_layer_sources(const std::filesystem::path& file);

}  // namespace offgrid
