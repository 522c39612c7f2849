#include "sync/admin_router.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

AdminRoute route(const std::string& method, const std::string& pattern) {
    return {.method = method, .pattern = pattern};
}

class AdminRouterTest : public testing::Test {
protected:
    /// The method and pattern of the route that is found, or "".
    std::string found(const std::string& method, const std::string& path) {
        const auto match = router_.find(method, path);
        return match.route == nullptr ? "" : match.route->method + " " + match.route->pattern;
    }

    AdminRouter router_{{route("POST", "/sqlite/replace"), route("GET", "/layers.xml"),
                         route("GET", "/seed/{layer}"), route("POST", "/seed/{layer}"),
                         route("POST", "/seed/{layer}.json"),
                         route("GET", "/bounds/{layer}/{grid}/java")}};
};

// RP-22
TEST_F(AdminRouterTest, knows_an_address_under_every_context) {
    for (const std::string path :
         {"/sqlite/replace", "/rest/sqlite/replace", "/geowebcache/sqlite/replace",
          "/geowebcache/rest/sqlite/replace", "/geoserver/gwc/sqlite/replace",
          "/geoserver/gwc/rest/sqlite/replace"}) {
        EXPECT_EQ(found("POST", path), "POST /sqlite/replace") << path;
        EXPECT_EQ(router_.find("POST", path).path, "/sqlite/replace") << path;
    }
}

TEST_F(AdminRouterTest, knows_nothing_else) {
    for (const std::string path :
         {"", "/", "/rest", "/rest/", "layers.xml", "/layers.xml/", "//layers.xml",
          "/rest/rest/layers.xml", "/x/layers.xml", "/./layers.xml", "/seed/../layers.xml",
          "/seed/", "/seed/a%2Fb", "/seed/a%", "/seed/%2E%2E", "/seed/a/b", "/geoserver/layers.xml",
          "/%72est/layers.xml"}) {
        const auto match = router_.find("GET", path);
        EXPECT_EQ(match.route, nullptr) << path;
        EXPECT_THAT(match.allowed, IsEmpty()) << path;
    }
}

TEST(AdminRouter, knows_the_root_under_every_context) {
    const AdminRouter router{{{.method = "GET", .pattern = "/"}}};
    for (const std::string path : {"/", "/rest/", "/geowebcache/", "/geoserver/gwc/rest/"}) {
        EXPECT_NE(router.find("GET", path).route, nullptr) << path;
    }
    for (const std::string path : {"", "//", "/rest", "/a"}) {
        EXPECT_EQ(router.find("GET", path).route, nullptr) << path;
    }
}

TEST_F(AdminRouterTest, says_what_stands_for_a_name) {
    EXPECT_THAT(router_.find("POST", "/rest/seed/topp%3Astates.json").parameters,
                ElementsAre(Pair("layer", "topp:states")));
    EXPECT_THAT(router_.find("GET", "/bounds/a%20b/EPSG:4326/java").parameters,
                ElementsAre(Pair("layer", "a b"), Pair("grid", "EPSG:4326")));
    EXPECT_EQ(router_.find("GET", "/seed/a%20b").path, "/seed/a b");
}

TEST_F(AdminRouterTest, prefers_the_pattern_with_the_most_text) {
    EXPECT_EQ(found("POST", "/seed/a.json"), "POST /seed/{layer}.json");
    EXPECT_EQ(found("POST", "/seed/a.b"), "POST /seed/{layer}");
    EXPECT_EQ(found("POST", "/seed/.json"), "POST /seed/{layer}");
}

TEST_F(AdminRouterTest, takes_no_wider_pattern_for_a_method_that_the_best_one_lacks) {
    EXPECT_EQ(found("GET", "/seed/a.json"), "");
    EXPECT_THAT(router_.find("GET", "/seed/a.json").allowed, ElementsAre("POST"));
}

TEST_F(AdminRouterTest, answers_a_head_as_a_get) {
    EXPECT_EQ(found("HEAD", "/layers.xml"), "GET /layers.xml");
}

TEST_F(AdminRouterTest, says_what_an_address_takes) {
    const auto match = router_.find("DELETE", "/seed/a");
    EXPECT_EQ(match.route, nullptr);
    EXPECT_THAT(match.allowed, ElementsAre("GET", "HEAD", "POST"));
}

TEST(Query, is_decoded) {
    EXPECT_THAT(parse_query("/a?b=c+d&e=%26%3D&f&=g&"),
                ElementsAre(Pair("b", "c d"), Pair("e", "&="), Pair("f", ""), Pair("", "g")));
    EXPECT_THAT(parse_query("/a"), IsEmpty());
    EXPECT_THAT([] { parse_query("/a?b=%zz"); },
                throws(Errc::invalid_argument, HasSubstr("broken escape")));
}

}  // namespace
}  // namespace offgrid::test
