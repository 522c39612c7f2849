#include "formats/base/descriptor_limit.h"
#include "formats/base/error.h"
#include "formats/base/live.h"
#include "formats/base/mapped_faults.h"
#include "formats/base/pool_reaper.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/access_log.h"
#include "serve/descriptor_shares.h"
#include "serve/drain_log.h"
#include "serve/host_name.h"
#include "serve/http_options.h"
#include "serve/http_server.h"
#include "serve/listen_socket.h"
#include "serve/log.h"
#include "serve/open_layers.h"
#include "serve/path_watch.h"
#include "serve/privileges.h"
#include "serve/router.h"
#include "serve/server_process.h"
#include "serve/service_manager.h"
#include "serve/tls_files.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace offgrid;  // NOLINT(google-build-using-namespace): the program is offgrid

struct ServeOptions {
    std::vector<std::filesystem::path> paths;  ///< what is served
    HttpServerOptions http;
    WmsOptions wms;
    HttpWords words;                   ///< about HTTP
    std::size_t max_open_files = 256;  ///< tile files open at a time
    unsigned reap_interval_ms = 500;   ///< between two looks for tile files to close
    unsigned drain_timeout_s = 10;  ///< how long readers of an old state, and clients at the end,
                                    ///< are waited for
    sqlite::PageAccess pages = sqlite::PageAccess::mapped;
    bool is_quiet = false;  ///< say only where the server listens, and what goes wrong
};

void print_layers(const LayerSet& set) {
    for (const auto& layer : set.layers()) {
        const auto& info = layer.info();
        fmt::print("  {}  zoom {}-{}  {}\n", layer.id, info.min_zoom, info.max_zoom, layer.origin);
    }
}

/// Listen, and read what only root may: the first things to do.
UniqueFd listen_and_drop(ServeOptions& options, const Log& log) {
    auto& words = options.words;
    if (!words.public_url.empty()) {
        options.http.public_base = public_base(words.public_url);
    }
    if (!words.tls_certificate.empty()) {
        options.http.tls = read_tls_files(words.tls_certificate, words.tls_key);
    }
    auto passed = take_passed_socket();
    if (passed) {
        const auto bound = bound_address(*passed);
        log(fmt::format("uses the service manager's socket at {}:{}, not --listen", bound.address,
                        bound.port));
    }
    auto listener = passed ? *std::move(passed) : listen_at(options.http.listen);
    if (!words.user.empty()) {
        drop_privileges(words.user);
    }
    return listener;
}

/// What is served, kept as it is on disk until the end of the object.
class ServedLayers {
public:
    ServedLayers(const ServeOptions& options, const Log& log)
        : log_{log},
          max_ages_{max_ages(options.words)},
          max_open_files_{files_for(options.http.threads, options.max_open_files)},
          pool_{sqlite::make_mbtiles_pool(max_open_files_, options.pages)},
          reaper_{*pool_, {.interval = std::chrono::milliseconds{options.reap_interval_ms}}},
          paths_{options.paths,
                 *pool_,
                 log_,
                 {.max_open_files = max_open_files_,
                  .opening_time = std::chrono::milliseconds{300},
                  .max_ages = max_ages_}},
          layers_{paths_.layers()} {
        report_unknown_names();
        watch_.emplace(
            paths_.folders(), [this] { return look(); }, log_);
    }

    Live<LayerSet>& layers() { return layers_; }

    /// Called by any thread.
    PoolReports pool_reports() const {
        auto reports = paths_.pool_reports();
        reports[""] = pool_->statistics();
        return reports;
    }

private:
    PathWatch::Seen look() {
        const auto found = paths_.look();
        if (found.has_changed) {
            layers_.swap(paths_.layers());
            report_unknown_names();
        }
        return {found.has_news, found.is_unfinished, found.is_settling, paths_.folders()};
    }

    /// A name of --max-age may be that of a layer to come; it may be misspelt as well.
    void report_unknown_names() {
        const auto lease = layers_.acquire();
        if (lease->not_served().waiting > 0) {
            return;  // that is not all of them
        }
        auto unknown = max_ages_.unknown_among(lease->layers());
        if (!unknown.empty() && unknown != reported_) {
            log_(fmt::format("--max-age: there is no layer '{}'", fmt::join(unknown, "', '")));
        }
        reported_ = std::move(unknown);
    }

    const Log& log_;
    const MaxAges max_ages_;
    const std::size_t max_open_files_;
    const std::unique_ptr<sqlite::MbtilesPool> pool_;
    const PoolReaper reaper_;
    ServedPaths paths_;
    Live<LayerSet> layers_;
    std::vector<std::string> reported_;
    std::optional<PathWatch> watch_;  // last: looks until it goes
};

