#pragma once

#include "formats/package/manifest.h"
#include "formats/tile/range.h"

#include <functional>

namespace offgrid {

/// A file of a package and what its name says that it covers.
struct PlacedFile {
    const PackageFile* file = nullptr;  ///< valid as long as the manifest
    TileRange tiles{};                  ///< at the lowest zoom that its pyramids have
    Box box{};                          ///< of these, in the SRS of the grid
};

/// Visit the files of a package in the order of their names until `visit` returns false. Opens
/// none. What no pyramids of the manifest name is left out.
void visit_placed_files(const Manifest& manifest,
                        const std::function<bool(const PlacedFile& placed)>& visit);

}  // namespace offgrid
