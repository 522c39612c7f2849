#pragma once

#include <string>
#include <string_view>

namespace offgrid {

/// The text with `A` to `Z` in lower case, whatever the locale.
std::string lower_case(std::string_view text);

/// Whether the texts differ in nothing but the case of `A` to `Z`, whatever the locale.
bool equals_ignoring_case(std::string_view one, std::string_view other);

/// The text without spaces, tabs and line ends at either end.
std::string_view trimmed(std::string_view text);

}  // namespace offgrid
