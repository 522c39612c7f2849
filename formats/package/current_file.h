#pragma once

#include "formats/base/file_ops.h"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace offgrid {

/// What the file `CURRENT` of a depot says; README.md here has its format.
struct CurrentNumbers {
    std::uint64_t number = 0;   ///< of the current generation
    std::uint64_t highest = 0;  ///< of all that were ever current
};

inline constexpr std::string_view current_name = "CURRENT";

/// Throws `not_found` when the depot has none, `corrupt` when it holds something else.
CurrentNumbers read_current(const std::filesystem::path& depot);

/// Replace it, in one step that is durable. REQUIRES: the DepotLock.
void write_current(FileOps& files, const std::filesystem::path& depot,
                   const CurrentNumbers& current);

}  // namespace offgrid
