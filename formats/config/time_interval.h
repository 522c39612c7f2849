#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace offgrid::config {

/// A span of time in seconds since 1970 (UTC): `start` belongs to it, `end` does not. A value.
struct TimeInterval {
    std::int64_t start = 0;
    std::int64_t end = 0;

    friend bool operator==(const TimeInterval&, const TimeInterval&) = default;
};

/// The intervals that a value of a time dimension means, as MapCache reads them: times such as
/// `2001`, `2001-02`, `2001-02-03`, `2001-02-03T04Z`, `…T04:05Z`, `…T04:05:06Z`, each as long as
/// its last part; `a/b` or `a--b` from the start of one to the end of the other; several with
/// commas between them. Nothing when the text is none of this.
std::optional<std::vector<TimeInterval>> parse_time_intervals(std::string_view text);

}  // namespace offgrid::config
