#include "serve/service_manager.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

namespace offgrid {
namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START

std::string_view environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : value;
}

int option_of(int socket, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool listens_for_tcp(int socket) {
    const int domain = option_of(socket, SO_DOMAIN);
    return (domain == AF_INET || domain == AF_INET6) && option_of(socket, SO_TYPE) == SOCK_STREAM &&
           option_of(socket, SO_ACCEPTCONN) == 1;
}

}  // namespace

std::optional<UniqueFd> take_passed_socket() {
    const auto process = parse_number<pid_t>(environment("LISTEN_PID"));
    const auto count = parse_number<int>(environment("LISTEN_FDS"));
    ::unsetenv("LISTEN_PID");
    ::unsetenv("LISTEN_FDS");
    ::unsetenv("LISTEN_FDNAMES");
    if (process != ::getpid() || !count || *count == 0) {
        return std::nullopt;
    }
    if (*count != 1 || !listens_for_tcp(first_passed)) {
        throw Error{Errc::invalid_argument,
                    "the service manager has to pass one socket that listens for TCP"};
    }
    UniqueFd socket{first_passed};
    if (::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0 ||
        ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK) != 0) {
        throw system_error(errno, "cannot use the socket that the service manager has passed");
    }
    return socket;
}

void notify_service_manager(std::string_view state, const Log& log) {
    const auto name = environment("NOTIFY_SOCKET");
    if (name.empty()) {
        return;
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof address.sun_path) {
        log("cannot tell the service manager: NOTIFY_SOCKET is too long");
        return;
    }
    std::ranges::copy(name, address.sun_path);
    if (name.front() == '@') {
        address.sun_path[0] = '\0';  // a name that is no file
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    const UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket.is_open() || ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                                      reinterpret_cast<const sockaddr*>(&address), size) < 0) {
        log(system_error(errno, "cannot tell the service manager").what());
    }
}

}  // namespace offgrid
