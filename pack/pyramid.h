#pragma once

#include "formats/image/image.h"
#include "formats/package/package_file.h"
#include "formats/tile/box.h"
#include "formats/tile/key.h"

#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// A part of a source that could not be read. A value.
struct Damage {
    std::string source{};
    std::string cause{};

    friend bool operator==(const Damage&, const Damage&) = default;
};

/// The box around both; an empty one counts for nothing.
inline Box joined(const Box& a, const Box& b) {
    return a.is_empty() ? b : b.is_empty() ? a : hull(a, b);
}

/// What a pack made below one tile of the top zoom: all that is needed to go on without making it
/// again. A value.
struct Pyramid {
    TileKey top{};
    std::optional<PackageFile> file{};  ///< nothing: it has no tiles
    std::optional<Image> image{};       ///< of the top tile, where zooms above are made from it
    Box shown{};                        ///< of its deepest tiles, in the units of the grid
    std::vector<Damage> damage{};
};

}  // namespace offgrid
