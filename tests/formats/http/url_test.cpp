#include "formats/http/url.h"

#include "formats/http/text.h"

#include <gmock/gmock.h>

namespace offgrid::http {
namespace {

TEST(UrlTest, encodes_the_path_as_mapcache_does) {
    const std::pair<const char*, const char*> cases[] = {
        {"http://h/a/b.png", "http://h/a/b.png"},
        {"http://h/A-Z_0.9~/", "http://h/A-Z_0.9~/"},
        {"http://h/a b", "http://h/a+b"},
        {"http://h/t?d=1&e", "http://h/t%3Fd%3D1%26e"},  // MapCache: no query strings
        {"http://h/#time#2020", "http://h/%23time%232020"},
        {"http://h/{dim}", "http://h/%7Bdim%7D"},
        {"http://h/100%", "http://h/100%25"},
        {"http://h/\xC3\xA9\n", "http://h/%C3%A9%0A"},
        {"http://user:p%40ss@h:8080/a b", "http://user:p%40ss@h:8080/a+b"},
        {"http://h", "http://h"},
    };
    for (const auto& [url, encoded] : cases) {
        EXPECT_EQ(encode_url(url), encoded);
    }
}

TEST(UrlTest, keeps_a_query_that_is_meant) {
    const std::pair<const char*, const char*> cases[] = {
        {"http://h/a b.png", "http://h/a+b.png"},
        {"http://h/t{1}?z=1&x=2/3", "http://h/t%7B1%7D?z=1&x=2/3"},
        {"http://h/t?key=a%20b+c", "http://h/t?key=a%20b+c"},  // encoded already
        {"http://h/t?a b#c\n\xC3\xA9", "http://h/t?a%20b%23c%0A%C3%A9"},
        {"http://h/t?a?b", "http://h/t?a?b"},
    };
    for (const auto& [url, encoded] : cases) {
        EXPECT_EQ(encode_url_keeping_query(url), encoded);
    }
}

TEST(UrlTest, encodes_a_segment_with_its_slashes) {
    EXPECT_EQ(encode_segment("t/GoogleMapsCompatible/v2#a b/0.png"),
              "t%2FGoogleMapsCompatible%2Fv2%23a%20b%2F0.png");
}

TEST(UrlTest, says_the_host_without_user_and_usual_port) {
    const std::pair<const char*, const char*> cases[] = {
        {"http://h/a", "h"},
        {"http://h:80/a", "h"},
        {"https://h:443/a", "h"},
        {"https://h:80/a", "h:80"},
        {"http://user:secret@h:8080/a", "h:8080"},
        {"http://[::1]:8080/a", "[::1]:8080"},
    };
    for (const auto& [url, host] : cases) {
        EXPECT_EQ(host_of(parts_of(url)), host);
    }
}

TEST(UrlTest, shows_neither_password_nor_query) {
    EXPECT_EQ(shown_url("http://user:secret@h/a?key=secret"), "http://h/a");
    EXPECT_EQ(shown_url("http://h/a%3Fkey%3Dsecret"), "http://h/a");
}

TEST(UrlTest, tells_origins_apart_by_scheme_host_and_port) {
    EXPECT_TRUE(is_same_origin("http://h/a", "HTTP://H:80/b"));
    EXPECT_FALSE(is_same_origin("http://h/a", "https://h/a"));
    EXPECT_FALSE(is_same_origin("http://h/a", "http://h:81/a"));
    EXPECT_FALSE(is_same_origin("http://h/a", "http://h.example/a"));
}

TEST(UrlTest, finds_segments_that_lead_elsewhere) {
    for (const auto* path : {"/a/../b", "/..", "../a", "/a/./b", "."}) {
        EXPECT_TRUE(has_dot_segment(path)) << path;
    }
    for (const auto* path : {"/a/b", "/a..b/c", "/.../a", "/a//b", ""}) {
        EXPECT_FALSE(has_dot_segment(path)) << path;
    }
}

TEST(UrlTest, what_a_server_says_is_made_fit_for_a_message) {
    EXPECT_EQ(excerpt(" \x1b[2JAccess\r\n\tDenied\n"), "?[2JAccess Denied");
    EXPECT_EQ(excerpt(std::string(5000, 'x')), std::string(200, 'x'));
}

}  // namespace
}  // namespace offgrid::http
