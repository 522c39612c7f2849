#include "tests/support/stub_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace offgrid::test {

StubServer::StubServer(std::string says)
    : says_{std::move(says)},
      listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)},
      stop_{::eventfd(0, EFD_CLOEXEC)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listener_.get(), 16) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error{"cannot listen on loopback"};
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { serve(); }};
}

StubServer::~StubServer() {
    const std::uint64_t one = 1;
    if (::write(stop_.get(), &one, sizeof one) == sizeof one) {
        thread_.join();
    }
}

void StubServer::serve() {
    std::vector<UniqueFd> clients;
    for (;;) {
        std::vector<pollfd> waiting{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
        for (const auto& client : clients) {
            waiting.push_back({client.get(), POLLIN, 0});
        }
        ::poll(waiting.data(), waiting.size(), -1);
        if (waiting[0].revents != 0) {
            return;
        }
        for (std::size_t i = waiting.size(); i-- > 2;) {
            std::array<char, 4096> ignored{};
            if (waiting[i].revents == 0) {
                continue;
            }
            if (::recv(waiting[i].fd, ignored.data(), ignored.size(), 0) <= 0) {
                clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i - 2));
            } else if (!says_.empty()) {
                ::send(waiting[i].fd, says_.data(), says_.size(), MSG_NOSIGNAL);
            }
        }
        if (waiting[1].revents != 0) {
            clients.emplace_back(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        }
    }
}

}  // namespace offgrid::test
