#include "formats/http/headers.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

namespace offgrid::http {
namespace {

using test::TempFolder;
using test::throws;
using test::write_file;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(HeadersTest, a_later_source_replaces_an_earlier_one_whatever_the_case) {
    const TempFolder folder;
    write_file(folder / "common", "B: common file\nC: common file\nD: common file\n");
    write_file(folder / "operation", "d: operation file\n");
    const HeaderSource common{.headers = {{"A", "common"}, {"B", "common"}},
                              .file = folder / "common"};
    const HeaderSource operation{.headers = {{"c", "operation"}, {"D", "operation"}},
                                 .file = folder / "operation"};
    EXPECT_THAT(configured_headers(common, &operation),
                UnorderedElementsAre(Pair("A", "common"), Pair("B", "common file"),
                                     Pair("c", "operation"), Pair("d", "operation file")));
    EXPECT_EQ(find_header(configured_headers(common, nullptr), "c"), "common file");
}

TEST(HeadersTest, a_file_is_read_each_time) {
    const TempFolder folder;
    const HeaderSource source{.file = folder / "headers"};
    write_file(folder / "headers", "X-Key: one");
    EXPECT_EQ(find_header(configured_headers(source, nullptr), "x-key"), "one");
    write_file(folder / "headers", "X-Key: two");
    EXPECT_EQ(find_header(configured_headers(source, nullptr), "x-key"), "two");
}

TEST(HeadersTest, malformed_lines_of_a_file_are_skipped) {
    const TempFolder folder;
    write_file(folder / "headers", "no colon\r\nX-A:1\r\n\r\n: 2\nbad name: 3\nX-B:  4:5  \n");
    EXPECT_THAT(configured_headers({.file = folder / "headers"}, nullptr),
                UnorderedElementsAre(Pair("X-A", "1"), Pair("X-B", "4:5")));
}

TEST(HeadersTest, refuses_headers_that_would_end_early) {
    const TempFolder folder;
    write_file(folder / "headers", "X-A: 1\rX-B: 2\n");
    EXPECT_THAT([&] { configured_headers({.file = folder / "headers"}, nullptr); },
                throws(Errc::invalid_argument, HasSubstr("'X-A' has more than one line")));
    for (const auto* value : {"1\r\nX-B: 2", "1\nX-B: 2"}) {
        EXPECT_THAT(
            [&] {
                configured_headers({.headers = {{"X-A", value}}}, nullptr);
            },
            throws(Errc::invalid_argument, HasSubstr("more than one line")));
    }
    for (const auto* name : {"", "X A", "X:A", "X\r\nA", "X\xC3\xA9"}) {
        EXPECT_THAT(
            [&] {
                configured_headers({.headers = {{name, "1"}}}, nullptr);
            },
            throws(Errc::invalid_argument, HasSubstr("is no name of a header")))
            << name;
    }
}

TEST(HeadersTest, headers_that_frame_the_request_cannot_be_configured) {
    EXPECT_TRUE(configured_headers({.headers = {{"content-length", "1"},
                                                {"Transfer-Encoding", "chunked"},
                                                {"Expect", "100-continue"}}},
                                   nullptr)
                    .empty());
}

TEST(HeadersTest, a_missing_file_is_a_failure) {
    EXPECT_THROW(configured_headers({.file = "/nonexistent/headers"}, nullptr), Error);
}

}  // namespace
}  // namespace offgrid::http
