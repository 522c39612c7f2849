#include "serve/client_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace offgrid::test {
namespace {

/// The text of an IPv6 address, as it comes with a connection.
std::string text_of(const char* address) {
    sockaddr_in6 client{};
    client.sin6_family = AF_INET6;
    EXPECT_EQ(::inet_pton(AF_INET6, address, &client.sin6_addr), 1);
    return address_text(reinterpret_cast<const sockaddr*>(&client), sizeof client);
}

TEST(NetworkOf, is_the_first_half_of_an_ipv6_address) {
    EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_EQ(network_of("2001:db8:1:2:ffff::"), network_of("2001:db8:1:2::1"));
    EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
    EXPECT_EQ(network_of("::1"), "::");
}

TEST(NetworkOf, is_the_whole_of_an_ipv4_address) {
    EXPECT_EQ(network_of("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(network_of("::ffff:192.0.2.7"), "::ffff:192.0.2.7");
    EXPECT_EQ(network_of(""), "");
}

TEST(AddressText, is_that_of_ipv4_where_it_comes_by_ipv6) {
    EXPECT_EQ(text_of("::ffff:192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(text_of("2001:db8::7"), "2001:db8::7");
    EXPECT_EQ(address_text(nullptr, 0), "");
}

}  // namespace
}  // namespace offgrid::test
