#include "sync/jobs/job_list.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ranges>
#include <utility>

namespace offgrid {
namespace {

/// A job that takes the whole machine down must not do so for ever.
constexpr int max_starts = 5;

}  // namespace

Job::Seconds now_in_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

JobList::JobList(FileOps& files, const Depot& depot, const Log& log)
    : log_{log}, records_{files, depot.root() / "jobs"}, jobs_{records_.load(log)} {
    for (auto& [id, job] : jobs_) {
        last_id_ = id;
        if (job.state == JobState::running) {
            take_over(job);
        }
    }
}

void JobList::take_over(Job& job) {
    if (job.starts >= max_starts) {
        job.state = JobState::aborted;
        job.ended = now_in_seconds();
        job.message = fmt::format("the daemon died each of the {} times that it ran", job.starts);
    } else {
        job.state = JobState::pending;
        job.message = "the daemon died while it ran: it starts again";
    }
    log_(fmt::format("job {} ({} of layer '{}'): {}", job.id, name_of(job.request.type),
                     job.request.layer, job.message));
    try {
        records_.save(job);
    } catch (const Error& error) {
        log_(fmt::format("the record of job {} cannot be written: {}", job.id, error.what()));
    }
}

Job JobList::add(const JobRequest& request) {
    const std::lock_guard order{writing_};
    Job job{.request = request, .created = now_in_seconds()};
    {
        const std::lock_guard lock{mutex_};
        job.id = last_id_ + 1;
    }
    records_.save(job);
    const std::lock_guard lock{mutex_};
    last_id_ = job.id;
    jobs_.emplace(job.id, job);
    return job;
}

std::optional<Job> JobList::change(std::uint64_t id, const std::function<void(Job& job)>& change) {
    JobState before{};
    std::optional<Job> changed;
    {
        const std::lock_guard lock{mutex_};
        const auto found = jobs_.find(id);
        if (found == jobs_.end()) {
            return std::nullopt;
        }
        before = found->second.state;
        change(found->second);
        changed = found->second;
    }
    if (changed->state != before) {
        write(id);
        forget_oldest();
    }
    return changed;
}

std::optional<Job> JobList::find(std::uint64_t id) const {
    const std::lock_guard lock{mutex_};
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? std::nullopt : std::optional{found->second};
}

std::vector<Job> JobList::all() const {
    const std::lock_guard lock{mutex_};
    std::vector<Job> jobs;
    for (const auto& job : jobs_ | std::views::values) {
        jobs.push_back(job);
    }
    return jobs;
}

void JobList::write(std::uint64_t id) {
    const std::lock_guard order{writing_};
    if (const auto job = find(id)) {
        records_.save(*job);
    }
}

void JobList::forget_oldest() {
    const std::lock_guard order{writing_};
    std::vector<std::uint64_t> over;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [id, job] : jobs_) {
            if (job.is_over()) {
                over.push_back(id);
            }
        }
        over.resize(over.size() - std::min(over.size(), max_over));
        for (const auto id : over) {
            jobs_.erase(id);
        }
    }
    for (const auto id : over) {
        records_.remove(id);
    }
}

}  // namespace offgrid
