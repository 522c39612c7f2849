/// `offgrid daemon` for tests: the same, but the power goes at a chosen step of its work on the
/// disk.

#include "sync/daemon_command.h"
#include "tests/support/faulty_file_ops.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <map>

using namespace offgrid;  // NOLINT(google-build-using-namespace): the program is offgrid
using test::FaultyFileOps;

namespace {

int run(int argc, char** argv) {
    CLI::App app{"A daemon whose power goes"};
    auto* const daemon = app.add_subcommand("daemon");
    DaemonOptions options;
    add_daemon_options(*daemon, options);
    int kill_step = 0;
    auto kill_when = FaultyFileOps::When::before;
    const std::map<std::string, FaultyFileOps::When> moments{
        {"before", FaultyFileOps::When::before}, {"after", FaultyFileOps::When::after}};
    daemon->add_option("--kill-step", kill_step)->required();
    daemon->add_option("--kill-when", kill_when)->transform(CLI::CheckedTransformer(moments));
    CLI11_PARSE(app, argc, argv);

    FaultyFileOps files{[&](FaultyFileOps::When when, int step, std::string_view) {
        if (step == kill_step && when == kill_when) {
            ::kill(::getpid(), SIGKILL);
        }
    }};
    return run_daemon(options, files);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
