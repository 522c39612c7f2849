#include "sync/rest/rest_routes.h"

#include <utility>

namespace offgrid {

AdminRoutes rest_routes(const RestContext& context) {
    AdminRoutes routes;
    for (const auto add :
         {add_layer_routes, add_grid_set_routes, add_blob_store_routes, add_seed_routes,
          add_mass_truncate_routes, add_disk_quota_routes, add_statistics_routes, add_job_routes}) {
        add(routes, context);
    }
    return routes;
}

AuditEntry audit_entry(const AdminRequest& request, std::string action, std::string layer) {
    return {.who = request.caller,
            .from = request.remote_address,
            .action = std::move(action),
            .layer = std::move(layer)};
}

void add_json_route(AdminRoutes& routes, const AdminRoute& route) {
    routes.push_back(route);
    routes.push_back(route);
    routes.back().pattern += ".json";
}

}  // namespace offgrid
