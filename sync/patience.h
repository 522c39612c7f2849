#pragma once

#include <chrono>
#include <cstdint>

namespace offgrid {

/// How long the other side of a connection is waited for: for a span of time, which the bytes that
/// it moves renew at the least rate that will do, never beyond what it was at first. Silence uses
/// it up, and so does dripping. A value.
class Patience {
public:
    using Duration = std::chrono::microseconds;

    /// With `bytes_per_second` 0 nothing renews it: it is a deadline for all waiting together.
    explicit Patience(Duration most, std::uint64_t bytes_per_second = 0)
        : most_{most}, left_{most}, bytes_per_second_{bytes_per_second} {}

    /// Not more than zero: it has run out.
    Duration left() const { return left_; }

    void note_wait(Duration waited) { left_ -= waited; }
    void note_bytes(std::uint64_t bytes);

private:
    Duration most_;
    Duration left_;
    std::uint64_t bytes_per_second_;
};

}  // namespace offgrid
