#include "sync/precondition.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <optional>
#include <vector>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

const std::string a(64, 'a');
const std::string b(64, 'b');

TEST(Precondition, is_about_the_content_that_is_there) {
    struct Case {
        const char* what;
        Precondition precondition;
        std::optional<std::string> current;
        bool holds;
    };
    const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
    const std::vector<Case> table{
        {"nothing expected", {}, a, true},
        {"the same", {.if_match = quoted(a)}, a, true},
        {"the same without quotes", {.if_match = a}, a, true},
        {"one of several", {.if_match = quoted(b) + ", " + quoted(a)}, a, true},
        {"another", {.if_match = quoted(b)}, a, false},
        {"the same, but gone", {.if_match = quoted(a)}, std::nullopt, false},
        {"anything", {.if_match = "*"}, a, true},
        {"anything, but there is none", {.if_match = "*"}, std::nullopt, false},
        {"nothing yet", {.if_none_match = "*"}, std::nullopt, true},
        {"nothing yet, but there is", {.if_none_match = "*"}, a, false},
        {"another than this", {.if_none_match = quoted(a)}, a, false},
        {"another than that", {.if_none_match = quoted(b)}, a, true},
    };
    for (const auto& [what, precondition, current, holds] : table) {
        SCOPED_TRACE(what);
        if (holds) {
            EXPECT_NO_THROW(precondition.check(current, "file 'x'"));
        } else {
            EXPECT_THAT([&] { precondition.check(current, "file 'x'"); },
                        throws(Errc::stale, HasSubstr("file 'x'")));
        }
    }
}

TEST(Precondition, is_refused_when_it_makes_no_sense) {
    for (const std::string list : {"\"", "W/\"a\"", "\"a\" \"b\"", "a,,b", ","}) {
        EXPECT_THAT([&] { Precondition{.if_match = list}.check(a, "x"); },
                    throws(Errc::invalid_argument, HasSubstr("If-Match")))
            << list;
    }
}

}  // namespace
}  // namespace offgrid::test
