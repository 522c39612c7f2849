#include "serve/listen_socket.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

namespace offgrid {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* first) const noexcept { freeaddrinfo(first); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// Connections that may wait to be accepted; the kernel cuts it to its own limit.
constexpr int backlog = 1024;

struct HostAndPort {
    std::string host;
    std::string port;
};

HostAndPort split(std::string_view address) {
    const auto colon = address.rfind(':');
    auto host = address.substr(0, std::min(colon, address.size()));
    const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (is_bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    const auto port =
        colon == std::string_view::npos ? std::string_view{} : address.substr(colon + 1);
    const bool is_ambiguous = !is_bracketed && host.find(':') != std::string_view::npos;
    if (host.empty() || is_ambiguous || !parse_number<std::uint16_t>(port)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot listen on '{}': not ADDRESS:PORT", address)};
    }
    return {std::string{host}, std::string{port}};
}

Addresses resolve(std::string_view address) {
    const auto [host, port] = split(address);
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* raw = nullptr;
    const int code = getaddrinfo(host.c_str(), port.c_str(), &hints, &raw);
    Addresses addresses{raw};
    if (code != 0) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot listen on '{}': {}", address, gai_strerror(code))};
    }
    return addresses;
}

Error listen_error(int error_number, std::string_view address) {
    auto error = system_error(error_number, fmt::format("cannot listen on {}", address));
    switch (error_number) {
        case EADDRINUSE:
            return Error{Errc::busy, error.what()};
        case EACCES:
            return Error{Errc::denied, error.what()};
        default:
            return error;
    }
}

/// Listens on one of the addresses that a name has; closed, with errno set, when it cannot.
UniqueFd listen_on(const addrinfo& address) {
    UniqueFd listener{::socket(address.ai_family,
                               address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                               address.ai_protocol)};
    // A server that starts again must not wait for the old connections of its port to time out.
    const int on = 1;
    if (!listener.is_open() ||
        ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(listener.get(), address.ai_addr, address.ai_addrlen) != 0 ||
        ::listen(listener.get(), backlog) != 0) {
        const int failure = errno;
        listener = UniqueFd{};
        errno = failure;
    }
    return listener;
}

}  // namespace

UniqueFd listen_at(std::string_view address) {
    const auto addresses = resolve(address);
    int failure = EADDRNOTAVAIL;
    for (const auto* each = addresses.get(); each != nullptr; each = each->ai_next) {
        if (auto listener = listen_on(*each); listener.is_open()) {
            return listener;
        }
        failure = errno;
    }
    throw listen_error(failure, address);
}

BoundAddress bound_address(const UniqueFd& socket) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* const bound = reinterpret_cast<sockaddr*>(&storage);
    if (::getsockname(socket.get(), bound, &size) != 0) {
        throw system_error(errno, "cannot tell where the server listens");
    }
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    const int code = getnameinfo(bound, size, host.data(), host.size(), port.data(), port.size(),
                                 NI_NUMERICHOST | NI_NUMERICSERV);
    if (code != 0) {
        throw Error{Errc::io,
                    fmt::format("cannot tell where the server listens: {}", gai_strerror(code))};
    }
    return {storage.ss_family == AF_INET6 ? fmt::format("[{}]", host.data()) : host.data(),
            parse_number<std::uint16_t>(port.data()).value_or(0)};
}

}  // namespace offgrid
