#pragma once

#include "pack/gdal_error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid::gdal {

/// When a source was taken, in seconds since 1970: what its metadata say of the acquisition, else
/// the date of the TIFF or EXIF file, else when the file last changed. Times without a zone count
/// as UTC. The smallest number for what is no file and says nothing.
std::int64_t time_of(GDALDataset& dataset, const std::string& name);

/// The time in a text that begins with it: `2018:07:16 06:06:23`, `2020-01-06T01:53:22.5Z`,
/// `2020-01-06`, `20200106`. Nothing when there is none.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace offgrid::gdal
