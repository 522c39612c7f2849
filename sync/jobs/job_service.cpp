#include "sync/jobs/job_service.h"

#include "formats/base/error.h"
#include "sync/background.h"
#include "sync/interruptible_file_ops.h"
#include "sync/jobs/hidden_folders.h"
#include "sync/jobs/pack_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

LayerSources load(const std::optional<fs::path>& file) {
    return file ? load_layer_sources(*file) : LayerSources{};
}

bool is_packed(JobType type) {
    return type != JobType::truncate;
}

}  // namespace

JobService::JobService(FileOps& files, const Depot& depot, ReplaceService& replace, Options options,
                       Log log)
    : depot_{depot},
      replace_{replace},
      options_{std::move(options)},
      log_{std::move(log)},
      runner_{depot,
              replace,
              {.pack_program = options_.pack_program, .kill_after = options_.kill_after}},
      list_{files, depot, log_},
      sources_{load(options_.sources)} {}

JobService::~JobService() {
    stop();
}

void JobService::start() {
    for (unsigned i = 0; i < options_.max_packs; ++i) {
        workers_.emplace_back([this] { work(Lane::packs); });
    }
    workers_.emplace_back([this] { work(Lane::truncates); });
}

void JobService::begin_stop() {
    {
        const std::lock_guard lock{mutex_};
        is_stopped_ = true;
    }
    wake_.notify_all();
}

void JobService::stop() {
    begin_stop();
    for (auto& worker : workers_) {
        worker.join();
    }
    workers_.clear();
}

Job JobService::submit(const JobRequest& request) {
    const bool is_installed = replace_.served().served().layers.contains(request.layer);
    if (is_packed(request.type)) {
        scope_of(source_of(request.layer), request);
    } else if (!is_installed) {
        throw Error{Errc::not_found, fmt::format("unknown layer '{}'", request.layer)};
    }
    const auto jobs = list_.all();
    const auto pending = std::ranges::count(jobs, JobState::pending, &Job::state);
    if (static_cast<std::size_t>(pending) >= options_.max_pending) {
        throw Error{Errc::busy, fmt::format("{} jobs are pending already", pending)};
    }
    const auto job = list_.add(request);
    log_(fmt::format("job {}: {} of layer '{}', asked for by {}", job.id, name_of(request.type),
                     request.layer, request.asked_by));
    {
        const std::lock_guard lock{mutex_};  // or a worker that is about to wait would miss it
    }
    wake_.notify_all();
    return job;
}

LayerSource JobService::source_of(const std::string& layer) const {
    const auto known = sources();
    if (const auto found = known.find(layer); found != known.end()) {
        return found->second;
    }
    if (replace_.served().served().layers.contains(layer)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("layer '{}' has no sources to be seeded from", layer)};
    }
    throw Error{Errc::not_found, fmt::format("unknown layer '{}'", layer)};
}

LayerSources JobService::sources() const {
    const std::lock_guard lock{mutex_};
    return sources_;
}

void JobService::reload_sources() {
    try {
        auto sources = load(options_.sources);
        const std::lock_guard lock{mutex_};
        sources_ = std::move(sources);
    } catch (const Error& error) {
        log_(error.what());
        throw Error{error.code(), without_folders(error.what())};
    }
}

bool JobService::cancel(std::uint64_t id, const std::string& who) {
    {
        const std::lock_guard lock{mutex_};
        check_not_stopped(is_stopped_);  // it will begin again
        check_not_stopped(replace_.served().is_stopped());
        const auto job = list_.find(id);
        if (!job || job->is_over()) {
            return false;
        }
        const auto [run, is_pending] = runs_.try_emplace(id, Run::is_cancelled);
        if (run->second == Run::is_settled) {
            return false;
        }
        run->second = Run::is_cancelled;
        if (!is_pending) {
            change(id, [&](Job& running) { running.message = "cancelled by " + who; });
            return true;  // its worker ends it
        }
    }
    end(id, JobState::aborted, "cancelled by " + who);
    const std::lock_guard lock{mutex_};
    runs_.erase(id);
    return true;
}

std::string JobService::without_folders(std::string text) const {
    const auto folder = options_.sources
                            ? fs::absolute(*options_.sources).lexically_normal().parent_path()
                            : fs::path{};
    return offgrid::without_folders(std::move(text), depot_.root(), folder, sources());
}

