#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid::http {

using Time = std::chrono::system_clock::time_point;

/// `20130524T000000Z`, as AWS and Google write the time of a signature.
std::string basic_time(Time time);

/// The time that a header says, in any of the three forms of HTTP; nothing when it says none.
std::optional<Time> parse_http_time(std::string_view text);

}  // namespace offgrid::http
