#pragma once

#include <chrono>
#include <cstddef>

namespace offgrid {

/// How far the requests that use a state of the layers which is no longer current have ended. A
/// value.
struct Drain {
    bool is_complete = false;             ///< none uses it any more
    std::chrono::milliseconds waited{0};  ///< until then, or in vain
    std::size_t leases = 0;               ///< of requests that still use it
};

}  // namespace offgrid
