#pragma once

#include "formats/package/manifest.h"
#include "formats/tile/box.h"

#include <string>
#include <string_view>

namespace offgrid {

/// The name of the configuration in a package folder.
inline constexpr std::string_view mapcache_xml_name = "mapcache.xml";

/// The configuration with which MapCache (1.14 on) serves a package folder as it is, read-only.
/// File names are relative to the folder. `box` is what the layer covers, in the units of the grid.
std::string mapcache_xml(const Manifest& manifest, const Box& box);

}  // namespace offgrid
