#include "serve/listen_socket.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

TEST(ListenAt, takes_any_free_port_for_0) {
    const auto listener = listen_at("127.0.0.1:0");
    EXPECT_EQ(bound_address(listener).address, "127.0.0.1");
    EXPECT_NE(bound_address(listener).port, 0);
}

TEST(ListenAt, refuses_what_is_no_address) {
    for (const auto* address : {"", ":", "127.0.0.1", ":8080", "127.0.0.1:", "127.0.0.1:http",
                                "127.0.0.1:-1", "127.0.0.1:65536", "127.0.0.1:80 ", "::1:8080",
                                "[::1]", "[]:80", "http://127.0.0.1:80"}) {
        EXPECT_THAT([&] { listen_at(address); },
                    throws(Errc::invalid_argument, testing::HasSubstr(address)))
            << address;
    }
}

TEST(ListenAt, names_the_address_that_is_not_of_this_machine) {
    EXPECT_THAT([&] { listen_at("192.0.2.1:0"); },
                throws(Errc::io, testing::HasSubstr("192.0.2.1:0")));
}

}  // namespace
}  // namespace offgrid::test
