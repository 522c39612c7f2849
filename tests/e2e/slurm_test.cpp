// The scripts of examples/slurm on a cluster.

#include "tests/support/process.h"
#include "tests/support/slurm_cluster.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class SlurmExample : public testing::Test {
protected:
    /// Submit the jobs that make the package from three shards: the one that merges them.
    std::string submit() const {
        auto environment = cluster_.environment();
        environment["PATH"] =
            fs::path{program("offgrid")}.parent_path().string() + ":" + std::getenv("PATH");
        const auto done = run({examples_ / "slurm/pack.sh", "3", package_, source_, "--quiet"},
                              {.input = {}, .cwd = folder_.path(), .environment = environment});
        EXPECT_EQ(done.exit_code, 0) << done.err;
        return done.out.substr(0, done.out.find('\n'));
    }

    void expect_package_of_one_run() const {
        const auto whole = (folder_ / "whole/blue-marble").string();
        fs::create_directories(folder_ / "whole");
        const auto packed = run({program("offgrid"), "pack", source_, "-o", whole, "--quiet"});
        ASSERT_EQ(packed.exit_code, 0) << packed.err;

        const auto compared = run({"diff", "--recursive", whole, package_});
        EXPECT_EQ(compared.exit_code, 0) << compared.out << compared.err;
    }

    std::string logs() const {
        std::string all;
        for (const auto& entry : fs::directory_iterator{shards_}) {
            if (entry.path().extension() == ".log") {
                all += entry.path().filename().string() + ": " + read_text(entry.path());
            }
        }
        return all;
    }

    fs::path examples_ = fs::path{OFFGRID_SOURCE_DIR} / "examples";
    std::string source_ = examples_ / "data/earth-blue-marble.jpg";
    TempFolder folder_;
    fs::path package_ = folder_ / "array/blue-marble";
    fs::path shards_ = folder_ / "array/blue-marble.shards";
    SlurmCluster cluster_;
};

TEST_F(SlurmExample, makes_the_package_of_one_run_by_a_job_array) {
    ASSERT_EQ(cluster_.wait_for(submit()), "COMPLETED") << logs();

    EXPECT_THAT(cluster_.list_jobs({"--name=offgrid-shard", "--array", "--format=%K %T"}),
                UnorderedElementsAre("1 COMPLETED", "2 COMPLETED", "3 COMPLETED"));
    expect_package_of_one_run();
    EXPECT_THAT(names_below(shards_), ElementsAre("1.log", "2.log", "3.log", "merge.log"));
}

TEST_F(SlurmExample, merges_nothing_without_all_shards_and_then_makes_what_is_missing) {
    write_file(shards_ / ".2.partial", "in the way of a shard");
    ASSERT_EQ(cluster_.wait_for(submit()), "CANCELLED") << logs();
    EXPECT_FALSE(fs::exists(package_));
    EXPECT_TRUE(fs::exists(shards_ / "1"));
    fs::remove(shards_ / ".2.partial");

    ASSERT_EQ(cluster_.wait_for(submit()), "COMPLETED") << logs();

    EXPECT_THAT(read_text(shards_ / "1.log"), HasSubstr("there already"));
    EXPECT_THAT(read_text(shards_ / "2.log"), Not(HasSubstr("there already")));
    expect_package_of_one_run();
}

}  // namespace
}  // namespace offgrid::test
