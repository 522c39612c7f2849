#pragma once

#include "formats/config/declarations.h"

namespace offgrid::config {

/// Read a `<tileset>` into the declarations. One whose tiles nothing here can read, because of its
/// cache or of a dimension, is noted and left out.
void parse_tileset(const XmlElement& element, Declarations& declarations);

}  // namespace offgrid::config
