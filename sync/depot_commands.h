#pragma once

#include "formats/base/file_ops.h"

#include <CLI/App.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

struct RollbackOptions {
    std::filesystem::path depot;
    std::optional<std::uint64_t>
        to;  ///< nothing: the generation that the current one was made from
};

struct PruneOptions {
    std::filesystem::path depot;
    std::size_t keep = 0;  ///< generations, the current one among them
    bool is_dry_run = false;
};

struct StatusOptions {
    std::filesystem::path depot;
    bool is_json = false;
    std::vector<std::string> servers;  ///< to ask for the generation that they serve
    bool is_waiting = false;           ///< until they all serve what is current
    unsigned timeout_s = 30;
};

/// Declare the options of `offgrid rollback`, `prune` and `status`. Parsing writes into `options`,
/// which outlive the app.
void add_rollback_options(CLI::App& app, RollbackOptions& options);
void add_prune_options(CLI::App& app, PruneOptions& options);
void add_status_options(CLI::App& app, StatusOptions& options);

/// Make an older generation current again: the exit code. A named one also where the current one,
/// or the file CURRENT, is damaged. Throws `busy` when a process, such as a daemon, holds the
/// depot.
int run_rollback(const RollbackOptions& options, FileOps& files);

/// Remove old generations and what only they had: the exit code. Throws `busy` as `run_rollback`.
int run_prune(const PruneOptions& options, FileOps& files);

/// Print what the depot holds, which generations it keeps and which servers do not serve the
/// current one: the exit code, 3 when there are such, 1 when the current generation is damaged; the
/// others are listed all the same. Needs no lock, so it works beside a daemon.
int run_status(const StatusOptions& options);

}  // namespace offgrid
