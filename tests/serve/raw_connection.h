#pragma once

#include "formats/base/unique_fd.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace offgrid::test {

/// A TCP connection to this machine, for what a decent HTTP client would not do. Every wait for a
/// byte ends after 20 seconds unless told otherwise.
class RawConnection {
public:
    /// With a small `receive_buffer_bytes` the server cannot send much ahead of what is read. 0: as
    /// the system likes.
    explicit RawConnection(std::uint16_t port, int receive_buffer_bytes = 0);

    void send(std::string_view text);

    /// Read until so many bytes have come, or the other side ends.
    std::string receive(std::size_t bytes);

    /// Read until the other side ends.
    std::string receive_rest() { return receive(static_cast<std::size_t>(-1)); }

    /// Wait longer, or shorter, than 20 seconds from now on.
    void set_patience(std::chrono::seconds patience);

    /// Say that nothing more will be sent.
    void end();

private:
    UniqueFd socket_;
};

}  // namespace offgrid::test
