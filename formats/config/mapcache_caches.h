#pragma once

#include "formats/config/declarations.h"

namespace offgrid::config {

/// Read a `<cache>` into the declarations. A cache that nothing here can read, such as a TIFF cache
/// behind a web server, is noted and left out.
void parse_cache(const XmlElement& element, Declarations& declarations);

/// Remember where every cache of the file is declared, to tell a later one from an unknown one.
/// Fails for two of one name.
void find_cache_lines(const XmlElement& root, Declarations& declarations);

}  // namespace offgrid::config
