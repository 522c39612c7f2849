#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/depot.h"
#include "serve/log.h"
#include "sync/jobs/job.h"
#include "sync/jobs/job_records.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace offgrid {

/// The jobs of a depot, in memory and in their records, which are as new as the last change of a
/// job's state. Safe for concurrent use.
///
/// At most `max_over` jobs that are over are kept.
class JobList {
public:
    static constexpr std::size_t max_over = 100;

    /// Loads the records. A job that was running when its daemon died is pending again and says so;
    /// one that did so too often is aborted. Records that cannot be read or written go to the log:
    /// tiles are served without them. REQUIRES: the DepotLock.
    JobList(FileOps& files, const Depot& depot, const Log& log);

    /// Add a pending job. Throws what writing its record throws, and then there is none.
    Job add(const JobRequest& request);

    /// Change a job and write its record when its state has changed. Throws what that throws; the
    /// change is in memory all the same. Nothing when there is no such job.
    std::optional<Job> change(std::uint64_t id, const std::function<void(Job& job)>& change);

    std::optional<Job> find(std::uint64_t id) const;

    /// All by id.
    std::vector<Job> all() const;

private:
    void take_over(Job& job);
    void write(std::uint64_t id);
    void forget_oldest();

    const Log log_;
    std::mutex writing_;  // taken before `mutex_`; orders the records of one job
    JobRecords records_;
    mutable std::mutex mutex_;
    std::map<std::uint64_t, Job> jobs_;
    std::uint64_t last_id_ = 0;
};

/// Seconds since 1970.
Job::Seconds now_in_seconds();

}  // namespace offgrid
