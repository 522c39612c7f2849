#pragma once

#include <atomic>
#include <cstdint>

namespace offgrid {

/// What has become of the connections of an HttpServer. Counted by its threads, read by any.
struct HttpStatistics {
    using Counter = std::atomic<std::uint64_t>;

    Counter open = 0;                ///< now
    Counter accepted = 0;            ///< since the start, as all that follow
    Counter refused_full = 0;        ///< every place was taken by somebody at work
    Counter refused_address = 0;     ///< its address had as many as it may
    Counter closed_idle = 0;         ///< no request came in time
    Counter closed_for_others = 0;   ///< idle for longest when every place was taken
    Counter closed_slow_header = 0;  ///< a header was not whole in time
    Counter closed_slow_body = 0;    ///< nor a body
    Counter closed_slow_reader = 0;  ///< an answer was taken too slowly
    std::atomic<bool> is_draining = false;
};

}  // namespace offgrid
