#include "serve/body_range.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace offgrid::test {
namespace {

constexpr std::string_view text = "0123456789";

Response whole() {
    return {.status = 200, .headers = {{"ETag", "\"a\""}}, .body = Bytes{text.begin(), text.end()}};
}

Response asked(const Request& request) {
    auto response = whole();
    apply_range(response, request);
    return response;
}

TEST(ApplyRange, sends_the_part_that_is_asked_for) {
    struct Case {
        const char* range = "";
        const char* body = "";
        const char* content_range = "";
    };
    for (const auto& [range, body, content_range] : std::vector<Case>{
             {"bytes=0-0", "0", "bytes 0-0/10"},
             {"bytes=2-4", "234", "bytes 2-4/10"},
             {"Bytes=7-", "789", "bytes 7-9/10"},
             {"bytes=-3", "789", "bytes 7-9/10"},
             {"bytes=-30", "0123456789", "bytes 0-9/10"},
             {"bytes=8-99999999999999", "89", "bytes 8-9/10"},
             {"bytes=0-18446744073709551615", "0123456789", "bytes 0-9/10"},
         }) {
        const auto response = asked({.range = range});
        EXPECT_EQ(response.status, 206) << range;
        EXPECT_EQ(as_text(response.content()), body) << range;
        EXPECT_EQ(response.header("Content-Range"), content_range);
        EXPECT_EQ(response.header("ETag"), "\"a\"");
    }
}

TEST(ApplyRange, says_when_the_body_has_no_such_bytes) {
    for (const auto* range : {"bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99-100"}) {
        const auto response = asked({.range = range});
        EXPECT_EQ(response.status, 416) << range;
        EXPECT_EQ(response.header("Content-Range"), "bytes */10");
    }
}

TEST(ApplyRange, sends_all_for_what_is_no_single_range_of_bytes) {
    for (const auto* range :
         {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "rows=0-1",
          "bytes=0x1-2", "bytes=-1-2", "bytes=18446744073709551616-"}) {
        const auto response = asked({.range = range});
        EXPECT_EQ(response.status, 200) << range;
        EXPECT_EQ(as_text(response.content()), text) << range;
    }
    EXPECT_EQ(asked({.method = "HEAD", .range = "bytes=0-1"}).status, 200);
}

TEST(ApplyRange, sends_all_to_who_has_another_copy) {
    EXPECT_EQ(asked({.if_range = "\"a\"", .range = "bytes=0-1"}).status, 206);
    for (const auto* other : {"\"b\"", "W/\"a\"", "a", "Fri, 24 May 2013 00:00:00 GMT"}) {
        EXPECT_EQ(asked({.if_range = other, .range = "bytes=0-1"}).status, 200) << other;
    }
}

TEST(ApplyRange, leaves_content_of_the_program_where_it_is) {
    Response response{.body = as_bytes(text)};
    apply_range(response, {.range = "bytes=3-5"});
    EXPECT_EQ(response.content().data(), as_bytes(text).data() + 3);
    EXPECT_EQ(as_text(response.content()), "345");
}

TEST(ApplyRange, tells_that_parts_can_be_had_where_somebody_may_want_them) {
    const auto told = [](const Request& request, int status, std::size_t size) {
        Response response{.status = status, .body = Bytes(size, 'x')};
        apply_range(response, request);
        return std::string{response.header("Accept-Ranges")};
    };
    EXPECT_EQ(told({.method = "HEAD"}, 200, 10), "bytes");
    EXPECT_EQ(told({}, 200, 1 << 20), "bytes");
    EXPECT_EQ(told({.range = "bytes=0-1,3-4"}, 200, 1 << 20), "bytes");
    EXPECT_EQ(told({}, 200, 10'000), "") << "a tile";
    EXPECT_EQ(told({.range = "bytes=0-1"}, 200, 1 << 20), "") << "which shows it";
    EXPECT_EQ(told({}, 304, 1 << 20), "");
    EXPECT_EQ(told({.method = "HEAD"}, 404, 10), "");
}

}  // namespace
}  // namespace offgrid::test
