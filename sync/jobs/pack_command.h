#pragma once

#include "sync/jobs/job.h"
#include "sync/jobs/layer_sources.h"

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid {

/// What of a source a request wants packed. A value.
struct PackScope {
    std::optional<ZoomSpan> zooms{};  ///< nothing: as `offgrid pack` chooses
    std::optional<Box> bounds{};      ///< longitude and latitude degrees; nothing: all of it
    bool is_whole = true;             ///< it is all that the source gives
};

/// The part of the source that the request names. Throws `invalid_argument` when that is nothing.
PackScope scope_of(const LayerSource& source, const JobRequest& request);

/// The arguments of the program `offgrid-pack` that pack the scope into the folder.
std::vector<std::string> pack_arguments(const std::string& layer, const LayerSource& source,
                                        const PackScope& scope,
                                        const std::filesystem::path& output);

/// The program beside the one that runs.
std::filesystem::path program_beside_this(const char* name);

}  // namespace offgrid
