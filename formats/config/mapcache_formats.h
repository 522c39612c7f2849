#pragma once

#include "formats/config/declarations.h"

namespace offgrid::config {

/// The formats that MapCache has without being told: `PNG`, `PNG8`, `JPEG`, `mixed`.
std::map<std::string, Format, std::less<>> built_in_formats();

/// Read a `<format>` into the declarations. A later one of the same name wins, as in MapCache.
void parse_format(const XmlElement& element, Declarations& declarations);

/// The format of that name. Fails in the name of the element when there is none.
const Format& require_format(const XmlElement& element, const std::string& name,
                             const Declarations& declarations);

}  // namespace offgrid::config
