#include "sync/daemon.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/archives.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using Step = FaultyFileOps::Step;

/// What a replace did to the disk, as it was when its answer came. A power cut keeps no more than
/// what was synced, in any order; a test that kills a process cannot see that.
class Trace {
public:
    explicit Trace(std::vector<Step> steps) : steps_{std::move(steps)} {}

    /// Whether these steps were all taken, each after the one before.
    bool holds_in_order(const std::vector<Step>& wanted) const {
        auto from = steps_.begin();
        for (const auto& step : wanted) {
            from = std::find(from, steps_.end(), step);
            if (from == steps_.end()) {
                return false;
            }
            ++from;
        }
        return true;
    }

    std::vector<Step> renames_into(const fs::path& folder) const {
        std::vector<Step> renames;
        std::ranges::copy_if(steps_, std::back_inserter(renames), [&](const Step& step) {
            return step.name == "rename" && step.to.string().starts_with(folder.string() + "/");
        });
        return renames;
    }

private:
    std::vector<Step> steps_;
};

Step sync_of_folder(const fs::path& path) {
    return {.name = "sync_directory", .path = path};
}

class ReplaceDurability : public testing::Test {
protected:
    Trace trace_of_replace_with(const fs::path& archive,
                                const std::vector<std::string>& headers = {}) {
        const auto before = static_cast<std::ptrdiff_t>(files_.trace().size());
        HttpClient client;
        const auto response =
            client.post_form(daemon_.admin_url() + "/rest/sqlite/replace",
                             {{"layer", "kenya", {}}, {"file", {}, archive}}, {}, headers);
        auto steps = files_.trace();
        EXPECT_EQ(response.status, 200) << response.body;
        return Trace{{steps.begin() + before, steps.end()}};
    }

    TempFolder folder_;
    fs::path depot_ = fs::canonical(folder_.path()) / "depot";
    FaultyFileOps files_{[](FaultyFileOps::When, int, std::string_view) {}};
    Daemon daemon_{[&] {
                       install(depot_, "kenya", "z0: top z1: old");
                       DaemonOptions options;
                       options.depot = depot_;
                       options.listen = options.admin = "127.0.0.1:0";
                       return options;
                   }(),
                   files_, [](std::string_view) {}};
};

TEST_F(ReplaceDurability, syncs_what_each_step_relies_on_before_it) {
    write_package(folder_ / "kenya", "kenya", "z0: fresh z1: a b / c d");
    write_archive_of(folder_ / "kenya.zip", ArchiveKind::zip, folder_ / "kenya");

    const auto trace = trace_of_replace_with(folder_ / "kenya.zip");

    const auto generation = depot_ / "generations/000002.json";
    const auto generation_beside = depot_ / "generations/000002.json.new";
    const Step generation_is_begun{.name = "create", .path = generation_beside};
    const auto stored = trace.renames_into(depot_ / "files");
    EXPECT_EQ(stored.size(), 5U) << "the files of the package";
    for (const auto& rename : stored) {
        EXPECT_TRUE(trace.holds_in_order({{.name = "sync_file", .path = rename.path},
                                          rename,
                                          sync_of_folder(rename.to.parent_path()),
                                          generation_is_begun}))
            << rename.to;
    }
    EXPECT_TRUE(trace.holds_in_order(
        {generation_is_begun,
         {.name = "append", .path = generation_beside},
         {.name = "sync", .path = generation_beside},
         {.name = "rename", .path = generation_beside, .to = generation},
         sync_of_folder(depot_ / "generations"),
         {.name = "append", .path = depot_ / "CURRENT.new"},
         {.name = "sync", .path = depot_ / "CURRENT.new"},
         {.name = "rename", .path = depot_ / "CURRENT.new", .to = depot_ / "CURRENT"},
         sync_of_folder(depot_)}));
}

TEST_F(ReplaceDurability, syncs_the_answer_for_a_key_before_the_change_and_lets_it_count_after) {
    write_package(folder_ / "kenya", "kenya", "z0: fresh z1: a b / c d");
    write_archive_of(folder_ / "kenya.zip", ArchiveKind::zip, folder_ / "kenya");

    const auto trace = trace_of_replace_with(folder_ / "kenya.zip", {"Idempotency-Key: 4711"});

    const auto answers = depot_ / "answers";
    const auto renames = trace.renames_into(answers);
    ASSERT_EQ(renames.size(), 3U) << "announced, confirmed, with how long it took to drain";
    EXPECT_EQ(renames[0].to.extension(), ".pending");
    EXPECT_EQ(renames[1].path, renames[0].to);
    EXPECT_EQ(renames[1].to, renames[2].to);
    EXPECT_TRUE(trace.holds_in_order(
        {sync_of_folder(depot_ / "generations"),
         {.name = "sync", .path = renames[0].path},
         renames[0],
         sync_of_folder(answers),
         {.name = "rename", .path = depot_ / "CURRENT.new", .to = depot_ / "CURRENT"},
         sync_of_folder(depot_),
         renames[1],
         sync_of_folder(answers)}));
}

}  // namespace
}  // namespace offgrid::test
