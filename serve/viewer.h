#pragma once

#include "serve/request.h"

#include <optional>
#include <string_view>

namespace offgrid {

/// The part of the viewer at the path, `/` being its page, or nothing. All parts are inside the
/// program, so that it works with the network cut; README.md of serve/web says what they are.
std::optional<Response> viewer_part(std::string_view path);

}  // namespace offgrid
