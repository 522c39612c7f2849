#include "sync/jobs/child_process.h"
#include "sync/jobs/pack_output.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

namespace offgrid::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// What a shell script says until it ends.
std::vector<std::string> lines_of(ChildProcess& child) {
    std::vector<std::string> lines;
    while (child.wait(1s, [&](std::string_view line) { lines.emplace_back(line); })) {
    }
    return lines;
}

TEST(ChildProcess, hands_on_what_it_prints_line_by_line) {
    ChildProcess child{"/bin/sh", {"-c", "echo one; echo two >&2; printf three; exit 4"}};

    EXPECT_THAT(lines_of(child), ElementsAre("one", "two", "three"));
    EXPECT_EQ(child.exit().code, 4);
    EXPECT_FALSE(child.exit().is_success());
}

TEST(ChildProcess, that_cannot_be_run_says_so) {
    EXPECT_THAT([] { ChildProcess("/no/such/program", {}); },
                throws(Errc::not_found, HasSubstr("cannot run /no/such/program: No such file")));
}

TEST(ChildProcess, ends_by_a_signal_though_this_process_blocks_it) {
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ChildProcess child{"/bin/sh", {"-c", "echo ready; exec sleep 100"}};
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    std::string said;
    while (said.empty()) {
        ASSERT_TRUE(child.wait(1s, [&](std::string_view line) { said = line; }));
    }

    child.signal(SIGTERM);

    lines_of(child);
    EXPECT_EQ(child.exit().signal, SIGTERM);
}

TEST(ChildProcess, takes_what_it_has_started_with_it) {
    pid_t grandchild = 0;
    {
        ChildProcess child{"/bin/sh", {"-c", "sleep 100 & echo $!; wait"}};
        while (grandchild == 0) {
            ASSERT_TRUE(child.wait(
                1s, [&](std::string_view line) { grandchild = std::stoi(std::string{line}); }));
        }
    }

    // Init may take a moment to bury it; a zombie takes no signal but still has a number.
    const auto state = [&] {
        const auto stat = "/proc/" + std::to_string(grandchild) + "/stat";
        if (!std::filesystem::exists(stat)) {
            return std::string{"gone"};
        }
        const auto text = read_text(stat);
        return text.substr(text.rfind(')') + 2, 1);
    };
    const auto is_dead = testing::AnyOf("gone", "Z", "X");
    const auto deadline = std::chrono::steady_clock::now() + 10s;  // a signal takes its time
    while (!testing::Matches(is_dead)(state()) && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(5ms);
    }
    EXPECT_THAT(state(), is_dead);
}

TEST(ChildProcess, gets_no_descriptor_of_this_one) {
    ChildProcess child{"/bin/sh", {"-c", "ls /proc/self/fd | wc -l"}};

    // The standard three, and the folder that `ls` reads.
    EXPECT_THAT(lines_of(child), ElementsAre("4"));
}

TEST(PackOutput, knows_progress_in_text_and_in_json) {
    const std::pair<std::string, JobProgress> lines[] = {
        {"12 %, 0:30 left, 1200 tiles, 345 tiles/s", {1200, 10000, 30}},
        {"50 %, 1:00:01 left, 10 tiles, 3 tiles/s", {10, 20, 3601}},
        {"0 %, ? left, 0 tiles, 0 tiles/s", {0, -1, -2}},
        {"7 tiles, 3 tiles/s", {7, -1, -2}},
        {R"({"share": 0.5, "tiles": 10})", {10, 20, -2}},
        {R"({"tiles": 10, "tiles_total": 40, "seconds_left": 9, "more": [1]})", {10, 40, 9}},
    };
    for (const auto& [line, progress] : lines) {
        EXPECT_EQ(progress_in(line), progress) << line;
    }
}

TEST(PackOutput, takes_nothing_else_for_progress) {
    for (const auto* const line :
         {"", "note: 3 tiles", "{", "{}", "[1]", "a.tif: 5 tiles, zooms 0 to 3",
          "x tiles, 1 tiles/s", "99999999999999999999 tiles, 1 tiles/s", R"({"tiles": "7"})"}) {
        EXPECT_EQ(progress_in(line).value_or(JobProgress{}), JobProgress{}) << line;
    }
}

TEST(PackOutput, keeps_the_last_lines_that_say_something_else) {
    PackOutput output;
    for (int i = 0; i < 100; ++i) {
        output.take("note " + std::to_string(i));
        output.take("1 %, 0:30 left, 12 tiles, 345 tiles/s");
    }
    output.take(std::string(10'000, 'x'));

    EXPECT_EQ(output.last_lines().size(), PackOutput::max_lines);
    EXPECT_EQ(output.last_lines().front(), "note 81");
    EXPECT_EQ(output.last_lines().back().size(), PackOutput::max_line_bytes);
    EXPECT_EQ(output.progress().tiles, 12);
}

TEST(PackOutput, takes_the_result_for_all_tiles_and_keeps_its_notes) {
    PackOutput output;
    output.take(R"({"share": 0.5, "tiles": 10, "tiles_total": 20, "seconds_left": 3})");
    output.take(R"({"layer": "kenya", "package": "/out", "tiles": 21, "notes": ["one", "two"]})");

    EXPECT_EQ(output.progress(), (JobProgress{21, 21, 0}));
    EXPECT_THAT(output.last_lines(), ElementsAre("note: one", "note: two"));
}

}  // namespace
}  // namespace offgrid::test
