#pragma once

#include "formats/stores.h"

#include <span>
#include <string>

namespace offgrid {

/// The types as a table for people.
std::string store_types_to_text(std::span<const StoreType> types);

/// The types as a JSON array of objects.
std::string store_types_to_json(std::span<const StoreType> types);

}  // namespace offgrid
