#pragma once

#include "formats/base/bytes.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace offgrid::pmtiles {

/// One line of a directory: a run of equal tiles, or a leaf directory. A value.
struct Entry {
    std::uint64_t tile_id = 0;     ///< of the first tile
    std::uint64_t offset = 0;      ///< in the tiles, or in the leaf directories
    std::uint32_t length = 0;      ///< bytes
    std::uint32_t run_length = 0;  ///< tiles; 0: a leaf directory

    bool is_leaf() const { return run_length == 0; }

    /// Behind the last tile of the run. REQUIRES: no leaf.
    std::uint64_t end_id() const { return tile_id + run_length; }

    friend bool operator==(const Entry&, const Entry&) = default;
};

/// Entries in the order of their ids.
using Directory = std::vector<Entry>;

/// What the entries of a directory may point to. A value.
struct DirectoryLimits {
    std::uint64_t first_id = 0;    ///< of its tiles
    std::uint64_t end_id = 0;      ///< behind the last
    std::uint64_t tile_bytes = 0;  ///< that the section of the tiles has
    std::uint64_t leaf_bytes = 0;  ///< that the section of the leaf directories has
};

/// The most that a directory may have when it is decompressed. Those of large files that other
/// programs write have some hundred kilobytes.
inline constexpr std::size_t max_directory_bytes = std::size_t{8} << 20;

/// Read a directory (PMTiles v3, "Directory Serialization"). Throws `corrupt` when it is empty,
/// ends early, has entries without length, out of order, that overlap or that the limits do not
/// allow.
Directory parse_directory(BytesView bytes, const DirectoryLimits& limits);

/// Write a directory, not compressed. REQUIRES: entries in the order of their ids, not empty.
Bytes to_bytes(std::span<const Entry> directory);

/// The last entry whose id is not above; null when there is none.
const Entry* last_up_to(const Directory& directory, std::uint64_t id);

}  // namespace offgrid::pmtiles
