#pragma once

#include <string>
#include <string_view>

namespace offgrid::config {

/// The XML with the entities that its DOCTYPE declares put in place, as character data: MapCache
/// reads no markup from them. The content keeps its lines. What is not declared stays as it is.
///
/// Throws `corrupt`, as `FILE:LINE: cause`, for entities that are not read: those of other files,
/// parameter entities, those that name other entities or hold markup; and when they put more than
/// 1 MiB in place.
std::string expand_entities(std::string_view content, std::string_view file);

}  // namespace offgrid::config
