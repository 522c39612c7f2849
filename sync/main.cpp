#include "formats/base/file_ops.h"
#include "sync/daemon_command.h"
#include "sync/depot_commands.h"
#include "sync/passwd_command.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace {

using namespace offgrid;  // NOLINT(google-build-using-namespace): the program is offgrid

constexpr int failure = 1;
constexpr int usage = 2;

int run(int argc, char** argv) {
    CLI::App app{"Keep a depot of map packages up to date while it is served", "offgrid"};
    app.set_version_flag("--version", "offgrid " OFFGRID_VERSION);
    app.require_subcommand(1);

    DaemonOptions daemon_options;
    auto* const daemon = app.add_subcommand("daemon", "Serve a depot and take updates for it");
    add_daemon_options(*daemon, daemon_options);
    daemon->set_version_flag("--version", "offgrid " OFFGRID_VERSION);

    RollbackOptions rollback_options;
    auto* const rollback =
        app.add_subcommand("rollback", "Make an older generation of a depot current again");
    add_rollback_options(*rollback, rollback_options);
    rollback->set_version_flag("--version", "offgrid " OFFGRID_VERSION);

    PruneOptions prune_options;
    auto* const prune = app.add_subcommand(
        "prune", "Remove old generations of a depot and the files that only they have");
    add_prune_options(*prune, prune_options);
    prune->set_version_flag("--version", "offgrid " OFFGRID_VERSION);

    StatusOptions status_options;
    auto* const status =
        app.add_subcommand("status", "Show what a depot holds and which generations it keeps");
    add_status_options(*status, status_options);
    status->set_version_flag("--version", "offgrid " OFFGRID_VERSION);

    PasswdOptions passwd_options;
    auto* const passwd =
        app.add_subcommand("passwd", "Add a user of `daemon --users`, or change the password");
    add_passwd_options(*passwd, passwd_options);
    passwd->set_version_flag("--version", "offgrid " OFFGRID_VERSION);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : usage;
    }
    if (daemon->parsed()) {
        return run_daemon(daemon_options, posix_file_ops());
    }
    if (rollback->parsed()) {
        return run_rollback(rollback_options, posix_file_ops());
    }
    if (prune->parsed()) {
        return run_prune(prune_options, posix_file_ops());
    }
    if (status->parsed()) {
        return run_status(status_options);
    }
    return run_passwd(passwd_options, posix_file_ops());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "offgrid: %s\n", error.what());
        return failure;
    }
}
