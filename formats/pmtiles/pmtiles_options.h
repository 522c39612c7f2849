#pragma once

#include <filesystem>

namespace offgrid {

/// Where a PMTiles file is. A value.
struct PmtilesOptions {
    std::filesystem::path file{};
};

}  // namespace offgrid
