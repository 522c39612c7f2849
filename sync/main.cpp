#include "formats/base/file_ops.h"
#include "sync/audit_command.h"
#include "sync/certificate_command.h"
#include "sync/daemon_command.h"
#include "sync/depot_commands.h"
#include "sync/passwd_command.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <type_traits>

namespace {

using namespace offgrid;  // NOLINT(google-build-using-namespace): the program is offgrid

constexpr int failure = 1;
constexpr int usage = 2;

constexpr const char* version = "offgrid " OFFGRID_VERSION;

/// The verbs of the program, each with its options and what runs it.
class Verbs {
public:
    explicit Verbs(CLI::App& app) : app_{app} { app.require_subcommand(1); }

    template <typename Options, typename Run>
    void add(const char* name, const char* about, void (*add_options)(CLI::App&, Options&),
             Run run) {
        auto* const verb = app_.add_subcommand(name, about);
        verb->set_version_flag("--version", version);
        const auto options = std::make_shared<Options>();
        add_options(*verb, *options);
        runs_[verb] = [options, run] {
            if constexpr (std::is_invocable_v<Run, const Options&>) {
                return run(*options);
            } else {
                return run(*options, posix_file_ops());
            }
        };
    }

    /// REQUIRES: the app is parsed.
    int run_parsed() const { return runs_.at(app_.get_subcommands().front())(); }

private:
    CLI::App& app_;
    std::map<const CLI::App*, std::function<int()>> runs_;
};

int run(int argc, char** argv) {
    CLI::App app{"Keep a depot of map packages up to date while it is served", "offgrid"};
    app.set_version_flag("--version", version);
    Verbs verbs{app};
    verbs.add("daemon", "Serve a depot and take updates for it", add_daemon_options, run_daemon);
    verbs.add("rollback", "Make an older generation of a depot current again", add_rollback_options,
              run_rollback);
    verbs.add("prune", "Remove old generations of a depot and the files that only they have",
              add_prune_options, run_prune);
    verbs.add("status", "Show what a depot holds and which generations it keeps",
              add_status_options, run_status);
    verbs.add("passwd", "Add a user of `daemon --users`, or change the password",
              add_passwd_options, run_passwd);
    verbs.add("token", "Make a token for a machine that uses `daemon --users`", add_token_options,
              run_token);
    verbs.add("audit", "Show who changed a depot, and check that nothing is missing",
              add_audit_options, run_audit);
    verbs.add("certificate", "Make a self-signed certificate for `daemon --tls-cert`",
              add_certificate_options, run_certificate);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : usage;
    }
    return verbs.run_parsed();
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
