#pragma once

#include "formats/package/depot.h"

#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// The installed layer that a request for `layer` means by a file of that name: the layer itself,
/// or that one of its tilesets, `layer@GRIDSET@EXT`, which may have such a file. Throws `not_found`
/// for an unknown layer, `invalid_argument` where none may.
std::string target_layer(const Generation& generation, const std::string& layer,
                         std::string_view file);

/// Whether `name` is the layer or one of its tilesets.
bool is_layer_or_tileset(std::string_view name, std::string_view layer);

/// The hash of the list of a layer's files; where tilesets of it are installed, of all their lists.
/// Nothing when neither is installed.
std::optional<std::string> sha256_of_layer(const Generation& generation, const std::string& layer);

/// The same of one installed layer without its tilesets.
std::optional<std::string> sha256_of_installed(const Generation& generation,
                                               const std::string& layer);

}  // namespace offgrid
