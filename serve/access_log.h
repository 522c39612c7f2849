#pragma once

#include "formats/base/ticker.h"
#include "formats/base/unique_fd.h"
#include "serve/log.h"
#include "serve/request.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// One answered request, as it is logged. Borrows.
struct AccessEntry {
    const Request& request;
    std::string_view target{};   ///< path and query as they were sent
    std::string_view version{};  ///< `HTTP/1.1`
    std::string_view user{};     ///< who has logged in; empty: nobody
    int status = 0;
    std::size_t body_bytes = 0;
};

/// A log of requests in the "combined" format of Apache and nginx, times in UTC:
///
///     192.0.2.7 - anna [22/Nov/2026:03:39:58 +0000] "GET /a HTTP/1.1" 200 11062 "referer" "agent"
///
/// The name is that of who has logged in, `-` for others. What a client has sent and the name are
/// escaped (`\x22`), so that they cannot look like another field or line.
/// Safe for concurrent use: threads write into buffers of their own, which one thread empties a few
/// times a second, so lines of the same second may stand in another order. When the disk does not
/// keep up, lines are left out and counted.
class AccessLog {
public:
    /// Append to the file, or to standard error for `-`. Throws what opening it fails with.
    /// `report` is told when lines are lost.
    AccessLog(std::filesystem::path file, Log report);
    ~AccessLog();
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;

    void write(const AccessEntry& entry) noexcept;

    /// Open the file anew, which somebody may have renamed; when that fails the old one is kept.
    void reopen() noexcept;

    /// Write out what is buffered.
    void flush() noexcept;

private:
    static constexpr std::size_t shard_count = 16;
    static constexpr std::size_t cache_line_bytes = 64;

    struct alignas(cache_line_bytes) Shard {
        std::mutex mutex;  // guards the rest; contended only while it is emptied
        std::string text;
        std::time_t second = -1;
        std::string second_text;  // of `second`
    };

    void write_out(std::string_view text);

    const std::filesystem::path path_;
    const Log report_;
    std::array<Shard, shard_count> shards_{};
    std::atomic<std::uint64_t> lost_ = 0;

    std::mutex file_mutex_;  // guards what follows
    UniqueFd file_;
    std::string emptying_;
    bool is_failing_ = false;

    std::optional<Ticker> ticker_;
};

}  // namespace offgrid
