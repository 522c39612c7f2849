#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/archives.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>

#include <iostream>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

enum class Outcome { died, replaced };

/// Start a daemon whose power goes at that step, and ask it for a replace, if any.
Outcome replace_until_killed(const fs::path& depot, const std::vector<FormPart>& parts, int step,
                             const std::string& when) {
    try {
        LiveDaemon daemon{depot,
                          {"--kill-step", std::to_string(step), "--kill-when", when},
                          "offgrid-faulty-daemon"};
        if (parts.empty()) {
            EXPECT_EQ(daemon.process().stop(SIGTERM), 0);
            return Outcome::replaced;
        }
        const auto response = daemon.replace(parts);
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
        write_mbtiles(folder_ / "new.sqlite", draw("z1: new"));
        write_package(folder_ / "kenya", "kenya", "z0: top2 z1: new / new2");
        write_archive_of(folder_ / "kenya.zip", ArchiveKind::zip, folder_ / "kenya");
    }

    Outcome replace_and_kill_at(int step, const std::vector<FormPart>& parts) {
        fs::remove_all(depot_);
        fs::copy(folder_ / "pristine", depot_, fs::copy_options::recursive);
        return replace_until_killed(depot_, parts, step, GetParam());
    }

    static std::string words(LiveDaemon& daemon) {
        return daemon.word("kenya", {0, 0, 0}) + " " + daemon.word("kenya", {1, 0, 0}) + " " +
               daemon.word("kenya", {1, 0, 1});
    }

    /// Start again and look: everything is there, old or new, nothing is left over, and a replace
    /// works.
    void check_after_restart(const std::vector<FormPart>& parts, const std::string& replaced,
                             Found& found) {
        LiveDaemon again{depot_};
        const auto served = words(again);
        ASSERT_THAT(served, testing::AnyOf("top old old2", replaced));
        EXPECT_TRUE(names_below(depot_ / "staging").empty());
        const auto next = again.replace(parts);
        EXPECT_EQ(next.status, 200) << next.body;
        EXPECT_EQ(words(again), replaced);
        ++(served == replaced ? found.new_ones : found.old_ones);
    }

    /// Kill at each step of a replace after which the words are `replaced`.
    void kill_at_every_step(const std::vector<FormPart>& parts, const std::string& replaced) {
        Found found;
        int step = 1;
        for (; replace_and_kill_at(step, parts) == Outcome::died && !HasFailure(); ++step) {
            SCOPED_TRACE(step);
            check_after_restart(parts, replaced, found);
        }
        std::cout << "killed " << GetParam() << " each of " << step - 1
                  << " steps: " << found.old_ones << " times the old generation, " << found.new_ones
                  << " times the new one\n";
        EXPECT_GT(found.old_ones, 10);
        EXPECT_GT(found.new_ones, 0);
    }

    TempFolder folder_;
    fs::path depot_ = folder_ / "depot";
};

TEST_P(KilledDaemon, leaves_the_old_generation_or_the_new_one_at_every_step_of_a_replace) {
    kill_at_every_step({{"layer", "kenya", {}},
                        {"destination", "z01-0-1.sqlite3", {}},
                        {"file", {}, folder_ / "new.sqlite"}},
                       "top new old2");
}

TEST_P(KilledDaemon, leaves_all_files_of_a_package_old_or_all_new_at_every_step) {
    kill_at_every_step({{"layer", "kenya", {}}, {"file", {}, folder_ / "kenya.zip"}},
                       "top2 new new2");
}

TEST_P(KilledDaemon, leaves_a_depot_that_starts_at_every_step_of_the_first_start) {
    int step = 1;
    for (; replace_until_killed(depot_, {}, step, GetParam()) == Outcome::died && !HasFailure();
         ++step) {
        SCOPED_TRACE(step);
        LiveDaemon again{depot_};
        EXPECT_EQ(read_text(depot_ / "CURRENT"), "0\n");
        EXPECT_EQ(
            again.replace({{"layer", "kenya", {}}, {"file", {}, folder_ / "kenya.zip"}}).status,
            200);
        EXPECT_EQ(words(again), "top2 new new2");
        EXPECT_EQ(again.process().stop(SIGTERM), 0);
        fs::remove_all(depot_);
    }
    EXPECT_GT(step, 10) << "steps of the first start";
}

INSTANTIATE_TEST_SUITE_P(At, KilledDaemon, testing::Values("before", "after"),
                         [](const auto& moment) { return moment.param; });

}  // namespace
}  // namespace offgrid::test
