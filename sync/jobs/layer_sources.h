#pragma once

#include "formats/tile/box.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// What one layer is packed from, and how: an entry of the file of sources. A value. README.md here
/// has the format.
struct LayerSource {
    std::vector<std::string> rasters{};  ///< as GDAL names them; files with their whole path
    std::optional<int> min_zoom{};       ///< nothing: 0
    std::optional<int> max_zoom{};       ///< nothing: the zoom nearest the rasters' resolution
    std::optional<int> top{};            ///< zoom of the tiles that have a file each
    std::string format{};  ///< jpeg, png, webp or mixed; empty: as `offgrid pack` chooses
    std::optional<int> quality{};
    std::optional<Box> bounds{};  ///< longitude and latitude degrees
    std::optional<int> threads{};
    std::string attribution{};

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
