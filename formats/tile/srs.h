#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// The reference system behind the ways in which it is written, as `AUTHORITY:CODE`: an OGC URI
/// (`http://www.opengis.net/def/crs/EPSG/0/3857`) or URN, a CURIE (`[EPSG:3857]`), or that itself.
/// `OGC:CRS84` for all spellings of it. Nothing for any other text.
std::optional<std::string> parse_srs(std::string_view text);

/// The OGC URI of `AUTHORITY:CODE`. Throws `invalid_argument` for text that is no such.
std::string uri_of_srs(std::string_view srs);

/// Whether coordinates are angles: so for what is known here, EPSG's systems and OGC:CRS84.
bool is_geographic(std::string_view srs);

/// What the authority calls the first axis where that points north; nothing where it does not, or
/// where the system is not known here. EPSG lists geographic systems latitude first, and many
/// national ones northing first: as N (2193), as Y (3035), or as X (31467), whose Y is the easting.
enum class NorthernAxis { latitude, n_or_y, x };
std::optional<NorthernAxis> northern_first_axis(std::string_view srs);

}  // namespace offgrid
