#pragma once

#include "sync/jobs/job.h"
#include "sync/jobs/layer_sources.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// What of a source a request wants packed. A value.
struct PackScope {
    PackOptions pack{};    ///< without an output or a layer
    bool is_whole = true;  ///< it is all that the source gives
};

/// The part of the source that the request names. In a grid whose SRS has no formula in `to_lonlat`
/// that is all of the world. Throws `invalid_argument` when it is nothing.
PackScope scope_of(const LayerSource& source, const JobRequest& request);

/// The arguments of the program `offgrid-pack` that pack the job in the file into the folder.
std::vector<std::string> pack_arguments(const std::filesystem::path& job, const std::string& layer,
                                        const std::optional<int>& threads,
                                        const std::filesystem::path& output);

/// The program beside the one that runs.
std::filesystem::path program_beside_this(const char* name);

}  // namespace offgrid
