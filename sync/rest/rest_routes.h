#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/depot.h"
#include "serve/log.h"
#include "sync/admin_request.h"
#include "sync/audit.h"
#include "sync/jobs/job_service.h"
#include "sync/replace_service.h"
#include "sync/rest/blob_stores.h"
#include "sync/rest/disk_quota.h"
#include "sync/rest/tilesets.h"
#include "sync/rest/traffic_count.h"

#include <vector>

namespace offgrid {

/// What the resources of GeoWebCache's REST interface work with. Nothing is owned; all of it
/// outlives the routes.
struct RestContext {
    ReplaceService& replace;
    JobService& jobs;
    BlobStores& blob_stores;
    DiskQuota& quota;
    const TrafficCount& traffic;
    AuditLog& audit;  ///< for what makes no generation

    /// The layers of this moment.
    Tilesets tilesets() const { return {replace.served().served(), jobs.sources()}; }
};

using AdminRoutes = std::vector<AdminRoute>;

/// All of them; sync/jobs/README.md lists their addresses.
AdminRoutes rest_routes(const RestContext& context);

/// `/layers`, `/layers/{layer}`
void add_layer_routes(AdminRoutes& routes, const RestContext& context);
/// `/gridsets`, `/gridsets/{grid_set}`
void add_grid_set_routes(AdminRoutes& routes, const RestContext& context);
/// `/blobstores`, `/blobstores/{store}`
void add_blob_store_routes(AdminRoutes& routes, const RestContext& context);
/// `/seed`, `/seed/{layer}`
void add_seed_routes(AdminRoutes& routes, const RestContext& context);
/// `/masstruncate`
void add_mass_truncate_routes(AdminRoutes& routes, const RestContext& context);
/// `/diskquota`
void add_disk_quota_routes(AdminRoutes& routes, const RestContext& context);
/// `/statistics.json`, `/reload`
void add_statistics_routes(AdminRoutes& routes, const RestContext& context);
/// `/jobs`, `/jobs/{id}`
void add_job_routes(AdminRoutes& routes, const RestContext& context);

/// What the audit log tells of a request: who asked for it, and from where.
AuditEntry audit_entry(const AdminRequest& request, std::string action, std::string layer = {});

/// Cancel a job for the caller, whose right it is, and tell the audit log. As JobService::cancel.
bool cancel_job(const RestContext& context, const AdminRequest& request, const Job& job);

/// Add the same handler under the address alone and with `.json`.
void add_json_route(AdminRoutes& routes, const AdminRoute& route);

}  // namespace offgrid
