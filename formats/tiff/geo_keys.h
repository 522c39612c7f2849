#pragma once

#include "formats/tile/grid.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::tiff {

/// The reference system of a TIFF file as GeoTIFF 1.1 (OGC 19-008r4) writes it.
struct GeoKeys {
    std::vector<std::uint16_t> directory{};  ///< of tag 34735, GeoKeyDirectory
    std::string texts{};                     ///< of tag 34737, GeoAsciiParams; may be empty
};

/// The keys of the grid's SRS: its EPSG code where the SRS or one of its aliases has one that is
/// registered, else a system of the user named by the text.
GeoKeys geo_keys_of(const Grid& grid);

/// The EPSG code of an SRS name such as `EPSG:3857` or `urn:ogc:def:crs:EPSG::4326`; nothing when
/// it is none. EPSG:900913 and its like, which the register never had or replaced, become 3857.
std::optional<std::uint16_t> epsg_code(std::string_view srs);

}  // namespace offgrid::tiff
