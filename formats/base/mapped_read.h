#pragma once

#include "formats/base/bytes.h"

#include <atomic>
#include <cstdint>

namespace offgrid {

/// The time in which one thread reads a mapping, and will take zeros for bytes that are not there:
/// see MappedFaults. What was read is worthless when `has_failed` says so, and so is the mapping,
/// in which the zeros stay. Lives on the stack; the mapping outlives it. May be nested.
class MappedRead {
public:
    /// Nothing is guarded where the mapping is empty.
    explicit MappedRead(BytesView mapping) noexcept;
    ~MappedRead();
    MappedRead(const MappedRead&) = delete;
    MappedRead& operator=(const MappedRead&) = delete;

    bool has_failed() const noexcept { return has_failed_.load(std::memory_order_relaxed); }

    /// For the handler of SIGBUS: note a failure of the mapping of this thread that has the
    /// address. False when the thread reads none that has it. Safe in a signal handler.
    static bool note_failure(std::uintptr_t address) noexcept;

private:
    std::uintptr_t begin_;
    std::uintptr_t end_;
    MappedRead* outer_;
    std::atomic<bool> has_failed_ = false;
};

}  // namespace offgrid
