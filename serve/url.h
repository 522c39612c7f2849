#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// The text that is percent-encoded (RFC 3986, section 2.1), or nothing for a broken escape.
std::optional<std::string> percent_decoded(std::string_view text);

/// The text as one segment of a path: all but the unreserved characters of RFC 3986 is escaped.
std::string percent_encoded(std::string_view text);

/// Take what stands before the first slash off the text, and the slash.
std::string_view take_segment(std::string_view& text);

}  // namespace offgrid
