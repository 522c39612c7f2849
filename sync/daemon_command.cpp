#include "sync/daemon_command.h"

#include "formats/base/descriptor_limit.h"
#include "formats/base/mapped_faults.h"
#include "serve/log.h"
#include "serve/server_process.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace offgrid {
namespace {

std::string gibibytes(std::uint64_t bytes) {
    return fmt::format("{}GiB", bytes >> 30);
}

void say(std::string_view line) {
    fmt::print(stdout, "{}\n", line);
    std::fflush(stdout);  // a log or a supervisor reads it through a pipe
}

}  // namespace

void add_daemon_options(CLI::App& app, DaemonOptions& options) {
    app.option_defaults()->always_capture_default();
    app.add_option("depot", options.depot, "Folder of the depot; created where it is missing")
        ->required()
        ->type_name("DEPOT")
        ->always_capture_default(false);
    app.add_option("--listen", options.listen,
                   "Serve the tiles here; port 0 takes any that is free")
        ->type_name("ADDRESS:PORT");
    app.add_option("--admin", options.admin, "Take replaces here; port 0 takes any that is free")
        ->type_name("ADDRESS:PORT");
    app.add_option("--users", options.users,
                   "Who may administer (see `offgrid passwd` and `offgrid token`); default: nobody "
                   "but this machine")
        ->type_name("FILE")
        ->always_capture_default(false);
    auto* const certificate =
        app.add_option("--tls-cert", options.tls_certificate,
                       "Certificate of the administration, PEM (see `offgrid certificate`); "
                       "default: plain HTTP")
            ->type_name("FILE")
            ->always_capture_default(false)
            ->default_str("");
    auto* const key = app.add_option("--tls-key", options.tls_key,
                                     "Its private key, PEM, which others may not read")
                          ->type_name("FILE")
                          ->default_str("");
    certificate->needs(key);
    key->needs(certificate);
    app.add_flag("--admin-plaintext", options.allows_admin_plaintext,
                 "Administer without TLS on an address that other machines reach");
    app.add_option("--source-root", options.source_roots,
                   "A folder that `source` may name files below; may be repeated; default: the "
                   "temporary folder, and the "
                   "working folder unless that is /")
        ->type_name("DIR")
        ->take_all()
        ->allow_extra_args(false)
        ->default_str("");
    app.add_option("--threads", options.threads, "Threads that serve tiles")
        ->check(CLI::Range(1, 1024));
    app.add_option("--max-open-files", options.max_open_files, "Tile files open at a time")
        ->check(CLI::Range(1, 1'000'000));
    app.add_option("--reap-interval", options.reap_interval_ms,
                   "Between two looks for tile files to close: when nearly as many are open as may "
                   "be, those that nobody used for longest are closed")
        ->type_name("MILLISECONDS")
        ->check(CLI::Range(1, 86'400'000));
    app.add_option("--drain-timeout", options.drain_timeout_s,
                   "How long an answer, and the end, waits for requests that still run")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 86'400));
    app.add_option("--keep", options.keep,
                   "Prune the depot to so many generations, the current one among them, after "
                   "changes, as `offgrid prune` does; default: all are kept")
        ->type_name("COUNT")
        ->check(CLI::Range(1, 1'000'000))
        ->always_capture_default(false);
    app.add_option("--sources", options.sources,
                   "What layers are packed from, so that they can be seeded (see sync/jobs); "
                   "default: none can")
        ->type_name("FILE")
        ->always_capture_default(false);
    app.add_option("--jobs", options.jobs, "Jobs that pack at a time")->check(CLI::Range(1, 64));
    app.add_option("--geowebcache", options.geowebcache,
                   "A geowebcache.xml: a replace in a layer that it has in a store of another kind "
                   "than SQLite is told so; default: such a layer is unknown")
        ->type_name("FILE")
        ->always_capture_default(false);
    auto& limits = options.limits;
    app.add_option("--max-upload", limits.max_upload_bytes, "Largest upload")
        ->type_name("BYTES")
        ->transform(CLI::AsSizeValue(false))
        ->default_str(gibibytes(limits.max_upload_bytes));
    app.add_option("--max-unpacked", limits.max_unpacked_bytes,
                   "Most that an archive or a folder may hold")
        ->type_name("BYTES")
        ->transform(CLI::AsSizeValue(false))
        ->default_str(gibibytes(limits.max_unpacked_bytes));
    app.add_option("--max-entries", limits.max_entries,
                   "Most files and folders in an archive or a folder");
    app.add_option("--max-depth", limits.max_depth,
                   "Most folders above a file in an archive or a folder");
    app.add_option("--min-free", limits.min_free_bytes,
                   "What a replace leaves free on the disk of the depot")
        ->type_name("BYTES")
        ->transform(CLI::AsSizeValue(false))
        ->default_str("16MiB");
    app.add_option("--max-ratio", limits.max_ratio,
                   "Most that an archive may grow as it is unpacked")
        ->check(CLI::Range(1, 1'000'000));
}

int run_daemon(const DaemonOptions& options, FileOps& files) {
    const EndSignals signals;
    const MappedFaults mapped_faults;
    allow_many_descriptors();
    const auto log = stderr_log("offgrid daemon");
    Daemon daemon{options, files, log};
    if (!daemon.has_users()) {
        say("no users file: administration refuses everything but this machine");
    }
    say(fmt::format("administration on {}", daemon.admin_url()));
    say(fmt::format("serving on {}", daemon.serving_url()));
    signals.wait();
    if (!daemon.drain()) {
        log(fmt::format("some requests did not end in {} s and were broken off",
                        options.drain_timeout_s));
    }
    return 0;
}

}  // namespace offgrid
