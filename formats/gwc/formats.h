#pragma once

#include "formats/tile/tile_format.h"

#include <optional>
#include <string>
#include <string_view>

namespace offgrid::gwc {

/// The tile format of one of GeoWebCache's (`image/png8` …), or nothing for one that is known to it
/// alone, or mixed.
std::optional<TileFormat> tile_format_of(std::string_view format);

/// The extension by which GeoWebCache's addresses (TMS) name the format: `png`, `png8`, `jpeg` …;
/// what follows the last `/` where it is not known here.
std::string extension_of_format(std::string_view format);

/// The format (`image/png8` …) that the extension names: the reverse. One that is not known here is
/// taken for an image.
std::string format_of_extension(std::string_view extension);

/// The media type that clients are told.
std::string media_type_of_format(std::string_view format);

/// Whether tiles of the format are vectors, which `gzipVector` concerns.
bool is_vector_format(std::string_view format);

}  // namespace offgrid::gwc
