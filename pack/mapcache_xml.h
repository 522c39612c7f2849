#pragma once

#include "formats/package/manifest.h"
#include "formats/tile/box.h"

#include <string>

namespace offgrid {

/// The configuration with which MapCache (1.14 on) serves a package folder as it is, read-only.
/// File names are relative to the folder. `box` is what the layer covers, in the units of the grid.
std::string mapcache_xml(const Manifest& manifest, const Box& box);

}  // namespace offgrid
