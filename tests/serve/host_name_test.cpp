#include "serve/host_name.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

TEST(IsHost, refuses_what_could_change_an_address_around_it) {
    for (const auto* host : {"maps.local", "maps.local:8080", "[::1]:80", "10.0.0.1", "a_b-c"}) {
        EXPECT_TRUE(is_host(host)) << host;
    }
    for (const auto* host :
         {"", "a/b", "a\"b", "a b", "evil.org/?x=", "<b>", "user@host", "a\\b"}) {
        EXPECT_FALSE(is_host(host)) << host;
    }
    EXPECT_FALSE(is_host(std::string(256, 'a')));
}

TEST(AllowedHosts, lets_pass_the_names_of_the_list_whatever_port_and_case) {
    const AllowedHosts hosts{{"Maps.local", "*.example.org", "[::1]"}};
    for (const auto& [host, is_allowed] : std::vector<std::pair<std::string, bool>>{
             {"maps.local", true},
             {"MAPS.LOCAL:8080", true},
             {"a.example.org", true},
             {"a.b.example.org:1", true},
             {"[::1]:8080", true},
             {"example.org", false},
             {".example.org", false},
             {"evilexample.org", false},
             {"maps.local.evil.org", false},
             {"[::2]", false},
             {"", false},
         }) {
        EXPECT_EQ(hosts.allows(host), is_allowed) << host;
    }
    EXPECT_TRUE(AllowedHosts{}.allows("anything"));
}

TEST(AllowedHosts, refuses_what_is_no_name) {
    for (const auto* name : {"", "*", "*.", "a:80", "http://a", "a/b", "a.*"}) {
        EXPECT_THAT([&] { AllowedHosts({name}); }, throws(Errc::invalid_argument, testing::_))
            << name;
    }
}

TEST(PublicBase, ends_without_a_slash) {
    EXPECT_EQ(public_base("https://tiles.example.org"), "https://tiles.example.org");
    EXPECT_EQ(public_base("HTTP://a.org:8080/maps//"), "http://a.org:8080/maps");
    for (const auto* url : {"", "a.org", "ftp://a.org", "http://", "http://a b", "http://a/?x=1",
                            "http://a/\"", "http://u@a", "http://a/#x"}) {
        EXPECT_THAT([&] { public_base(url); }, throws(Errc::invalid_argument, testing::_)) << url;
    }
}

}  // namespace
}  // namespace offgrid::test
