#pragma once

#include <functional>
#include <string_view>

namespace offgrid {

/// Where a part of the server reports what its operator should know; one line without its end.
/// Called from any thread.
using Log = std::function<void(std::string_view line)>;

}  // namespace offgrid
