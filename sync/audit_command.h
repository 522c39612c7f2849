#pragma once

#include <CLI/App.hpp>

#include <filesystem>

namespace offgrid {

struct AuditOptions {
    std::filesystem::path depot;
    bool prints_json = false;    ///< the lines as they are, instead of a table
    bool only_verifies = false;  ///< print no entries
};

/// Declare the options of `offgrid audit`. Parsing writes into `options`, which outlives the app.
void add_audit_options(CLI::App& app, AuditOptions& options);

/// Print the audit log of a depot and check its chain: the exit code, 0 when it is intact, 3 when
/// it is not.
int run_audit(const AuditOptions& options);

}  // namespace offgrid
