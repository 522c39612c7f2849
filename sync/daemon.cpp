#include "sync/daemon.h"

#include "formats/config/geowebcache_config.h"
#include "formats/package/replace.h"
#include "serve/open_layers.h"
#include "sync/depot_handlers.h"
#include "sync/metrics_handler.h"
#include "sync/replace_handler.h"
#include "sync/rest/rest_routes.h"
#include "sync/update_page.h"

#include <algorithm>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <string>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// One spelling of the folder, which all messages about it begin with.
fs::path spelled_out(const fs::path& folder) {
    const auto path = fs::weakly_canonical(fs::absolute(folder));
    return path.has_filename() ? path : path.parent_path();
}

/// Bring the depot into order and open what is current. REQUIRES: the DepotLock; nobody else may be
/// creating the depot or staging in it.
std::unique_ptr<const LayerSet> tidy_and_open(FileOps& files, const Depot& depot,
                                              sqlite::MbtilesPool& pool) {
    depot.create_if_missing(files);
    sweep_staging(files, depot);
    return open_generation(depot, depot.load_current(), pool);
}

/// Which layers the configuration of GeoWebCache has in stores whose files cannot be replaced.
std::function<bool(const std::string& layer)> kept_elsewhere(const std::optional<fs::path>& file) {
    if (!file) {
        return {};
    }
    const std::shared_ptr config = config::GeowebcacheConfig::load(*file);
    return [config](const std::string& layer) { return config->is_kept_elsewhere(layer); };
}

AdminSocketOptions admin_socket(const DaemonOptions& options) {
    AdminSocketOptions socket{.listen = options.admin,
                              .allows_plaintext = options.allows_admin_plaintext};
    if (!options.tls_certificate.empty()) {
        socket.tls = TlsFiles{.certificate = options.tls_certificate, .key = options.tls_key};
    }
    return socket;
}

}  // namespace

Daemon::Daemon(const DaemonOptions& options, FileOps& files, const Log& log)
    : drain_timeout_{std::chrono::seconds{options.drain_timeout_s}},
      depot_{spelled_out(options.depot)},
      lock_{depot_},
      access_{options.users},
      pool_{sqlite::make_mbtiles_pool(options.max_open_files, sqlite::PageAccess::mapped)},
      reaper_{*pool_, {.interval = std::chrono::milliseconds{options.reap_interval_ms}}},
      layers_{tidy_and_open(files, depot_, *pool_)},
      audit_{files, depot_.root(), log},
      drains_{layers_, drain_timeout_, log},
      replace_{files,
               depot_,
               *pool_,
               layers_,
               audit_,
               {.limits = options.limits,
                .sources = SourceRoots{options.source_roots},
                .drain_timeout = drain_timeout_,
                .is_kept_elsewhere = kept_elsewhere(options.geowebcache),
                .on_changed =
                    [this] {
                        if (retention_) {
                            retention_->note_change();
                        }
                    }}},
      depot_service_{replace_.served(), audit_},
      jobs_{files,
            depot_,
            replace_,
            {.sources = options.sources, .max_packs = options.jobs, .kill_after = drain_timeout_},
            log},
      blob_stores_{files, depot_.root() / "blobstores.json", log},
      quota_{files, depot_.root() / "diskquota.json",
             [this](std::optional<std::uint64_t> bytes) { replace_.set_quota(bytes); }, log},
      router_{layers_,
              log,
              {.pools =
                   [this] {
                       return PoolReports{{"", pool_->statistics()}};
                   }}},
      http_{{.listen = options.listen, .threads = options.threads},
            [this](const Request& request) { return answer(request); },
            log},
      answers_{files, depot_},
      admin_router_{admin_routes(log)} {
    audit_.note_current(depot_.current_number());
    const bool is_settled = answers_.settle_all(log);
    if (options.keep && !is_settled) {
        log("nothing is pruned until the next start: the generations tell what has happened");
    } else if (options.keep) {
        retention_.emplace(depot_service_, *options.keep, log);
        retention_->note_change();  // a disk that is full takes no change that would
    }
    // Whatever changes the depot begins here, when the quota is in force, the log knows what is,
    // and what a dead daemon was about to do is settled.
    admin_.emplace(
        admin_socket(options),
        AdminContext{
            .access = access_, .router = admin_router_, .hidden = depot_.root(), .log = log});
    jobs_.start();
}

Response Daemon::answer(const Request& request) {
    auto response = router_.answer(request);
    traffic_.add(request, response);
    return response;
}

std::vector<AdminRoute> Daemon::admin_routes(const Log& log) {
    auto routes = replace_routes({replace_, answers_, replace_counts_, log});
    const auto add = [&](std::vector<AdminRoute> more) {
        std::ranges::move(more, std::back_inserter(routes));
    };
    add(depot_routes(depot_service_, log));
    add(update_page_routes());
    add(metrics_routes([this] { return serving_metrics(); }, replace_counts_));
    add(rest_routes({.replace = replace_,
                     .jobs = jobs_,
                     .blob_stores = blob_stores_,
                     .quota = quota_,
                     .traffic = traffic_,
                     .audit = audit_}));
    return routes;
}

/// What the serving port answers at the same address.
std::string Daemon::serving_metrics() const {
    const auto response = router_.answer({.path = "/metrics"});
    return response.status == 200 ? std::string{as_text(response.content())} : std::string{};
}

bool Daemon::drain() {
    replace_.stop();
    jobs_.begin_stop();
    // Side by side: all of it has one and the same time, and nothing new comes in meanwhile.
    auto is_http_drained =
        std::async(std::launch::async, [this] { return http_.drain(drain_timeout_); });
    const bool is_admin_drained = admin_->drain(drain_timeout_);
    const bool is_all_drained = is_http_drained.get() && is_admin_drained;
    jobs_.stop();
    return is_all_drained;
}

}  // namespace offgrid
