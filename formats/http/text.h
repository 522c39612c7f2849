#pragma once

#include <string>
#include <string_view>

namespace offgrid::http {

/// The beginning of what a server said, fit for a message: at most 200 characters of printable
/// ASCII on one line.
std::string excerpt(std::string_view text);

}  // namespace offgrid::http
