#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/package/prune.h"
#include "formats/package/replace.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/power_loss_file_ops.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using test::FaultyFileOps;
using test::PowerLossFileOps;
using Names = PowerLossFileOps::Names;

/// Throws unless all that the generation names is there and has its hash.
void check_is_whole(const Depot& depot, const Generation& generation) {
    for (const auto& [layer, manifest] : generation.layers) {
        for (const auto& file : manifest.files) {
            if (sha256_hex_of_file(depot.stored_path(layer, file)) != file.sha256) {
                throw Error{Errc::corrupt, file.name};
            }
        }
    }
}

struct PowerLoss : testing::Test {
    PowerLoss() {
        depot.create_if_missing(posix_file_ops());
        install(posix_file_ops(), "z0: w z1: a b / c d");
    }

    void install(FileOps& files, std::string_view drawing) const {
        ReplaceTransaction replace{files, depot};
        const auto package = replace.staging() / "package";
        replace.add_package(test::write_package(package, "kenya", drawing), package);
        replace.commit();
    }

    /// Look at what a power cut would leave now: the numbers of what is current then, whole.
    void look(const PowerLossFileOps& files) {
        for (const auto names :
             {Names::synced, Names::all, Names::synced_at_top, Names::synced_below}) {
            const auto remains = write_remains(files, names);
            const Depot left{remains};
            const auto generation = left.load_current();
            EXPECT_NO_THROW(check_is_whole(left, generation)) << "look " << looks_;
            for (const auto& some : left.generations()) {
                EXPECT_EQ(some.damage, "") << "look " << looks_;
                EXPECT_NO_THROW(check_is_whole(left, left.load(some.number))) << "look " << looks_;
            }
            seen_.insert(generation.number);
            if (names == Names::synced || names == Names::all) {
                replace_works_on(left);
            }
            fs::remove_all(remains);
        }
    }

    fs::path write_remains(const PowerLossFileOps& files, Names names) {
        auto remains = folder / ("remains" + std::to_string(++looks_));
        files.write_remains(names, remains);
        return remains;
    }

    /// What was answered stays: a power cut leaves the current generation current.
    void expect_sure(const PowerLossFileOps& files) {
        const auto remains = write_remains(files, Names::synced);
        EXPECT_EQ(Depot{remains}.current_number(), depot.current_number());
        fs::remove_all(remains);
    }

    /// Take steps until one of them is the last, then others, and look after each of those. False:
    /// there were fewer.
    bool die_at(int steps_to_live, const std::function<void(FileOps&)>& take,
                const std::function<void(FileOps&)>& then) {
        int step = 0;
        bool is_dead = false;
        bool looks = false;
        PowerLossFileOps* watched = nullptr;
        PowerLossFileOps files{depot.root(), [&] {
                                   if (looks) {
                                       look(*watched);
                                   } else if (++step == steps_to_live) {
                                       is_dead = true;
                                       throw Error{Errc::io, "killed"};
                                   }
                               }};
        watched = &files;
        try {
            take(files);
        } catch (const Error& error) {
            EXPECT_TRUE(is_dead) << error.what();
        }
        looks = true;
        then(files);
        expect_sure(files);
        return is_dead;
    }

    static void replace_works_on(const Depot& left) {
        left.create_if_missing(posix_file_ops());
        sweep_staging(posix_file_ops(), left);
        ReplaceTransaction replace{posix_file_ops(), left};
        test::write_mbtiles(replace.staging() / "upload", test::draw("z1: next"));
        replace.add_file("kenya", "z01-0-1.sqlite3", replace.staging() / "upload");
        EXPECT_NO_THROW(check_is_whole(left, replace.commit()));
    }

    /// Take steps and look after each.
    void look_at_each_step(const std::function<void(FileOps& files)>& take) {
        PowerLossFileOps* watched = nullptr;
        PowerLossFileOps files{depot.root(), [&] { look(*watched); }};
        watched = &files;
        take(files);
        expect_sure(files);
    }

    test::TempFolder folder;
    Depot depot{folder / "depot"};
    std::set<std::uint64_t> seen_;
    int looks_ = 0;
};

// RX-04
TEST_F(PowerLoss, leaves_the_old_or_the_new_generation_at_each_step_of_a_replace) {
    look_at_each_step([&](FileOps& files) { install(files, "z0: w z1: new b / c . z2: x"); });
    EXPECT_THAT(seen_, testing::ElementsAre(1, 2));
    EXPECT_GE(looks_, 40);
    EXPECT_EQ(depot.current_number(), 2U);
}

/// Who died after a rename and before the sync of its folder left a name that is not sure yet: the
/// same replace again finds it there.
TEST_F(PowerLoss, relies_on_no_name_that_a_dead_transaction_has_left) {
    int steps_to_live = 0;
    bool has_died = true;
    while (has_died) {
        ++steps_to_live;
        const auto install_again = [&](FileOps& files) {
            install(files, "z0: w z1: new" + std::to_string(steps_to_live));
        };
        has_died = die_at(steps_to_live, install_again, install_again);
        prune(posix_file_ops(), depot, 1);
    }
    EXPECT_GE(steps_to_live, 15);
}

/// The switch of a dead transaction may not be durable yet when that is removed from which it came.
TEST_F(PowerLoss, leaves_a_whole_generation_at_each_step_of_a_prune_after_a_dead_transaction) {
    int steps_to_live = 0;
    bool has_died = true;
    while (has_died) {
        ++steps_to_live;
        has_died = die_at(
            steps_to_live,
            [&](FileOps& files) {
                install(files, "z0: w z1: new" + std::to_string(steps_to_live));
            },
            [&](FileOps& files) { prune(files, depot, 1); });
    }
    EXPECT_GE(steps_to_live, 15);
}

TEST_F(PowerLoss, leaves_the_one_or_the_other_generation_at_each_step_of_a_rollback) {
    install(posix_file_ops(), "z0: w z1: new");
    look_at_each_step([&](FileOps& files) { depot.switch_to(files, 1); });
    EXPECT_THAT(seen_, testing::ElementsAre(1, 2));
    EXPECT_EQ(depot.current_number(), 1U);
}

TEST_F(PowerLoss, leaves_whole_generations_at_each_step_of_a_prune) {
    install(posix_file_ops(), "z0: w z1: new");
    install(posix_file_ops(), "z0: w z1: newer");
    look_at_each_step([&](FileOps& files) { prune(files, depot, 1); });
    EXPECT_THAT(seen_, testing::ElementsAre(3));
    EXPECT_GE(looks_, 10);
}

TEST_F(PowerLoss, prune_removes_nothing_before_it_is_sure_that_no_generation_names_it) {
    install(posix_file_ops(), "z0: w z1: new");
    FaultyFileOps files{[](FaultyFileOps::When, int, std::string_view) {}};
    prune(files, depot, 1);
    const auto trace = files.trace();
    const auto is_of_generations = [&](const FaultyFileOps::Step& step) {
        return step.path.parent_path() == depot.root() / "generations";
    };
    const auto sync = std::ranges::find(
        trace, FaultyFileOps::Step{.name = "sync_directory", .path = depot.root() / "generations"});
    ASSERT_NE(sync, trace.end());
    EXPECT_EQ(trace.front(), (FaultyFileOps::Step{.name = "sync_directory", .path = depot.root()}));
    EXPECT_TRUE(std::all_of(trace.begin() + 1, sync, is_of_generations));
    EXPECT_TRUE(std::none_of(sync, trace.end(), is_of_generations));
    EXPECT_GT(trace.end() - sync, 4) << "and then nodes and files";
}

}  // namespace
}  // namespace offgrid
