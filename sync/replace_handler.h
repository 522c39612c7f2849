#pragma once

#include "serve/log.h"
#include "sync/admin_request.h"
#include "sync/replace_service.h"

#include <vector>

namespace offgrid {

/// `POST …/sqlite/replace`: receives what is to be replaced, has it replaced, and reports. The
/// service is not owned and outlives the routes.
std::vector<AdminRoute> replace_routes(ReplaceService& service, Log log);

}  // namespace offgrid
