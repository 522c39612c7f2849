#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

namespace offgrid {

/// What the words of a command line come to. A value.
struct SourceNames {
    std::vector<std::string> names{};  ///< one a source, in the order of the words
    std::vector<std::string> notes{};  ///< for the user: what was left out
};

/// Find the sources that words name: files, folders, patterns, and names that only GDAL knows
/// (`NETCDF:a.nc:red`, `/vsizip/a.zip/a.tif`, URLs) or that mean stores (`names_store`), which stay
/// as they are.
///
/// A folder stands for all rasters in it and in the folders in it, in the order of their names;
/// hidden ones, sidecars (`a.tif.ovr`, `a.tfw` …) and links to folders do not count. It is one
/// source where GDAL opens the folder itself as a raster (Zarr, SAFE) and where it is a package.
/// A pattern, with `*`, `?`, `[…]` and `**/` for any folders, stands for the files and folders that
/// it matches, in the order of their names. What GDAL cannot open is left out of folders, packages
/// in folders and `output` are too.
///
/// Throws `not_found` naming the folder or pattern that comes to nothing, `io` for a folder that
/// cannot be read, `interrupted` when stopped.
SourceNames find_sources(const std::vector<std::string>& words, const std::filesystem::path& output,
                         const std::atomic<bool>& is_stopped);

}  // namespace offgrid
