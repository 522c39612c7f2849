#include "sync/depot_commands.h"

#include "formats/base/error.h"
#include "formats/package/depot.h"
#include "sync/audit.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

struct DepotCommands : testing::Test {
    DepotCommands() {
        install(depot.root(), "kenya", "z0: w z1: first b");
        install(depot.root(), "kenya", "z0: w z1: second b");
        install(depot.root(), "uganda", "z0: u");
    }

    RunResult offgrid(const std::string& verb, const std::vector<std::string>& options = {}) const {
        std::vector<std::string> command{program("offgrid-sync"), verb, depot.root().string()};
        command.insert(command.end(), options.begin(), options.end());
        return run(command);
    }

    std::vector<std::string> audit_lines() const {
        std::vector<std::string> lines;
        read_audit_log(depot.root(), [&](std::string_view line) { lines.emplace_back(line); });
        return lines;
    }

    TempFolder folder;
    Depot depot{folder / "depot"};
};

TEST_F(DepotCommands, rollback_goes_one_generation_back_or_to_a_named_one) {
    const auto back = offgrid("rollback");
    EXPECT_EQ(back.exit_code, 0) << back.err;
    EXPECT_THAT(back.out, HasSubstr("generation 2 is current, in place of 3"));
    EXPECT_EQ(depot.current_number(), 2U);

    EXPECT_EQ(offgrid("rollback", {"--to", "3"}).exit_code, 0);
    EXPECT_EQ(depot.current_number(), 3U);
}

TEST_F(DepotCommands, rollback_refuses_what_is_not_kept) {
    const auto unknown = offgrid("rollback", {"--to", "9"});
    EXPECT_EQ(unknown.exit_code, 1);
    EXPECT_THAT(unknown.err, HasSubstr("does not keep generation 9"));
    EXPECT_EQ(offgrid("prune", {"--keep", "1"}).exit_code, 0);
    const auto nothing = offgrid("rollback");
    EXPECT_EQ(nothing.exit_code, 1);
    EXPECT_THAT(nothing.err, HasSubstr("keeps no generation before 3"));
    EXPECT_EQ(depot.current_number(), 3U);
}

TEST_F(DepotCommands, prune_says_what_it_would_remove_and_removes_it) {
    const auto dry = offgrid("prune", {"--keep", "2", "--dry-run"});
    EXPECT_THAT(dry.out, HasSubstr("would remove 2 generations and 1 file"));
    EXPECT_EQ(depot.generations().size(), 4U);
    const auto done = offgrid("prune", {"--keep", "2"});
    EXPECT_THAT(done.out, HasSubstr("removed 2 generations and 1 file"));
    EXPECT_EQ(depot.generations().size(), 2U);
    EXPECT_EQ(offgrid("prune", {"--keep", "0"}).exit_code, 2);
}

