#pragma once

#include <string>
#include <string_view>

namespace offgrid::http {

/// The text with `A` to `Z` in lower case, whatever the locale.
std::string lower_case(std::string_view text);

bool equal_ignoring_case(std::string_view one, std::string_view other);

/// The text without spaces, tabs and line ends at either end.
std::string_view trimmed(std::string_view text);

/// The beginning of what a server said, fit for a message: at most 200 characters of printable
/// ASCII on one line.
std::string excerpt(std::string_view text);

}  // namespace offgrid::http
