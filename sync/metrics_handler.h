#pragma once

#include "sync/admin_request.h"
#include "sync/replace_counts.h"

#include <functional>
#include <string>
#include <vector>

namespace offgrid {

/// `GET /metrics`: what the serving port tells, as `serving` gives it in Prometheus' text format,
/// and what came of the replaces. The counts are not owned and outlive the routes.
std::vector<AdminRoute> metrics_routes(std::function<std::string()> serving,
                                       const ReplaceCounts& counts);

}  // namespace offgrid
