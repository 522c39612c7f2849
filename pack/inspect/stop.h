#pragma once

#include "formats/base/error.h"

#include <atomic>

namespace offgrid {

/// Throws `interrupted` when someone asked to stop.
inline void check_stop(const std::atomic<bool>& is_stopped) {
    if (is_stopped) {
        throw Error{Errc::interrupted, "interrupted"};
    }
}

}  // namespace offgrid
