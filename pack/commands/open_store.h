#pragma once

#include "formats/config/store_location.h"
#include "pack/commands/selection_options.h"

#include <cstddef>
#include <memory>
#include <string>

namespace offgrid {

/// Open files that the verbs keep at a time: a z-top package of the world has 65 536.
inline constexpr std::size_t max_open_files = 128;

/// The locations of a command, whose warnings go to standard error.
std::unique_ptr<config::StoreLocations> make_locations();

/// Find the store that a verb is to look at, which must be there.
///
/// What is wrong with the words of the command line, or with a configuration that they name, is
/// `invalid_argument`: no such file, tileset, grid or dimension, no XML.
config::StoreLocation find_source(config::StoreLocations& locations, const std::string& text,
                                  const SelectionRequest& request);

}  // namespace offgrid
