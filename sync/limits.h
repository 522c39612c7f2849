#pragma once

#include <cstddef>
#include <cstdint>

namespace offgrid {

/// How much one replace may bring, and what it must leave. A value.
struct Limits {
    std::uint64_t max_upload_bytes = std::uint64_t{16}
                                     << 30;  ///< of a request body, and of a source file
    std::uint64_t max_unpacked_bytes = std::uint64_t{64}
                                       << 30;  ///< of an archive or a folder, all files together
    std::size_t max_entries = 200'000;         ///< files and folders in an archive or a folder
    std::size_t max_depth = 16;  ///< of a file below them; GeoWebCache's deepest layouts have seven
    std::uint64_t max_ratio =
        200;  ///< unpacked bytes to packed ones; tile stores pack to a tenth at best
    std::uint64_t min_free_bytes =
        16 << 20;  ///< of the depot's disk: for generations, names, other programs
};

}  // namespace offgrid
