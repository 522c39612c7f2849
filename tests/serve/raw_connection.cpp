#include "tests/serve/raw_connection.h"

#include "formats/base/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace offgrid::test {

RawConnection::RawConnection(std::uint16_t port, int receive_buffer_bytes)
    : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    set_patience(std::chrono::seconds{20});
    if (receive_buffer_bytes > 0) {
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                     sizeof receive_buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
        throw system_error(errno, "cannot connect");
    }
}

void RawConnection::send(std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            return;  // refused before its end; the answer tells why
        }
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string RawConnection::receive(std::size_t bytes) {
    std::string received;
    std::array<char, 16384> buffer{};
    while (received.size() < bytes) {
        const auto wanted = std::min(buffer.size(), bytes - received.size());
        const auto count = ::recv(socket_.get(), buffer.data(), wanted, 0);
        if (count <= 0) {
            break;
        }
        received.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return received;
}

void RawConnection::set_patience(std::chrono::seconds patience) {
    const timeval timeout{.tv_sec = patience.count(), .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

void RawConnection::end() {
    ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace offgrid::test
