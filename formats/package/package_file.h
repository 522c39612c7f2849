#pragma once

#include <cstdint>
#include <string>

namespace offgrid {

/// One file of a package.
struct PackageFile {
    std::string name{};  ///< relative to the package folder, `/` between folders
    std::uint64_t bytes = 0;
    std::string sha256{};  ///< lower-case hex, 64 digits
    int min_zoom = 0;      ///< of the tiles in the file
    int max_zoom = 0;
    std::int64_t tiles = 0;

    friend bool operator==(const PackageFile&, const PackageFile&) = default;
};

/// Sums over files.
struct FileTotals {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t tiles = 0;

    FileTotals& operator+=(const FileTotals& more) {
        files += more.files;
        bytes += more.bytes;
        tiles += more.tiles;
        return *this;
    }
    friend bool operator==(const FileTotals&, const FileTotals&) = default;
};

}  // namespace offgrid
