#pragma once

#include "serve/log.h"
#include "sync/admin_request.h"
#include "sync/depot_service.h"

#include <vector>

namespace offgrid {

/// What the depot keeps and how it goes back:
///
///     POST /rollback      `to`: a generation; default: the one before
///     POST /prune         `keep`: how many generations; `dry_run`
///     GET  /generations   what is kept, oldest first; `limit`: how many of the newest (1000);
///                         `before`: of those with lower numbers
///     GET  /status        what is served, and what is still read of the past
///
/// The service is not owned; it outlives the routes.
std::vector<AdminRoute> depot_routes(DepotService& service, Log log);

}  // namespace offgrid
