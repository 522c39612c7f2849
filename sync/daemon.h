#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/live.h"
#include "formats/base/pool_reaper.h"
#include "formats/package/depot.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/drain_log.h"
#include "serve/http_server.h"
#include "serve/layer_set.h"
#include "serve/log.h"
#include "serve/router.h"
#include "sync/access.h"
#include "sync/admin_router.h"
#include "sync/admin_server.h"
#include "sync/admin_socket.h"
#include "sync/audit.h"
#include "sync/depot_service.h"
#include "sync/jobs/job_service.h"
#include "sync/limits.h"
#include "sync/replace_counts.h"
#include "sync/replace_service.h"
#include "sync/rest/blob_stores.h"
#include "sync/rest/disk_quota.h"
#include "sync/rest/traffic_count.h"
#include "sync/retention.h"
#include "sync/stored_answers.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

struct DaemonOptions {
    std::filesystem::path depot;            ///< created where it is missing
    std::string listen = "127.0.0.1:8080";  ///< serves the tiles; port 0: any that is free
    std::string admin = "127.0.0.1:8081";   ///< takes the replaces; port 0: any that is free
    std::filesystem::path tls_certificate;  ///< of the administration; empty: no TLS
    std::filesystem::path tls_key;
    bool allows_admin_plaintext = false;              ///< see AdminSocketOptions
    std::optional<std::filesystem::path> users;       ///< none: only this machine may administer
    std::vector<std::filesystem::path> source_roots;  ///< none: see SourceRoots
    unsigned threads = 4;                             ///< that serve tiles
    std::size_t max_open_files = 256;                 ///< tile files open at a time
    unsigned reap_interval_ms = 500;                  ///< between two looks for tile files to close
    unsigned drain_timeout_s = 10;    ///< how long readers of an old state are waited for
    std::optional<std::size_t> keep;  ///< generations, after each change; none: all are kept
    Limits limits;
    std::optional<std::filesystem::path> sources;  ///< what layers are packed from; none: nothing
    unsigned jobs = 1;                             ///< that pack at a time
    std::optional<std::filesystem::path> geowebcache;  ///< says which layers other stores keep
};

/// A depot that is served and updated in one process: the read-only server on one port, the
/// administration on another, both on the same live layers.
///
/// Holds the DepotLock while it lives. Serves from the end of the constructor; the members are used
/// by one thread.
class Daemon {
public:
    /// Throws when the depot is in use or damaged, and when an address cannot be listened on. The
    /// FileOps is not owned.
    Daemon(const DaemonOptions& options, FileOps& files, const Log& log);

    std::string serving_url() const { return http_.url(); }
    std::string admin_url() const { return admin_->url(); }
    bool has_users() const { return access_.has_users(); }

    /// Stop listening and finish what is running; a replace that has not begun to commit ends at
    /// once, without effect, and a job begins again with the next daemon. Whether all of it could
    /// finish in time.
    bool drain();

private:
    Response answer(const Request& request);
    std::vector<AdminRoute> admin_routes(const Log& log);
    std::string serving_metrics() const;

    std::chrono::milliseconds drain_timeout_;
    Depot depot_;
    DepotLock lock_;
    Access access_;
    std::unique_ptr<sqlite::MbtilesPool> pool_;
    PoolReaper reaper_;
    Live<LayerSet> layers_;
    AuditLog audit_;  // of a depot that is in order by then
    DrainLog drains_;
    ReplaceService replace_;
    DepotService depot_service_;
    std::optional<Retention> retention_;  // after what it uses, before all that makes changes
    JobService jobs_;
    BlobStores blob_stores_;
    DiskQuota quota_;
    TrafficCount traffic_;
    Router router_;
    HttpServer http_;
    StoredAnswers answers_;
    ReplaceCounts replace_counts_;
    AdminRouter admin_router_;
    std::optional<AdminServer> admin_;  // last: no replace may run while the rest is taken down
};

}  // namespace offgrid
