#pragma once

#include <cstdint>
#include <istream>
#include <streambuf>
#include <string>

namespace offgrid {

/// Another stream up to so many bytes; behind them it ends as if there were no more. The other
/// stream is not owned. One thread.
class BoundedInput final : private std::streambuf, public std::istream {
public:
    BoundedInput(std::istream& source, std::uint64_t max_bytes)
        : std::istream{this}, source_{source}, left_{max_bytes} {}

    /// Whether the end of the other stream was reached.
    bool has_ended() const { return has_ended_; }

    /// Whether there was more than may be read.
    bool is_exceeded() const { return is_exceeded_; }

    /// Bytes that were taken from the other stream.
    std::uint64_t taken() const { return taken_; }

private:
    std::streambuf::int_type underflow() override;

    std::istream& source_;
    std::uint64_t left_;
    std::uint64_t taken_ = 0;
    std::string piece_ = std::string(1 << 16, '\0');
    bool has_ended_ = false;
    bool is_exceeded_ = false;
};

}  // namespace offgrid
