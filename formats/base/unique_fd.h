#pragma once

#include <unistd.h>

#include <utility>

namespace offgrid {

/// Owns one POSIX file descriptor. Closing ignores errors: call fsync first where they matter.
class UniqueFd {
public:
    explicit UniqueFd(int fd = -1) noexcept : fd_{fd} {}
    ~UniqueFd() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    UniqueFd(UniqueFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;

    int get() const noexcept { return fd_; }
    /// Give the descriptor to the caller, who closes it.
    int release() noexcept { return std::exchange(fd_, -1); }

    bool is_open() const noexcept { return fd_ >= 0; }

private:
    int fd_;
};

}  // namespace offgrid
