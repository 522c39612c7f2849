#pragma once

#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// Say that the answer depends on a header of the request too (RFC 9110, 12.5.5).
void add_vary(Response& response, std::string_view header);

}  // namespace offgrid
