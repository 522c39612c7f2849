#include "formats/kv/memcache_connection.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace offgrid {
namespace {

constexpr std::size_t longest_line = 2'048;
constexpr std::size_t largest_value = std::size_t{64} << 20;
constexpr std::string_view line_end = "\r\n";

struct FreeAddresses {
    void operator()(addrinfo* first) const noexcept { ::freeaddrinfo(first); }
};

using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses addresses_of(const ServerAddress& server) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    const int code =
        ::getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &wanted, &raw);
    Addresses addresses{raw};
    if (code != 0) {
        throw Error{Errc::io, fmt::format("cannot find the host: {}", ::gai_strerror(code))};
    }
    return addresses;
}

/// What of a server's answer may be shown: its start, without what a terminal would obey.
std::string shown(std::string_view answer) {
    std::string text{answer.substr(0, 200)};
    std::ranges::replace_if(
        text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

/// The next word of a line, which loses it.
std::string_view take_word(std::string_view& line) {
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    return word;
}

}  // namespace

void MemcacheConnection::begin() {
    deadline_ = Clock::now() + timeout_;
    if (!received_.empty()) {
        fail(received_);  // said without being asked
    }
}

MemcacheConnection::MemcacheConnection(const ServerAddress& server,
                                       std::chrono::milliseconds timeout)
    : MemcacheConnection{*addresses_of(server), timeout} {}

MemcacheConnection::MemcacheConnection(const addrinfo& addresses, std::chrono::milliseconds timeout)
    : timeout_{timeout} {
    const auto end = Clock::now() + timeout_;
    int left = 0;
    for (const auto* one = &addresses; one != nullptr; one = one->ai_next) {
        ++left;
    }
    std::optional<Error> failure;
    for (const auto* one = &addresses; one != nullptr; one = one->ai_next, --left) {
        const auto now = Clock::now();
        deadline_ = now + (end - now) / left;
        socket_ = UniqueFd{::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        try {
            if (socket_.is_open() && connect_to(one->ai_addr, one->ai_addrlen)) {
                return;
            }
            failure = system_error(errno, "cannot connect");
        } catch (const Error& error) {
            failure = error;
        }
    }
    throw Error{*failure};
}

/// Whether that worked; if not, errno says why.
bool MemcacheConnection::connect_to(const void* address, unsigned size) {
    constexpr int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_.get(), static_cast<const sockaddr*>(address), size) == 0) {
        return true;
    }
    if (errno != EINPROGRESS) {
        return false;
    }
    wait_for(POLLOUT);
    int error = 0;
    socklen_t error_size = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &error_size);
    errno = error;
    return error == 0;
}

void MemcacheConnection::wait_for(short events) {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
        pollfd waiting{socket_.get(), events, 0};
        const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left));
        if (ready > 0) {
            return;
        }
        if (ready == 0) {
            throw Error{Errc::busy, "no answer in time"};
        }
        if (errno != EINTR) {
            throw system_error(errno, "cannot wait for an answer");
        }
    }
}

void MemcacheConnection::send(std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            wait_for(POLLOUT);
        } else if (errno != EINTR) {
            is_closed_ = errno == EPIPE || errno == ECONNRESET;
            throw system_error(errno, "cannot send");
        }
    }
}

void MemcacheConnection::receive_more() {
    std::array<char, 16'384> piece{};
    for (;;) {
        const auto size = ::recv(socket_.get(), piece.data(), piece.size(), 0);
        if (size > 0) {
            received_.append(piece.data(), static_cast<std::size_t>(size));
            return;
        }
        if (size == 0) {
            is_closed_ = true;
            throw Error{Errc::io, "the server has closed the connection"};
        }
        if (errno == EAGAIN) {
            wait_for(POLLIN);
        } else if (errno != EINTR) {
            is_closed_ = errno == ECONNRESET;
            throw system_error(errno, "cannot receive");
        }
    }
}

/// The next line without its end.
std::string MemcacheConnection::receive_line() {
    auto end = received_.find(line_end);
    while (end == std::string::npos && received_.size() <= longest_line) {
        receive_more();
        end = received_.find(line_end);
    }
    if (end == std::string::npos) {
        fail(received_);
    }
    auto line = received_.substr(0, end);
    received_.erase(0, end + line_end.size());
    return line;
}

void MemcacheConnection::receive_exactly(std::string_view text) {
    while (received_.size() < text.size()) {
        receive_more();
    }
    if (!received_.starts_with(text)) {
        fail(received_);
    }
    received_.erase(0, text.size());
}

/// For an answer that is none of those expected.
void MemcacheConnection::fail(std::string_view answer) const {
    if (answer.starts_with("SERVER_ERROR object too large")) {
        throw Error{Errc::too_large, shown(answer)};
    }
    if (answer.starts_with("SERVER_ERROR out of memory")) {
        throw Error{Errc::no_space, shown(answer)};
    }
    throw Error{Errc::io, fmt::format("unexpected answer: {}", shown(answer))};
}

std::optional<Bytes> MemcacheConnection::get(std::string_view key) {
    begin();
    send(fmt::format("get {}\r\n", key));
    const auto line = receive_line();
    if (line == "END") {
        return std::nullopt;
    }
    std::string_view rest = line;
    const bool is_value = take_word(rest) == "VALUE" && take_word(rest) == key;
    take_word(rest);  // flags: MapCache sets and heeds none
    const auto size = parse_number<std::size_t>(take_word(rest));
    if (!is_value || !size || !rest.empty()) {
        fail(line);
    }
    if (*size > largest_value) {
        throw Error{Errc::too_large,
                    fmt::format("a value of {} bytes; at most {} are read", *size, largest_value)};
    }
    while (received_.size() < *size) {
        receive_more();
    }
    Bytes value{received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(*size)};
    received_.erase(0, *size);
    receive_exactly("\r\nEND\r\n");
    return value;
}

void MemcacheConnection::set(std::string_view key, BytesView value, std::int64_t expiration) {
    begin();
    auto command = fmt::format("set {} 0 {} {}\r\n", key, expiration, value.size());
    command.append(as_text(value)).append(line_end);
    send(command);
    if (const auto line = receive_line(); line != "STORED") {
        fail(line);
    }
}

void MemcacheConnection::erase(std::string_view key) {
    begin();
    send(fmt::format("delete {}\r\n", key));
    if (const auto line = receive_line(); line != "DELETED" && line != "NOT_FOUND") {
        fail(line);
    }
}

}  // namespace offgrid
