#pragma once

#include "formats/config/store_location.h"

#include <cstddef>
#include <memory>

namespace offgrid {

/// Open files that the verbs keep at a time: a z-top package of the world has 65 536.
inline constexpr std::size_t max_open_files = 128;

/// The locations of a command, whose warnings go to standard error.
std::unique_ptr<config::StoreLocations> make_locations();

}  // namespace offgrid