TEST_F(DepotCommands, enter_into_the_audit_log_what_failed_half_way) {
    FaultyFileOps unsynced{[&](FaultyFileOps::When when, int, std::string_view name) {
        if (when == FaultyFileOps::When::before && name == "sync_directory" &&
            depot.current_number() == 2) {
            throw Error{Errc::io, "the disk is away"};
        }
    }};
    EXPECT_THROW(run_rollback({.depot = depot.root(), .to = 2}, unsynced), Error);
    EXPECT_THAT(audit_lines(),
                ElementsAre(AllOf(HasSubstr(R"("action":"found")"), HasSubstr(R"("generation":3)")),
                            AllOf(HasSubstr(R"("action":"rollback")"),
                                  HasSubstr(R"("generation":2)"), HasSubstr("the disk is away"))));

    int removed = 0;
    FaultyFileOps unremoved{[&](FaultyFileOps::When when, int, std::string_view name) {
        if (when == FaultyFileOps::When::before && name == "remove_all" && ++removed == 2) {
            throw Error{Errc::io, "the disk is away"};
        }
    }};
    PruneOptions options{.depot = depot.root(), .keep = 1};
    EXPECT_THROW(run_prune(options, unremoved), Error);
    ASSERT_EQ(audit_lines().size(), 3U);
    EXPECT_THAT(audit_lines().back(), AllOf(HasSubstr(R"("action":"prune")"),
                                            HasSubstr(R"("outcome":"io: the disk is away)")));

    options.is_dry_run = true;
    EXPECT_EQ(run_prune(options, posix_file_ops()), 0);
    EXPECT_EQ(audit_lines().size(), 3U) << "nothing has changed";
}

TEST_F(DepotCommands, prune_leaves_what_another_process_serves) {
    const GenerationLease lease{depot, 1};
    EXPECT_THAT(offgrid("prune", {"--keep", "1"}).out, HasSubstr("still served, so kept: 1"));
    EXPECT_EQ(depot.generations().size(), 2U);
}

TEST_F(DepotCommands, status_lists_layers_and_generations) {
    const auto text = offgrid("status");
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_THAT(text.out, HasSubstr("generation 3: 2 layers, 4 files"));
    EXPECT_THAT(text.out, HasSubstr("  kenya: 3 files"));
    EXPECT_THAT(text.out, HasSubstr("*      3  "));
    EXPECT_THAT(text.out, HasSubstr("added 1 file of layer 'uganda'"));

    const auto json = nlohmann::json::parse(offgrid("status", {"--json"}).out);
    EXPECT_EQ(json.at("generation"), 3);
    EXPECT_EQ(json.at("layers").at(1).at("layer"), "uganda");
    EXPECT_EQ(json.at("generations").size(), 4U);
    EXPECT_EQ(json.at("generations").at(3).at("current"), true);
    EXPECT_EQ(json.at("generations").at(3).at("previous"), 2);
    EXPECT_EQ(json.at("generations").at(2).at("change"), "replaced 1 file of layer 'kenya'");
}

TEST_F(DepotCommands, list_and_leave_a_current_generation_that_is_damaged) {
    write_file(depot.generation_path(3), "half a gener");

    const auto text = offgrid("status");
    EXPECT_EQ(text.exit_code, 1);
    EXPECT_THAT(text.out, HasSubstr("damaged: "));
    EXPECT_THAT(text.out, HasSubstr("       2  "));
    const auto json = nlohmann::json::parse(offgrid("status", {"--json"}).out);
    EXPECT_EQ(json.at("generation"), nullptr);
    EXPECT_THAT(json.at("damage").get<std::string>(), HasSubstr("000003.json"));
    EXPECT_EQ(json.at("generations").at(3).at("damaged"), true);
    EXPECT_EQ(json.at("generations").at(2).at("number"), 2);

    const auto back = offgrid("rollback");
    EXPECT_EQ(back.exit_code, 0) << back.err;
    EXPECT_EQ(depot.current_number(), 2U);
    EXPECT_EQ(offgrid("status").exit_code, 0);
}

TEST_F(DepotCommands, find_the_way_back_when_the_file_of_the_current_number_is_damaged_or_lost) {
    const auto current = depot.root() / "CURRENT";
    write_file(current, "\x7F\x03");
    EXPECT_THAT(offgrid("status").out, HasSubstr("       3  "));
    EXPECT_EQ(offgrid("rollback").exit_code, 1);
    const auto back = offgrid("rollback", {"--to", "3"});
    EXPECT_THAT(back.out, HasSubstr("generation 3 is current")) << back.err;
    EXPECT_EQ(depot.current_number(), 3U);

    std::filesystem::remove(current);
    EXPECT_THAT(offgrid("status").out, HasSubstr("       3  "));
    EXPECT_EQ(offgrid("rollback", {"--to", "2"}).exit_code, 0);
    EXPECT_EQ(depot.current_number(), 2U);
}

TEST_F(DepotCommands, name_the_daemon_that_holds_the_depot_and_status_works_beside_it) {
    const DepotLock daemon{depot};
    for (const auto* verb : {"rollback", "prune"}) {
        const auto refused =
            offgrid(verb, std::string{"prune"} == verb ? std::vector<std::string>{"--keep", "1"}
                                                       : std::vector<std::string>{});
        EXPECT_EQ(refused.exit_code, 1);
        EXPECT_THAT(refused.err, HasSubstr("another process is changing depot"));
        EXPECT_THAT(refused.err, HasSubstr(std::string{"POST /rest/"} + verb));
    }
    EXPECT_EQ(offgrid("status").exit_code, 0);
    EXPECT_EQ(depot.generations().size(), 4U);
}

TEST_F(DepotCommands, make_no_depot_where_there_is_none) {
    for (const auto* verb : {"rollback", "status"}) {
        const auto refused = run({program("offgrid-sync"), verb, (folder / "other").string()});
        EXPECT_EQ(refused.exit_code, 1);
        EXPECT_THAT(refused.err, HasSubstr("other is no depot"));
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "other"));
}

}  // namespace
}  // namespace offgrid::test
