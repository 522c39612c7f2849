#include "formats/kv/memcache_connection.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <vector>

namespace offgrid {
namespace {

using namespace std::chrono_literals;
using test::throws;
using testing::_;

/// Listens on a port of 127.0.0.1 and takes no connection but those that the system queues.
class Listener {
public:
    Listener() {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const generic = reinterpret_cast<sockaddr*>(&address_);
        socklen_t size = sizeof address_;
        EXPECT_EQ(::bind(socket_.get(), generic, size), 0);
        EXPECT_EQ(::getsockname(socket_.get(), generic, &size), 0);
        EXPECT_EQ(::listen(socket_.get(), 0), 0);
        info_.ai_family = AF_INET;
        info_.ai_socktype = SOCK_STREAM;
        info_.ai_addr = generic;
        info_.ai_addrlen = size;
    }

    /// Fill the queue, so that whoever connects now is left waiting.
    void fall_silent() {
        for (bool is_taken = true; is_taken;) {
            waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
            ::connect(waiting_.back().get(), info_.ai_addr, info_.ai_addrlen);
            pollfd asked{waiting_.back().get(), POLLOUT, 0};
            is_taken = ::poll(&asked, 1, 100) > 0;
        }
    }

    void go_on_with(Listener& next) { info_.ai_next = &next.info_; }
    const addrinfo& addresses() const { return info_; }

private:
    UniqueFd socket_{::socket(AF_INET, SOCK_STREAM, 0)};
    sockaddr_in address_{};
    addrinfo info_{};
    std::vector<UniqueFd> waiting_;
};

TEST(MemcacheConnection, goes_on_to_the_next_address_when_one_is_silent) {
    Listener silent;
    silent.fall_silent();
    Listener good;
    silent.go_on_with(good);
    EXPECT_NO_THROW((MemcacheConnection{silent.addresses(), 400ms}));
}

TEST(MemcacheConnection, gives_up_in_time_when_all_addresses_are_silent) {
    Listener one;
    Listener other;
    one.fall_silent();
    other.fall_silent();
    one.go_on_with(other);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT([&] { MemcacheConnection(one.addresses(), 200ms); }, throws(Errc::busy, _));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms) << "the timeout is theirs together";
}

}  // namespace
}  // namespace offgrid
