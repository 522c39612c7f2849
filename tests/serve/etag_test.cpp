#include "serve/etag.h"

#include <gtest/gtest.h>

namespace offgrid {
namespace {

TEST(ETag, is_found_in_every_form_of_if_none_match) {
    for (const auto* header : {R"("one")", R"(W/"one")", "*", R"("two", "one")", R"("two","one")",
                               R"( W/"two" ,W/"one" )", R"("a,b", "one")"}) {
        EXPECT_TRUE(matches(header, R"("one")")) << header;
    }
}

TEST(ETag, is_not_found_in_other_tags_or_in_nonsense) {
    for (const auto* header : {"", R"("two")", "one", R"("one)", R"("two", one)", R"("onetwo")",
                               R"("a"one")", ",,,", R"(W/)", R"(")", R"("two" "three)"}) {
        EXPECT_FALSE(matches(header, R"("one")")) << header;
    }
}

TEST(ETag, is_the_same_for_the_same_body_and_another_for_another) {
    const auto first = with_etag(text_response(200, "a"), {});
    EXPECT_EQ(first.header("ETag"), with_etag(text_response(200, "a"), {}).header("ETag"));
    EXPECT_NE(first.header("ETag"), with_etag(text_response(200, "b"), {}).header("ETag"));
    EXPECT_EQ(first.header("ETag").front(), '"');
    EXPECT_EQ(first.header("ETag").back(), '"');
}

TEST(ETag, leaves_a_304_what_other_copies_are_told_apart_by) {
    auto whole = text_response(200, "a");
    whole.headers.push_back({"Vary", "Accept-Encoding"});
    whole.headers.push_back({"Content-Location", "/a.txt"});
    const auto etag = std::string{with_etag(whole, {}).header("ETag")};
    const auto unchanged = with_etag(whole, {.if_none_match = etag});
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.header("Vary"), "Accept-Encoding");
    EXPECT_EQ(unchanged.header("Content-Location"), "/a.txt");
    EXPECT_EQ(unchanged.header("ETag"), etag);
    EXPECT_EQ(unchanged.header("Content-Type"), "") << "the client has it with its copy";
}

TEST(ETag, comes_with_the_time_of_a_body_once_its_second_is_over) {
    using std::chrono::seconds;
    const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
    const auto told = [](std::chrono::system_clock::time_point modified) {
        return !with_etag(text_response(200, "a"), {}, modified).header("Last-Modified").empty();
    };
    EXPECT_TRUE(told(now - seconds{1}));
    EXPECT_FALSE(told(now + seconds{1})) << "another body may come in that second";
    EXPECT_FALSE(told(now + seconds{3600}));
}

}  // namespace
}  // namespace offgrid
