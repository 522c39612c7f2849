#include "serve/access_log.h"

#include "formats/base/file_ops.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::MatchesRegex;

const Log no_report = [](std::string_view) {};

std::string content_of(const fs::path& path) {
    return std::string{as_text(read_file(path, 100'000'000))};
}

TEST(AccessLog, writes_the_combined_format) {
    const TempFolder folder;
    AccessLog log{folder / "log", no_report};
    const Request request{.client = "192.0.2.7", .user_agent = "curl/8", .referer = "http://a/"};
    log.write({.request = request,
               .target = "/tiles/a/0/0/0.png?x=1",
               .version = "HTTP/1.1",
               .status = 200,
               .body_bytes = 1234});
    log.flush();
    EXPECT_THAT(
        content_of(folder / "log"),
        MatchesRegex(
            R"(192\.0\.2\.7 - - \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} \+0000\] )"
            "\"GET /tiles/a/0/0/0\\.png\\?x=1 HTTP/1\\.1\" 200 1234 \"http://a/\" \"curl/8\"\n"));
}

TEST(AccessLog, escapes_what_could_look_like_another_field_or_line) {
    const TempFolder folder;
    AccessLog log{folder / "log", no_report};
    log.write({.request = {.user_agent = "a\"b\\c\nd\x7F\xFF", .referer = "\" 200 1 \"-"},
               .target = "/\x1B[31m",
               .version = "HTTP/1.1",
               .status = 404});
    log.flush();
    const auto line = content_of(folder / "log");
    EXPECT_THAT(line, testing::StartsWith("- - - ["));
    EXPECT_THAT(line, testing::EndsWith("\"GET /\\x1B[31m HTTP/1.1\" 404 0 \"\\x22 200 1 \\x22-\" "
                                        "\"a\\x22b\\x5Cc\\x0Ad\\x7F\\xFF\"\n"));
}

TEST(AccessLog, names_who_has_logged_in) {
    const TempFolder folder;
    AccessLog log{folder / "log", no_report};
    log.write({.request = {.client = "192.0.2.7"}, .target = "/", .user = "anna"});
    log.flush();
    EXPECT_THAT(content_of(folder / "log"), testing::StartsWith("192.0.2.7 - anna ["));
    log.write({.request = {.client = "192.0.2.7"}, .target = "/", .user = "b c\n\"\xC3\xA4"});
    log.flush();
    EXPECT_THAT(content_of(folder / "log"),
                testing::HasSubstr("\n192.0.2.7 - b\\x20c\\x0A\\x22\\xC3\\xA4 ["));
}

TEST(AccessLog, keeps_lines_of_many_threads_whole_while_the_file_is_renamed) {
    const TempFolder folder;
    constexpr int lines_a_thread = 5000;
    {
        AccessLog log{folder / "log", no_report};
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&log] {
                for (int line = 0; line < lines_a_thread; ++line) {
                    log.write({.request = {.client = "::1"},
                               .target = "/",
                               .version = "HTTP/1.1",
                               .status = 200});
                }
            });
        }
        fs::rename(folder / "log", folder / "log.1");
        log.reopen();
    }
    std::istringstream lines{content_of(folder / "log.1") + content_of(folder / "log")};
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        ASSERT_THAT(line, testing::StartsWith("::1 - - ["));
        ASSERT_THAT(line, testing::EndsWith("] \"GET / HTTP/1.1\" 200 0 \"-\" \"-\""));
    }
    EXPECT_EQ(count, 4 * lines_a_thread);
}

TEST(AccessLog, says_which_file_cannot_be_opened_and_keeps_the_old_one) {
    const TempFolder folder;
    EXPECT_THAT([&] { AccessLog(folder / "no/log", no_report); },
                throws(Errc::not_found, testing::HasSubstr("no/log")));
    fs::create_directory(folder / "logs");
    std::string report;
    AccessLog log{folder / "logs/log", [&](std::string_view line) { report = line; }};
    fs::rename(folder / "logs", folder / "old");
    log.reopen();
    EXPECT_THAT(report, testing::HasSubstr("cannot open the access log"));
    log.write({.request = {}, .target = "/", .version = "HTTP/1.1", .status = 200});
    log.flush();
    EXPECT_THAT(content_of(folder / "old/log"), testing::HasSubstr("GET /"));
}

TEST(AccessLog, counts_what_a_full_disk_does_not_take) {
    std::vector<std::string> reports;
    AccessLog log{"/dev/full", [&](std::string_view line) { reports.emplace_back(line); }};
    log.write({.request = {}, .target = "/", .version = "HTTP/1.1", .status = 200});
    log.flush();
    EXPECT_THAT(reports, testing::Contains(testing::HasSubstr("1 lines of the access log")));
}

}  // namespace
}  // namespace offgrid::test
