#include "sync/daemon_command.h"

#include "formats/base/error.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

namespace offgrid {
namespace {

/// The signals that end a daemon, blocked in this thread and all it starts, so that one thread can
/// wait for them.
class EndSignals {
public:
    EndSignals() {
        ::sigemptyset(&signals_);
        ::sigaddset(&signals_, SIGTERM);
        ::sigaddset(&signals_, SIGINT);
        if (const int failure = ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr); failure != 0) {
            throw system_error(failure, "cannot block signals");
        }
    }

    void wait() const {
        int received = 0;
        if (const int failure = ::sigwait(&signals_, &received); failure != 0) {
            throw system_error(failure, "cannot wait for a signal");
        }
    }

private:
    sigset_t signals_{};
};

/// Connections and tile files need more descriptors than the 1024 that a login shell allows.
void allow_many_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));  // fewer clients then
    }
}

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
                   "Who may administer, one `name:hash` a line (see `offgrid passwd`); default: "
                   "nobody but this machine")
        ->type_name("FILE")
        ->always_capture_default(false);
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
    app.add_option("--drain-timeout", options.drain_timeout_s,
                   "How long an answer, and the end, waits for requests that still run")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 86'400));
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
    app.add_option("--max-ratio", limits.max_ratio,
                   "Most that an archive may grow as it is unpacked")
        ->check(CLI::Range(1, 1'000'000));
}

int run_daemon(const DaemonOptions& options, FileOps& files) {
    const EndSignals signals;
    allow_many_descriptors();
    ::signal(SIGPIPE,
             SIG_IGN);  // a client that goes away is an error of its connection, not of the process
    Daemon daemon{options, files,
                  [](std::string_view line) { fmt::print(stderr, "offgrid daemon: {}\n", line); }};
    if (!daemon.has_users()) {
        say("no users file: administration refuses everything but this machine");
    }
    say(fmt::format("administration on {}", daemon.admin_url()));
    say(fmt::format("serving on {}", daemon.serving_url()));
    signals.wait();
    if (!daemon.drain()) {
        fmt::print(stderr,
                   "offgrid daemon: some requests did not end in {} s and were broken off\n",
                   options.drain_timeout_s);
    }
    return 0;
}

}  // namespace offgrid
