#pragma once

#include "pack/options.h"

#include <string>

namespace offgrid {

/// What a pack makes, for those who go on with it: the same for all of its shards, another when an
/// option or a source is. A value.
struct PackIdentity {
    std::string job{};      ///< the options, as `to_json` of pack/job.h gives them
    std::string sources{};  ///< name, size and time of change of each

    friend bool operator==(const PackIdentity&, const PackIdentity&) = default;
};

PackIdentity identity_of(const PackOptions& options);

}  // namespace offgrid
