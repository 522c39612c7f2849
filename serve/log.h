#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace offgrid {

/// Where a part of the server reports what its operator should know; one line without its end.
/// Called from any thread. Does not throw: a server outlives its log.
using Log = std::function<void(std::string_view line)>;

/// Writes to standard error, `program` before each line, control characters as `?`. What cannot be
/// written is lost.
Log stderr_log(std::string program);

}  // namespace offgrid
