#pragma once

#include "formats/tile/grid_ref.h"

#include <nlohmann/json_fwd.hpp>

namespace offgrid {

/// The grid in a manifest: the name of a built-in one, or a whole tile matrix set under a name that
/// no built-in one has. Throws what `parse_manifest` throws.
GridRef grid_from_value(const nlohmann::ordered_json& value);

/// Throws `invalid_argument` for a grid that `grid_from_value` does not take.
nlohmann::ordered_json grid_to_value(const Grid& grid);

}  // namespace offgrid
