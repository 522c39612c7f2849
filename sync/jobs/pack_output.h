#pragma once

#include "sync/jobs/job.h"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// What a line that `offgrid pack` prints says of its progress, or nothing. Both forms are read:
///
///     12 %, 0:30 left, 1024 tiles, 345 tiles/s
///     {"share": 0.12, "tiles": 1024, "tiles_total": 8533, "seconds_left": 30}
///
/// Unknown fields of the second are ignored, missing ones are not known.
std::optional<JobProgress> progress_in(std::string_view line);

/// The output of a program, line by line: its progress, and the last lines that are none. The
/// result that `offgrid pack --json` ends with is progress, and a line for each of its notes. A
/// value.
class PackOutput {
public:
    void take(std::string_view line);

    const JobProgress& progress() const { return progress_; }

    /// At most `max_lines`, each cut to `max_line_bytes`.
    std::vector<std::string> last_lines() const { return {lines_.begin(), lines_.end()}; }

    static constexpr std::size_t max_lines = 20;
    static constexpr std::size_t max_line_bytes = 500;

private:
    void add(std::string_view line);

    JobProgress progress_;
    std::deque<std::string> lines_;
};

}  // namespace offgrid
