// The commands in examples/ run as they are printed there.

#include "tests/e2e/sample_package.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::RunResult;
using test::TempFolder;
using testing::HasSubstr;

/// A port of the loopback interface that was free a moment ago.
std::string free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool is_bound = ::bind(probe, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                          ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(probe);
    if (!is_bound) {
        throw std::system_error{errno, std::generic_category(), "no free port"};
    }
    return std::to_string(ntohs(address.sin_port));
}

/// Run an example in a folder of its own with our programs in PATH.
RunResult run_example(const std::string& name, const TempFolder& folder,
                      const std::vector<std::string>& arguments = {}) {
    std::vector<std::string> command{(fs::path{OFFGRID_SOURCE_DIR} / "examples" / name).string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto programs = fs::path{test::program("offgrid")}.parent_path().string();
    return test::run(command, {.input = {},
                               .cwd = folder.path(),
                               .environment = {{"PATH", programs + ":" + std::getenv("PATH")},
                                               {"PORT", free_port()},
                                               {"ADMIN_PORT", free_port()}}});
}

TEST(Examples, pack_makes_a_package) {
    const TempFolder folder;
    const auto done = run_example("pack.sh", folder, {"blue-marble"});
    EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
    EXPECT_TRUE(fs::exists(folder / "blue-marble/manifest.json"));
}

TEST(Examples, serve_answers_with_a_tile_and_then_with_not_modified) {
    const TempFolder folder;
    const auto done = run_example("serve.sh", folder);
    EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
    EXPECT_THAT(done.out, HasSubstr("200 image/jpeg"));
    EXPECT_THAT(done.out, HasSubstr("304"));
}

TEST(Examples, replace_installs_a_package_and_then_one_file) {
    const TempFolder folder;
    const auto done = run_example("replace.sh", folder);
    EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
    EXPECT_THAT(done.out, HasSubstr("the tile changed"));
}

TEST(Examples, the_main_job_ends_with_a_table_and_no_failure) {
    const TempFolder folder;
    const auto programs = fs::path{test::program("offgrid")}.parent_path().string();
    const auto done =
        run_example("main_job.py", folder,
                    {"--programs", programs, "--replaces", "5", "--readers", "2", "--port", "0"});
    EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
    EXPECT_THAT(done.out, testing::ContainsRegex("replaces +5 "));
    EXPECT_THAT(done.out, testing::ContainsRegex("failed +0 "));
}

}  // namespace
}  // namespace offgrid
