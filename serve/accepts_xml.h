#pragma once

#include <string_view>

namespace offgrid {

/// Whether a client takes XML by what its `Accept` says (RFC 9110, section 12.5.1); so where it
/// says nothing.
bool accepts_xml(std::string_view accept);

}  // namespace offgrid