bool JobService::is_cancelled(std::uint64_t id) {
    const std::lock_guard lock{mutex_};
    const auto run = runs_.find(id);
    return run != runs_.end() && run->second == Run::is_cancelled;
}

/// False: it is cancelled.
bool JobService::settle(std::uint64_t id) {
    const std::lock_guard lock{mutex_};
    auto& run = runs_.at(id);
    if (run == Run::is_cancelled) {
        return false;
    }
    run = Run::is_settled;
    return true;
}

/// Throws when the job is to end before its time.
void JobService::check(std::uint64_t id) {
    check_not_stopped(is_stopped_);
    if (is_cancelled(id)) {
        throw Error{Errc::interrupted, "it is cancelled"};
    }
}

/// The last moment for a job to be cancelled.
void JobService::begin_commit(std::uint64_t id) {
    check_not_stopped(is_stopped_);
    if (!settle(id)) {
        throw Error{Errc::interrupted, "it is cancelled"};
    }
}

void JobService::work(Lane lane) {
    run_in_background();  // the packers, too
    while (const auto id = next(lane)) {
        run(*id);
    }
}

/// The oldest pending job of the lane, when there is one; nothing when the service ends.
std::optional<std::uint64_t> JobService::next(Lane lane) {
    std::unique_lock lock{mutex_};
    while (!is_stopped_) {
        for (const auto& job : list_.all()) {
            const bool is_of_lane = is_packed(job.request.type) == (lane == Lane::packs);
            if (job.state == JobState::pending && is_of_lane &&
                runs_.try_emplace(job.id, Run::goes_on).second) {
                return job.id;
            }
        }
        wake_.wait(lock);
    }
    return std::nullopt;
}

void JobService::run(std::uint64_t id) {
    change(id, [](Job& job) {
        job.state = JobState::running;
        job.started = now_in_seconds();
        job.progress = {};
        job.output.clear();
        ++job.starts;
    });
    const auto job = list_.find(id);
    if (!job) {
        return;
    }
    try {
        const auto generation = perform(*job);
        end(id, JobState::done, job->message, generation);
    } catch (const Error& error) {
        if (!settle(id)) {
            end(id, JobState::aborted, list_.find(id).value_or(*job).message);
        } else if (error.code() == Errc::interrupted) {
            put_back(id);
            return;  // taken, so that no worker begins with it before the daemon has ended
        } else {
            end(id, JobState::aborted, error.what());
        }
    } catch (const std::exception& error) {
        end(id, JobState::aborted, error.what());
    }
    const std::lock_guard lock{mutex_};
    runs_.erase(id);
}

/// Leave the job to the next daemon: that this one ends is not the job's doing, and does not count.
void JobService::put_back(std::uint64_t id) {
    change(id, [](Job& job) {
        job.state = JobState::pending;
        job.message = "the daemon was ended while it ran: it starts again";
        --job.starts;
    });
    log_(fmt::format("job {} is broken off and begins again with the next daemon", id));
}

void JobService::end(std::uint64_t id, JobState state, const std::string& message,
                     std::optional<std::uint64_t> generation) {
    const auto shown = without_folders(message);
    change(id, [&](Job& job) {
        job.state = state;
        job.ended = now_in_seconds();
        job.message = shown;
        job.generation = generation;
        if (state == JobState::done) {
            job.progress.seconds_left = 0;
        }
    });
    log_(fmt::format("job {} is {}{}{}", id, name_of(state), message.empty() ? "" : ": ", message));
}

/// What a job has done counts even where its record cannot be written.
void JobService::change(std::uint64_t id, const std::function<void(Job& job)>& change) {
    try {
        list_.change(id, change);
    } catch (const Error& error) {
        log_(fmt::format("the record of job {} cannot be written: {}", id, error.what()));
    }
}

std::uint64_t JobService::perform(const Job& job) {
    const auto id = job.id;
    const JobWatch watch{
        .check = [this, id] { check(id); },
        .begin_commit = [this, id] { begin_commit(id); },
        .change = [this, id](const JobWatch::Edit& edit) { change(id, edit); },
        .without_folders = [this](std::string text) { return without_folders(std::move(text)); }};
    return is_packed(job.request.type) ? runner_.pack(job, source_of(job.request.layer), watch)
                                       : runner_.truncate(job, watch);
}

std::uint64_t JobService::truncate(const Truncates& wanted, const ChangeOptions& options) {
    return runner_.truncate(wanted, options);
}

}  // namespace offgrid
