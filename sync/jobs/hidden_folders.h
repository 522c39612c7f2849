#pragma once

#include "sync/jobs/layer_sources.h"

#include <filesystem>
#include <string>

namespace offgrid {

/// The text without the folders of this machine, which are no client's business: `(depot)` stands
/// for the depot's, `(sources)` for that of the file of sources, where there is one, and for those
/// of all rasters, regions and grids.
std::string without_folders(std::string text, const std::filesystem::path& depot,
                            const std::filesystem::path& sources_folder,
                            const LayerSources& sources);

}  // namespace offgrid
