#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <iostream>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A replace with a key in a daemon that is killed, which its client then sends again.
class KilledDaemonWithKey : public testing::TestWithParam<std::string> {
protected:
    KilledDaemonWithKey() {
        install(folder_ / "pristine", "kenya", "z0: top z1: old");
        write_mbtiles(folder_ / "new", draw("z1: new"));
        write_mbtiles(folder_ / "newer", draw("z1: newer"));
    }

    void start_from_pristine() const {
        fs::remove_all(depot_);
        fs::copy(folder_ / "pristine", depot_, fs::copy_options::recursive);
    }

    HttpResponse replace_with(const LiveDaemon& daemon, const std::string& word,
                              const std::vector<std::string>& headers = {}) const {
        return daemon.replace({{"layer", "kenya", {}},
                               {"destination", "z01-0-1.sqlite3", {}},
                               {"file", {}, folder_ / word}},
                              {}, headers);
    }

    /// What the request is answered when nobody is killed.
    Json undisturbed_report() const {
        start_from_pristine();
        const LiveDaemon daemon{depot_};
        return report_of(replace_with(daemon, "new", headers_));
    }

    static Json report_of(const HttpResponse& response) {
        EXPECT_EQ(response.status, 200) << response.body;
        auto report = Json::parse(response.body, nullptr, false);
        report.erase("drained_ms");
        return report;
    }

    /// Ask a daemon whose power goes at that step; whether it went.
    bool dies_at(int step) const {
        start_from_pristine();
        try {
            LiveDaemon daemon{depot_,
                              {"--kill-step", std::to_string(step), "--kill-when", GetParam()},
                              "offgrid-faulty-daemon"};
            const auto response = replace_with(daemon, "new", headers_);
            if (response.status == 200 && daemon.process().stop(SIGTERM) == 0) {
                return false;
            }
            EXPECT_EQ(daemon.process().wait(), 128 + SIGKILL);
        } catch (const std::runtime_error&) {
            // it died before it was ready: a step of the start
        }
        return true;
    }

    std::size_t count_generations(const LiveDaemon& daemon) const {
        HttpClient client;
        return Json::parse(client.get(daemon.admin_url() + "/generations").body).size();
    }

    static bool is_replayed(const HttpResponse& response) {
        return response.headers.contains("idempotency-replayed");
    }

    /// Kill at each step and have `check` look at what the daemon does that starts then.
    template <typename Check>
    void kill_at_every_step(const Check& check) {
        int made = 0;
        int step = 1;
        for (; dies_at(step) && !HasFailure(); ++step) {
            SCOPED_TRACE(step);
            LiveDaemon again{depot_};
            const bool is_made = again.word("kenya", {1, 0, 0}) == "new";
            made += is_made ? 1 : 0;
            check(again, is_made);
            EXPECT_THAT(names_below(depot_ / "answers"),
                        testing::ElementsAre(testing::EndsWith(".json")));
        }
        std::cout << "killed " << GetParam() << " each of " << step - 1 << " steps: the change was "
                  << "made " << made << " times\n";
        EXPECT_GT(made, 2);
        EXPECT_GT(step - 1 - made, 10);
    }

    TempFolder folder_;
    fs::path depot_ = folder_ / "depot";
    std::vector<std::string> headers_{"Idempotency-Key: 4711"};
};

TEST_P(KilledDaemonWithKey, makes_one_generation_and_answers_as_the_first_would_have) {
    start_from_pristine();
    const auto old_sha256 = [&] {
        const LiveDaemon daemon{depot_};
        return report_of(replace_with(daemon, "new"))["files"][0]["old_sha256"];
    }();
    headers_.push_back("If-Match: \"" + old_sha256.get<std::string>() + "\"");
    const auto expected = undisturbed_report();

    kill_at_every_step([&](LiveDaemon& again, bool is_made) {
        const auto repeated = replace_with(again, "new", headers_);

        auto report = report_of(repeated);
        report["generation"] = expected["generation"];  // a number may have been lost
        EXPECT_EQ(report, expected);
        EXPECT_EQ(is_replayed(repeated), is_made);
        EXPECT_EQ(count_generations(again), 3U) << "the first two, and one new one";
        EXPECT_EQ(again.word("kenya", {1, 0, 0}), "new");
    });
}

TEST_P(KilledDaemonWithKey, does_not_undo_what_others_did_before_the_request_came_again) {
    const auto expected = undisturbed_report();

    kill_at_every_step([&](LiveDaemon& again, bool is_made) {
        ASSERT_EQ(replace_with(again, "newer").status, 200);

        const auto repeated = replace_with(again, "new", headers_);

        const auto report = report_of(repeated);
        EXPECT_EQ(is_replayed(repeated), is_made);
        EXPECT_EQ(report == expected, is_made) << report;
        EXPECT_EQ(again.word("kenya", {1, 0, 0}), is_made ? "newer" : "new");
        EXPECT_EQ(count_generations(again), 4U) << "the first two, and one for each request";
    });
}

INSTANTIATE_TEST_SUITE_P(At, KilledDaemonWithKey, testing::Values("before", "after"),
                         [](const auto& moment) { return moment.param; });

}  // namespace
}  // namespace offgrid::test
