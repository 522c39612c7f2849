#pragma once

#include "formats/sqlite/mbtiles_store.h"
#include "serve/open_layers.h"
#include "sync/admin_router.h"
#include "sync/jobs/job_service.h"
#include "sync/replace_service.h"
#include "sync/rest/rest_routes.h"
#include "tests/support/temp_folder.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::test {

/// A depot with all that changes it and the routes of its REST interface, without HTTP.
class RestDesk {
public:
    /// Over a depot that exists. The folder also holds `sources.json`, where there is one.
    explicit RestDesk(const std::filesystem::path& folder, JobService::Options jobs = {},
                      const Limits& limits = {});

    /// Hand the request to the handler of its route, as the administration port does. No route: 404
    /// or 405.
    Reply ask(const std::string& method, const std::string& target, const std::string& body = {},
              const std::string& content_type = {}, const Identity& caller = local());

    static Identity local() { return {.name = "local", .role = Role::admin, .layers = {}}; }

    JobService& jobs() { return *jobs_; }
    ReplaceService& replace() { return replace_; }
    const Depot& depot() const { return depot_; }
    DiskQuota& quota() { return quota_; }
    TrafficCount& traffic() { return traffic_; }

    /// What the log was told.
    std::string log() const;

    /// The word of the tile that is served now, or "(absent)".
    std::string word(const std::string& layer, const TileKey& key) const;

    /// The words of a zoom, a row after the other: `a . / b c`.
    std::string words(const std::string& layer, int z, int columns, int rows) const;

    /// Wait until the job is over.
    Job wait_for_end(std::uint64_t id);

    /// Wait until it is so. Fails the test when that takes too long.
    static void wait_until(const std::function<bool()>& is_so);

    /// End the jobs as the daemon's end does, and start as its start does.
    void restart_jobs();

private:
    Log log_to_here();

    Depot depot_;
    JobService::Options options_;
    mutable std::mutex mutex_;
    std::string log_;
    std::unique_ptr<sqlite::MbtilesPool> pool_;
    Live<LayerSet> layers_;
    AuditLog audit_;
    ReplaceService replace_;
    std::unique_ptr<JobService> jobs_;
    BlobStores blob_stores_;
    DiskQuota quota_;
    TrafficCount traffic_;
    std::unique_ptr<AdminRouter> router_;
};

/// A program that stands in for `offgrid-pack`: a shell script with `$out`, the package folder that
/// is asked for. Returns its path.
std::filesystem::path write_packer(const std::filesystem::path& path, const std::string& script);

/// The script that packs what lies prepared.
std::string copies(const std::filesystem::path& prepared);

}  // namespace offgrid::test
