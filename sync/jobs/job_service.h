#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/depot.h"
#include "serve/log.h"
#include "sync/jobs/job.h"
#include "sync/jobs/job_list.h"
#include "sync/jobs/job_runner.h"
#include "sync/jobs/layer_sources.h"
#include "sync/replace_service.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace offgrid {

/// The queue of the jobs that seed, reseed and truncate layers of a depot while they are served:
/// takes them, has them run (JobRunner), cancels them, and knows what has become of each.
///
/// So many packers run at a time as the options say; truncates have a place of their own. Jobs
/// survive the daemon: those that had not ended begin again with the next. Nothing runs before
/// `start`. Safe for concurrent use but for `start` and `stop`; the destructor ends what runs.
class JobService {
public:
    struct Options {
        std::optional<std::filesystem::path> sources{};  ///< none: nothing can be seeded
        unsigned max_packs = 1;                          ///< at a time
        std::size_t max_pending = 100;
        std::filesystem::path pack_program{};  ///< empty: `offgrid-pack` beside this program
        std::chrono::milliseconds kill_after{10'000};  ///< from SIGTERM to SIGKILL
    };

    /// Throws what `load_layer_sources` throws. None of the references is owned. REQUIRES: the
    /// caller holds the DepotLock.
    JobService(FileOps& files, const Depot& depot, ReplaceService& replace, Options options,
               Log log);
    ~JobService();
    JobService(const JobService&) = delete;
    JobService& operator=(const JobService&) = delete;

    /// Begin with the jobs. Called once, when everything else is ready.
    void start();

    /// Take a job. Throws `not_found` for a layer that is neither installed nor configured,
    /// `invalid_argument` for one without sources to seed from or with nothing of them in the
    /// request, `busy` when too many are pending.
    Job submit(const JobRequest& request);

    std::vector<Job> jobs() const { return list_.all(); }
    std::optional<Job> find(std::uint64_t id) const { return list_.find(id); }

    /// End the job: at once when it is pending, soon when it runs. False when there is none of that
    /// id, it is over, or what it made is just becoming current. Throws `interrupted` when the
    /// daemon ends.
    bool cancel(std::uint64_t id, const std::string& who);

    using Truncates = JobRunner::Truncates;

    /// Remove tiles at once, in this thread. Returns the generation that is current then.
    std::uint64_t truncate(const Truncates& wanted, const ChangeOptions& options);

    /// What layers are packed from.
    LayerSources sources() const;

    /// Read the sources again. Throws as the constructor, and then the old ones stay.
    void reload_sources();

    /// End what runs, so that it begins again with the next daemon. Returns at once; safe for
    /// concurrent use.
    void begin_stop();

    /// The same, and returns when it has ended.
    void stop();

private:
    enum class Lane { packs, truncates };

    /// A job that a worker has taken. What is settled is committed, has failed or is left
    /// to the next daemon: it cannot be cancelled any more.
    enum class Run { goes_on, is_cancelled, is_settled };

    void work(Lane lane);
    std::optional<std::uint64_t> next(Lane lane);
    void run(std::uint64_t id);
    std::uint64_t perform(const Job& job);
    bool is_cancelled(std::uint64_t id);
    bool settle(std::uint64_t id);
    void check(std::uint64_t id);
    void begin_commit(std::uint64_t id);
    void put_back(std::uint64_t id);
    void end(std::uint64_t id, JobState state, const std::string& message,
             std::optional<std::uint64_t> generation = {});
    void change(std::uint64_t id, const std::function<void(Job& job)>& change);
    LayerSource source_of(const std::string& layer) const;
    std::string without_folders(std::string text) const;

    const Depot& depot_;
    ReplaceService& replace_;
    const Options options_;
    const Log log_;
    JobRunner runner_;
    JobList list_;
    std::atomic<bool> is_stopped_ = false;
    mutable std::mutex mutex_;  // of all below
    std::condition_variable wake_;
    LayerSources sources_;
    std::map<std::uint64_t, Run> runs_;  // by the job's id
    std::vector<std::thread> workers_;   // last: they use all the rest
};

}  // namespace offgrid
