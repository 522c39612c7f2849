#pragma once

#include "formats/package/depot.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace offgrid {

/// Seconds since 1970 as RFC 3339, in UTC.
std::string time_text(std::int64_t seconds);

/// A kept generation as `offgrid status --json` and `GET /generations` tell of it. One that is
/// damaged is only said to be: why names paths, which not everybody may know.
nlohmann::ordered_json to_value(const KeptGeneration& kept);

}  // namespace offgrid
