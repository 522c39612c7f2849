#pragma once

#include <string_view>

namespace offgrid {

/// Become another user for good, `NAME` or `NAME:GROUP`, without other groups and without a way
/// back; programs that are run from then on gain nothing either. Call it before there are threads.
///
/// Throws `invalid_argument` for a user or group that is unknown, and for root; `denied` when this
/// process may not, or could become root again.
void drop_privileges(std::string_view user_and_group);

}  // namespace offgrid
