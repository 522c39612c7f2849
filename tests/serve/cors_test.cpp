#include "serve/cors.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace offgrid::test {
namespace {

std::string allowed(const Cors& cors, std::string_view origin) {
    Response response;
    cors.add_headers(response, {.origin = origin});
    return std::string{response.header("Access-Control-Allow-Origin")};
}

TEST(Cors, names_who_may_use_an_answer) {
    struct Case {
        const char* option = "";
        const char* origin = "";
        const char* allowed = "";
    };
    for (const auto& [option, origin, expected] : std::vector<Case>{
             {"any", "", "*"},
             {"any", "https://a.org", "*"},
             {"off", "https://a.org", ""},
             {"https://a.org", "https://a.org", "https://a.org"},
             {"HTTPS://A.org, http://b.org:8080", "https://a.org", "https://a.org"},
             {"https://a.org,http://b.org:8080", "http://b.org:8080", "http://b.org:8080"},
             {"https://a.org", "https://a.org.evil.org", ""},
             {"https://a.org", "http://a.org", ""},
             {"https://a.org", "null", ""},
             {"https://a.org", "", ""},
         }) {
        EXPECT_EQ(allowed(Cors{option}, origin), expected) << option << ' ' << origin;
    }
}

TEST(Cors, says_that_a_list_makes_answers_differ_by_origin) {
    Response response{.headers = {{"Vary", "Accept-Encoding"}}};
    Cors{"https://a.org"}.add_headers(response, {});
    EXPECT_EQ(response.header("Vary"), "Accept-Encoding, Origin");
}

TEST(Cors, answers_browsers_that_ask_whether_they_may_ask) {
    const Request asking{.method = "OPTIONS", .origin = "https://a.org", .request_method = "GET"};
    const auto response = Cors{}.preflight(asking);
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 204);
    EXPECT_EQ(response->header("Access-Control-Allow-Methods"), "GET, HEAD");
    EXPECT_FALSE(Cors{"off"}.preflight(asking).has_value());
    EXPECT_FALSE(Cors{}.preflight({.method = "OPTIONS", .origin = "https://a.org"}).has_value());
    EXPECT_FALSE(
        Cors{}.preflight({.origin = "https://a.org", .request_method = "GET"}).has_value());
}

TEST(Cors, refuses_what_is_no_origin) {
    for (const auto* text : {"", "*", "a.org", "https://", "https://a.org/", "https://a.org,,"}) {
        EXPECT_THAT([&] { Cors{text}; }, throws(Errc::invalid_argument, testing::_)) << text;
    }
}

}  // namespace
}  // namespace offgrid::test
