#pragma once

#include "formats/package/replace.h"
#include "sync/reply.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace offgrid {

/// What a replace did.
struct ReplaceReport {
    std::string layer;
    std::uint64_t generation = 0;
    std::vector<FileChange> files;
    bool is_drained = false;               ///< no request uses the previous generation any more
    std::chrono::milliseconds drained{0};  ///< how long that took, or how long was waited
};

/// The answer to a replace that succeeded.
Reply report_reply(const ReplaceReport& report);

}  // namespace offgrid
