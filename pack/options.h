#pragma once

#include "formats/image/encode.h"
#include "formats/tile/box.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {

enum class Overwrite { no, yes };

/// What `offgrid pack` is asked to do. A value.
struct PackOptions {
    /// Zooms from the first to the second, both included.
    using Zooms = std::pair<int, int>;

    std::vector<std::string> sources{};  ///< as GDAL names them; later ones lie on top
    std::filesystem::path output{};      ///< the package folder
    std::string layer{};                 ///< empty: the name of the output folder
    std::optional<Zooms> zooms{};        ///< nothing: 0 to the zoom nearest the source's resolution
    std::optional<int> top{};            ///< nothing: 8, or two above the deepest zoom if less
    std::optional<Encoding> encoding{};  ///< nothing: JPEG where sources are opaque, else PNG
    int quality = 75;                    ///< 1 to 100, for JPEG and WebP
    std::optional<Box> bbox{};           ///< longitude and latitude degrees; nothing: all
    std::optional<int> threads{};        ///< that read and encode; nothing: one a processor
    std::string attribution{};
    Overwrite overwrite = Overwrite::no;
};

}  // namespace offgrid