int serve(ServeOptions options) {
    const EndSignals end_signals;
    const MappedFaults mapped_faults;
    const auto log = stderr_log("offgrid serve");
    allow_many_descriptors();
    auto listener = listen_and_drop(options, log);
    std::optional<AccessLog> access_log;
    if (!options.words.access_log.empty()) {
        options.http.access_log = &access_log.emplace(options.words.access_log, log);
    }
    HttpStatistics statistics;
    options.http.statistics = &statistics;
    const auto max_open_files = files_for(options.http.threads, options.max_open_files);
    auto& connections = options.http.limits.connections;
    if (const auto fit = connections_within(descriptor_limit(), connections, max_open_files);
        fit < connections) {
        log(fmt::format("at most {} clients at a time: the system allows no more descriptors",
                        fit));
        connections = fit;
    }
    ServedLayers served{options, log};
    const std::chrono::seconds drain_timeout{options.drain_timeout_s};
    const Router router{served.layers(),
                        log,
                        {.pools = [&served] { return served.pool_reports(); },
                         .answers = answer_options(options.words, options.http.threads),
                         .wms = options.wms,
                         .http = &statistics}};
    HttpServer server{std::move(listener), options.http,
                      [&](const Request& request) { return router.answer(request); }, log};
    const DrainLog drains{served.layers(), drain_timeout, log};

    fmt::print("listening on {}\n", server.url());
    if (!options.is_quiet) {
        print_layers(*served.layers().acquire());
    }
    std::fflush(stdout);

    if (!options.words.readers.empty() && !options.http.tls && !server.is_on_loopback()) {
        log("passwords of readers cross the network as plain text: use --tls-cert and --tls-key");
    }
    notify_service_manager("READY=1", log);
    end_signals.wait([&] {
        if (access_log) {
            access_log->reopen();
        }
    });
    notify_service_manager("STOPPING=1", log);
    if (!server.drain(drain_timeout)) {
        log("stopped before every client had its answer");
    }
    return 0;
}

void add_file_options(CLI::App& verb, ServeOptions& options) {
    verb.add_option("--max-open-files", options.max_open_files, "Tile files open at a time")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    verb.add_option("--reap-interval", options.reap_interval_ms,
                    "Between two looks for tile files to close: when nearly as many are open as "
                    "may be, those that nobody used for longest are closed")
        ->type_name("MILLISECONDS")
        ->check(CLI::Range(1, 86'400'000))
        ->capture_default_str();
    verb.add_option("--drain-timeout", options.drain_timeout_s,
                    "How long requests may use an old generation before that is reported, and "
                    "the end waits for those that still run")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 86'400))
        ->capture_default_str();
    verb.add_flag_callback(
        "--copy-pages", [&] { options.pages = sqlite::PageAccess::copied; },
        "Read tile files by copies, not where the system has them in memory: slower, for files "
        "that others rewrite in place while they are served");
}

void add_wms_options(CLI::App& verb, WmsOptions& wms) {
    verb.add_option("--wms-max-size", wms.limits.max_side,
                    "The most pixels, either way, of a map of WMS")
        ->type_name("PIXELS")
        ->check(CLI::Range(1, 8192))
        ->capture_default_str();
    verb.add_option("--wms-resampling", wms.resampling,
                    "How maps of WMS are made of tiles of another scale: bilinear or nearest")
        ->transform(CLI::CheckedTransformer(std::map<std::string, Resampling>{
            {"bilinear", Resampling::bilinear}, {"nearest", Resampling::nearest}}))
        ->default_str("bilinear");
}

void add_options(CLI::App& verb, ServeOptions& options) {
    verb.add_option(
            "PATH", options.paths,
            "A package, a folder of packages and of .mbtiles, .pmtiles and .gpkg files, one such "
            "file, a depot, a mapcache.xml or geowebcache.xml")
        ->required();
    verb.add_option("--listen", options.http.listen,
                    "Where to listen; port 0 takes any that is free")
        ->type_name("ADDRESS:PORT")
        ->capture_default_str();
    verb.add_option("--threads", options.http.threads, "Requests worked on at a time")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    add_file_options(verb, options);
    add_wms_options(verb, options.wms);
    add_http_options(verb, options.words, options.http.limits);
    verb.add_flag("--quiet", options.is_quiet, "Do not list the layers");
}

/// The exit code.
int run(int argc, char** argv) {
    ServeOptions options;
    options.http.threads = std::max(4U, std::thread::hardware_concurrency());
    CLI::App app{
        "Serve map tiles: packages, MBTiles and PMTiles files, depots and the tilesets of a "
        "mapcache.xml.",
        "offgrid"};
    app.set_version_flag("--version", "offgrid " OFFGRID_VERSION);
    app.require_subcommand(1);
    auto* const verb = app.add_subcommand(
        "serve",
        "Serve packages, MBTiles and PMTiles files, depots and the tilesets of a mapcache.xml over "
        "HTTP");
    verb->set_version_flag("--version", "offgrid " OFFGRID_VERSION);
    add_options(*verb, options);
    add_config_option(app, *verb);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    options.wms.max_drawing = std::max(1U, options.http.threads / 2);
    return serve(options);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "offgrid serve: %s\n", error.what());
        return 1;
    }
}
