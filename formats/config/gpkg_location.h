#pragma once

#include "formats/config/store_location.h"
#include "formats/tile/grid_ref.h"

#include <filesystem>
#include <optional>
#include <string>

namespace offgrid::config {

/// `FILE.gpkg#TABLE`, taken apart.
struct GpkgLocation {
    std::filesystem::path file{};
    std::string table{};  ///< empty: the only one; of a new file, one named after it
};

/// Nothing when the location is another.
std::optional<GpkgLocation> parse_gpkg_location(const std::string& text);

/// The tiles in a table of a GeoPackage, in that grid; nothing means the grid that they are of, or
/// Web Mercator where there is no file yet. `text` is the whole location; its `limits` and
/// `expected` are left to the caller.
///
/// Throws `not_found` for tiles of another grid than the one that is asked for, and what GpkgReader
/// throws.
StoreLocation find_gpkg(SharedStores& stores, const std::string& text, const GpkgLocation& wanted,
                        const std::optional<GridRef>& grid);

}  // namespace offgrid::config
