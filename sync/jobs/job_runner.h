#pragma once

#include "formats/package/depot.h"
#include "formats/package/verify.h"
#include "sync/jobs/job.h"
#include "sync/jobs/layer_edit.h"
#include "sync/jobs/layer_sources.h"
#include "sync/replace_service.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace offgrid {

/// What a job that runs asks, and whom it tells. Called by the thread that runs it.
struct JobWatch {
    using Edit = std::function<void(Job& job)>;

    Checkpoint check{};                    ///< throws when the job is to end before its time
    std::function<void()> begin_commit{};  ///< right before the commit; may throw as well
    std::function<void(const Edit& edit)> change{};                  ///< edits its record
    std::function<std::string(std::string text)> without_folders{};  ///< what clients may read
};

/// Does what one job is there for: has `offgrid pack`, as a child, make its layer and installs
/// that, or removes tiles. What it made becomes a new generation in the turn of all replaces. Knows
/// no queue and no other jobs. Safe for concurrent use.
class JobRunner {
public:
    struct Options {
        std::filesystem::path pack_program{};  ///< empty: `offgrid-pack` beside this program
        std::chrono::milliseconds kill_after{10'000};  ///< from SIGTERM to SIGKILL
    };

    /// None of the references is owned. REQUIRES: the caller holds the DepotLock.
    JobRunner(const Depot& depot, ReplaceService& replace, Options options);
    JobRunner(const JobRunner&) = delete;
    JobRunner& operator=(const JobRunner&) = delete;
    ~JobRunner() = default;

    /// Seed or reseed the layer from the source. Returns the generation that is current then.
    /// Throws what the watch throws, and `io` with the last line that the packer said when that
    /// failed.
    std::uint64_t pack(const Job& job, const LayerSource& source, const JobWatch& watch);

    /// Remove the tiles that the job names. The same otherwise.
    std::uint64_t truncate(const Job& job, const JobWatch& watch);

    /// What is to be truncated of a generation. Asked again where that is no longer the current
    /// one.
    using Truncates = std::function<std::vector<JobRequest>(const Generation& generation)>;

    /// Remove tiles for somebody who waits for it, without a job.
    std::uint64_t truncate(const Truncates& wanted, const ChangeOptions& options);

private:
    void run_packer(const std::vector<std::string>& arguments, const JobWatch& watch) const;
    void install_package(ReplaceTransaction& replace, const Job& job, bool is_whole,
                         const std::filesystem::path& folder, const Checkpoint& checkpoint) const;

    const Depot& depot_;
    ReplaceService& replace_;
    const Options options_;
    const CheckRoom check_room_ = [this](std::uint64_t bytes) { replace_.check_room(bytes); };
};

}  // namespace offgrid
