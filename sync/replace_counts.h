#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace offgrid {

/// What came of the replaces since the start. Safe for concurrent use.
class ReplaceCounts {
public:
    struct Snapshot {
        std::map<std::string, std::uint64_t> by_outcome{};  ///< `replaced`, or the name of an Errc
        std::uint64_t received_bytes = 0;                   ///< of files in whole forms
    };

    void count(const std::string& outcome) {
        const std::lock_guard lock{mutex_};
        ++counts_.by_outcome[outcome];
    }

    void add_received(std::uint64_t bytes) {
        const std::lock_guard lock{mutex_};
        counts_.received_bytes += bytes;
    }

    Snapshot snapshot() const {
        const std::lock_guard lock{mutex_};
        return counts_;
    }

private:
    mutable std::mutex mutex_;
    Snapshot counts_;
};

}  // namespace offgrid
