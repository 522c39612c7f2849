#include "formats/base/descriptor_limit.h"
#include "formats/base/error.h"
#include "formats/base/live.h"
#include "formats/base/pool_reaper.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/depot_watch.h"
#include "serve/drain_log.h"
#include "serve/http_server.h"
#include "serve/log.h"
#include "serve/open_layers.h"
#include "serve/router.h"
#include "serve/server_process.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace offgrid;  // NOLINT(google-build-using-namespace): the program is offgrid

struct ServeOptions {
    std::vector<std::filesystem::path> paths;  ///< what is served
    HttpServerOptions http;
    std::size_t max_open_files = 256;  ///< tile files open at a time
    unsigned reap_interval_ms = 500;   ///< between two looks for tile files to close
    unsigned drain_timeout_s = 10;  ///< how long readers of an old state, and clients at the end,
                                    ///< are waited for
    bool is_quiet = false;          ///< say only where the server listens, and what goes wrong
};

std::vector<Depot> depots_in(const std::vector<std::filesystem::path>& paths) {
    std::vector<Depot> depots;
    for (const auto& path : paths) {
        if (Depot::is_depot(path)) {
            depots.emplace_back(path);
        }
    }
    return depots;
}

void print_layers(const LayerSet& set) {
    for (const auto& layer : set.layers()) {
        const auto& info = layer.info();
        fmt::print("  {}  zoom {}-{}  {}\n", layer.id, info.min_zoom, info.max_zoom, layer.origin);
    }
}

int serve(const ServeOptions& options) {
    const EndSignals end_signals;
    const auto log = stderr_log("offgrid serve");
    allow_many_descriptors();
    const auto depots = depots_in(options.paths);
    const auto generations = current_generations(depots);
    // Each worker uses one file at a time: with fewer files than workers some would wait for
    // nothing.
    const auto pool = sqlite::make_mbtiles_pool(
        std::max<std::size_t>(options.max_open_files, options.http.threads));
    const PoolReaper reaper{*pool,
                            {.interval = std::chrono::milliseconds{options.reap_interval_ms}}};
    ServedPaths opened{options.paths, *pool, log};
    Live<LayerSet> layers{opened.layers()};
    const std::chrono::seconds drain_timeout{options.drain_timeout_s};
    const Router router{layers, log, [&, stores = opened.store_pools()] {
                            auto reports = reports_of(stores);
                            reports[""] = pool->statistics();
                            return reports;
                        }};

    HttpServer server{options.http, [&](const Request& request) { return router.answer(request); },
                      log};
    const auto reload = [&](const Depot& depot) {
        auto reopened = opened.reopen(depot.root());
        const auto number = reopened->served(depot.root())->generation().number;
        layers.swap(std::move(reopened));
        return number;
    };
    const DepotWatch watch{depots, generations, reload, log};
    const DrainLog drains{layers, drain_timeout, log};

    fmt::print("listening on {}\n", server.url());
    if (!options.is_quiet) {
        print_layers(*layers.acquire());
    }
    std::fflush(stdout);

    end_signals.wait();
    if (!server.drain(drain_timeout)) {
        log("stopped before every client had its answer");
    }
    return 0;
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
    verb->add_option(
            "PATH", options.paths,
            "A package, a folder of packages and of .mbtiles, .pmtiles and .gpkg files, one such "
            "file, a depot, a mapcache.xml or geowebcache.xml")
        ->required();
    verb->add_option("--listen", options.http.listen,
                     "Where to listen; port 0 takes any that is free")
        ->type_name("ADDRESS:PORT")
        ->capture_default_str();
    verb->add_option("--threads", options.http.threads, "Requests worked on at a time")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    verb->add_option("--max-open-files", options.max_open_files, "Tile files open at a time")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    verb->add_option("--reap-interval", options.reap_interval_ms,
                     "Between two looks for tile files to close: when nearly as many are open as "
                     "may be, those that nobody used for longest are closed")
        ->type_name("MILLISECONDS")
        ->check(CLI::Range(1, 86'400'000))
        ->capture_default_str();
    verb->add_option("--drain-timeout", options.drain_timeout_s,
                     "How long requests may use an old generation before that is reported, and "
                     "the end waits for those that still run")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 86'400))
        ->capture_default_str();
    verb->add_option("--max-connections", options.http.max_connections,
                     "Clients connected at a time")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    verb->add_flag("--quiet", options.is_quiet, "Do not list the layers");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
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
