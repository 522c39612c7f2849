#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Offgrid, lists_its_verbs) {
    const auto help = run({program("offgrid"), "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.out,
                AllOf(HasSubstr("  pack "), HasSubstr("  transfer "), HasSubstr("  coverage "),
                      HasSubstr("  verify "), HasSubstr("  truncate "), HasSubstr("  stores "),
                      HasSubstr("  serve "), HasSubstr("  daemon "), HasSubstr("  rollback "),
                      HasSubstr("  prune "), HasSubstr("  status "), HasSubstr("  passwd "),
                      HasSubstr("  token "), HasSubstr("  certificate "), HasSubstr("  audit ")));
    EXPECT_THAT(run({program("offgrid"), "--version"}).out, StartsWith("offgrid "));
}

TEST(Offgrid, runs_the_program_beside_itself) {
    const auto help = run({program("offgrid"), "serve", "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.out,
                AllOf(HasSubstr("PATH"), HasSubstr("127.0.0.1:8080"), HasSubstr("--threads")));
}

TEST(Offgrid, says_which_verb_it_does_not_know) {
    const auto unknown = run({program("offgrid"), "fly"});
    EXPECT_EQ(unknown.exit_code, 2);
    EXPECT_THAT(unknown.err, HasSubstr("'fly'"));
    EXPECT_EQ(run({program("offgrid")}).exit_code, 2);
}

TEST(Offgrid, says_which_program_is_not_installed) {
    const TempFolder device;
    std::filesystem::copy_file(program("offgrid"), device / "offgrid");
    const auto result = run({(device / "offgrid").string(), "pack", "a.tif"});
    EXPECT_EQ(result.exit_code, 127);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, AllOf(HasSubstr("offgrid-pack"), HasSubstr("not installed"),
                                  HasSubstr(device.path().string())));
}

}  // namespace
}  // namespace offgrid::test
