#pragma once

#include "formats/base/file_ops.h"
#include "sync/daemon.h"

#include <CLI/App.hpp>

namespace offgrid {

/// Declare the options of `offgrid daemon`. Parsing writes into `options`, which outlives the app.
void add_daemon_options(CLI::App& app, DaemonOptions& options);

/// Run a daemon until SIGTERM or SIGINT, then drain it: the exit code. Says on standard output when
/// it is ready and where, and reports on standard error. Blocks both signals for the process.
int run_daemon(const DaemonOptions& options, FileOps& files);

}  // namespace offgrid
