#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// `Fri, 24 May 2013 00:00:00 GMT`: the IMF-fixdate of RFC 9110, section 5.6.7, whatever the
/// locale.
std::string http_date(std::chrono::sys_seconds time);

/// The second that an IMF-fixdate says; nothing for any other text, the obsolete forms of the RFC
/// included: a client that sends one gets an answer once more than needed.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace offgrid
