#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>

#include <iostream>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

enum class Outcome { died, replaced };

/// Start a daemon whose power goes at that step, and ask it for a replace.
Outcome replace_until_killed(const fs::path& depot, const fs::path& file, int step,
                             const std::string& when) {
    try {
        LiveDaemon daemon{depot,
                          {"--kill-step", std::to_string(step), "--kill-when", when},
                          "offgrid-faulty-daemon"};
        const auto response = daemon.replace(
            {{"layer", "kenya", {}}, {"destination", "z01-0-1.sqlite3", {}}, {"file", {}, file}});
        if (response.status == 200 && daemon.process().stop(SIGTERM) == 0) {
            return Outcome::replaced;
        }
        EXPECT_EQ(daemon.process().wait(), 128 + SIGKILL);
    } catch (const std::runtime_error&) {
        // it died before it was ready: a step of the start
    }
    return Outcome::died;
}

/// How often what was found after a restart was the old generation, and how often the new one.
struct Found {
    int old_ones = 0;
    int new_ones = 0;
};

class KilledDaemon : public testing::TestWithParam<std::string> {
protected:
    KilledDaemon() {
        install(folder_ / "pristine", "kenya", "z0: top z1: old / old2");
        write_mbtiles(file_, draw("z1: new"));
    }

    Outcome replace_and_kill_at(int step) {
        fs::remove_all(depot_);
        fs::copy(folder_ / "pristine", depot_, fs::copy_options::recursive);
        return replace_until_killed(depot_, file_, step, GetParam());
    }

    /// Start again and look: everything is there, old or new, nothing is left over, and a replace
    /// works.
    void check_after_restart(Found& found) {
        LiveDaemon again{depot_};
        const auto word = again.word("kenya", {1, 0, 0});
        ASSERT_THAT(word, testing::AnyOf("old", "new"));
        EXPECT_EQ(again.word("kenya", {1, 0, 1}), "old2");
        EXPECT_EQ(again.word("kenya", {0, 0, 0}), "top");
        EXPECT_TRUE(names_below(depot_ / "staging").empty());
        const auto next = again.replace(
            {{"layer", "kenya", {}}, {"destination", "z01-0-1.sqlite3", {}}, {"file", {}, file_}});
        EXPECT_EQ(next.status, 200) << next.body;
        EXPECT_EQ(again.word("kenya", {1, 0, 0}), "new");
        ++(word == "old" ? found.old_ones : found.new_ones);
    }

    TempFolder folder_;
    fs::path depot_ = folder_ / "depot";
    fs::path file_ = folder_ / "new.sqlite";
};

TEST_P(KilledDaemon, leaves_the_old_generation_or_the_new_one_at_every_step_of_a_replace) {
    Found found;
    int step = 1;
    for (; replace_and_kill_at(step) == Outcome::died && !HasFailure(); ++step) {
        SCOPED_TRACE(step);
        check_after_restart(found);
    }
    std::cout << "killed " << GetParam() << " each of " << step - 1 << " steps: " << found.old_ones
              << " times the old generation, " << found.new_ones << " times the new one\n";
    EXPECT_GT(found.old_ones, 10);
    EXPECT_GT(found.new_ones, 0);
}

INSTANTIATE_TEST_SUITE_P(At, KilledDaemon, testing::Values("before", "after"),
                         [](const auto& moment) { return moment.param; });

}  // namespace
}  // namespace offgrid::test
