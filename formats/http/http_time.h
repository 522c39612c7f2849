#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid::http {

using Time = std::chrono::system_clock::time_point;

/// `20130524T000000Z`, as AWS and Google write the time of a signature.
std::string basic_time(Time time);

/// `Fri, 24 May 2013 00:00:00 GMT`, as HTTP writes times (RFC 9110, section 5.6.7).
std::string http_time(Time time);

/// The time that a header says, in any of the three forms of HTTP; nothing when it says none.
std::optional<Time> parse_http_time(std::string_view text);

}  // namespace offgrid::http
