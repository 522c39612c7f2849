#pragma once

#include "formats/tile/box.h"
#include "serve/access/identity.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// What a job does to its layer.
enum class JobType {
    seed,      ///< pack from the sources; tiles that are there already stay as they are
    reseed,    ///< pack from the sources; what is packed replaces what is there
    truncate,  ///< remove tiles
};

/// How a job stands; the numbers are those of GeoWebCache's REST interface.
enum class JobState { aborted = -1, pending = 0, running = 1, done = 2 };

std::string_view name_of(JobType type);
std::string_view name_of(JobState state);

/// Zooms from the first to the second, both included.
using ZoomSpan = std::pair<int, int>;

/// What someone wants done. A value.
struct JobRequest {
    JobType type = JobType::seed;
    std::string layer{};              ///< its name in the depot
    std::optional<ZoomSpan> zooms{};  ///< nothing: all
    std::optional<Box> bounds{};      ///< in the units of the grid's SRS; nothing: everywhere
    std::string asked_by{};           ///< the name of the caller
    Role role = Role::admin;          ///< what the caller was allowed
    std::string from{};               ///< the caller's address

    friend bool operator==(const JobRequest&, const JobRequest&) = default;
};

/// How far a job has come. A value.
struct JobProgress {
    std::int64_t tiles = 0;          ///< made
    std::int64_t tiles_total = -1;   ///< about; -1: not known
    std::int64_t seconds_left = -2;  ///< about; -2: not known

    friend bool operator==(const JobProgress&, const JobProgress&) = default;
};

/// One job and what has become of it: what its record in the depot holds. A value.
struct Job {
    using Seconds = std::int64_t;  // since 1970

    std::uint64_t id = 0;
    JobRequest request{};
    JobState state = JobState::pending;
    JobProgress progress{};
    int starts = 0;  ///< more than one: the daemon died while it ran
    Seconds created = 0;
    Seconds started = 0;                        ///< the last time; 0: not yet
    Seconds ended = 0;                          ///< 0: not yet
    std::optional<std::uint64_t> generation{};  ///< that it made current
    std::string message{};                      ///< why it ended, or started again
    std::vector<std::string> output{};          ///< the last lines that the program said

    bool is_over() const { return state == JobState::aborted || state == JobState::done; }

    friend bool operator==(const Job&, const Job&) = default;
};

/// The job as JSON.
std::string to_json(const Job& job);
std::string to_json(const std::vector<Job>& jobs);

/// Read the record of a job. Throws `corrupt`.
Job parse_job_record(std::string_view json);

}  // namespace offgrid
