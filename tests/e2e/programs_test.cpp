#include "tests/support/process.h"

#include <gmock/gmock.h>

#include <array>

namespace offgrid::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::array verbs{"pack",  "estimate", "transfer", "coverage", "verify",      "stores",
                           "serve", "daemon",   "passwd",   "token",    "certificate", "audit"};

TEST(Programs, answer_help_and_version_for_every_verb) {
    for (const auto* verb : verbs) {
        const auto version = run({program("offgrid"), verb, "--version"});
        EXPECT_EQ(version.exit_code, 0) << verb;
        EXPECT_THAT(version.out, StartsWith("offgrid ")) << verb;
        const auto help = run({program("offgrid"), verb, "--help"});
        EXPECT_EQ(help.exit_code, 0) << verb;
        EXPECT_THAT(help.out, HasSubstr("--version")) << verb;
    }
}

TEST(Programs, end_with_2_and_a_line_when_they_are_used_wrongly) {
    for (const auto* verb : verbs) {
        const auto unknown = run({program("offgrid"), verb, "--no-such-option"});
        EXPECT_EQ(unknown.exit_code, 2) << verb;
        EXPECT_FALSE(unknown.err.empty()) << verb;
    }
}

}  // namespace
}  // namespace offgrid::test
