#pragma once

#include "formats/package/replace.h"
#include "sync/drain.h"
#include "sync/reply.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// What a replace did, or in a dry run would do.
struct ReplaceReport {
    std::string layer{};  ///< as it was asked for
    std::uint64_t generation = 0;
    bool is_dry_run = false;
    std::vector<FileChange> files{};
    std::optional<std::string>
        layer_sha256{};  ///< of the list of the layer's files, as If-Match takes it; nothing where
                         ///< no single layer is meant
    Drain drain{};       ///< of the generation before
};

/// The answer to a replace that succeeded: JSON, or a line for those who want text.
Reply report_reply(const ReplaceReport& report, MessageForm form);

}  // namespace offgrid
