#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace offgrid {

/// The reference system that a JSON value of OGC 17-083r4 names, as `parse_srs` has it: text, or an
/// object with a `uri` or with `wkt`, well-known text or PROJJSON, of which the code is read.
/// Throws `unsupported` where there is no code, `corrupt` for another value.
std::string read_srs(const nlohmann::ordered_json& crs);

/// Which of two coordinates comes first.
enum class FirstAxis { east, north };

/// As the authority of the reference system has it; east where that is not known here.
FirstAxis first_axis_of(std::string_view srs);

/// As `orderedAxes` says. Its X and Y are those of the reference system. Throws `corrupt` unless it
/// names an axis to the east and one to the north.
FirstAxis first_axis_of(const nlohmann::ordered_json& ordered_axes, std::string_view srs);

}  // namespace offgrid
