#pragma once

#include "formats/tile/grid.h"
#include "pack/options.h"
#include "pack/plan.h"
#include "pack/source_info.h"

#include <atomic>
#include <string>
#include <vector>

namespace offgrid {

/// Look at the sources: the lowest first, with the range that their samples are stretched from.
/// Adds notes for the user on what was chosen for him.
///
/// Throws the first Error, naming the source or the option; `interrupted` when stopped.
std::vector<SourceInfo> inspect_sources(const PackOptions& options, const Grid& grid,
                                        const std::atomic<bool>& is_stopped,
                                        std::vector<std::string>& notes);

/// Decide where the sources lie within what was asked for, and the boxes around all that. Throws
/// `invalid_argument` when they lie elsewhere. REQUIRES: the plan has its grid, sources and area.
void place(const PackOptions& options, Plan& plan);

}  // namespace offgrid
