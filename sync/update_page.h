#pragma once

#include "sync/admin_request.h"

#include <vector>

namespace offgrid {

/// The page of updates for browsers, at `/` and `/updates.html`, and the files that it loads: which
/// generation is current, what each changed, and a way back. It uses the addresses of
/// depot_handlers.h, on the same port, so that a browser sends it the same name and password.
std::vector<AdminRoute> update_page_routes();

}  // namespace offgrid
