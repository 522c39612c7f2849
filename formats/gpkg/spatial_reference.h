#pragma once

#include "formats/tile/grid.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace offgrid::gpkg {

/// A row of `gpkg_spatial_ref_sys`. Borrows from constants.
struct SpatialReference {
    std::string_view name{};
    std::int64_t id = 0;
    std::string_view organization{};
    std::int64_t organization_id = 0;
    std::string_view definition{};  ///< Well-known Text 1 (OGC 01-009)
    std::string_view description{};
};

/// What every GeoPackage has (OGC 12-128r17, requirement 11): -1, 0 and EPSG:4326.
std::span<const SpatialReference> required_references();

/// The reference system of the grid with its definition. Throws `unsupported` for one whose
/// definition is not known here.
const SpatialReference& reference_of(const Grid& grid);

/// Whether the name, for example `EPSG:3857`, means the reference system of the grid.
bool is_reference_of(std::string_view name, const Grid& grid);

}  // namespace offgrid::gpkg
