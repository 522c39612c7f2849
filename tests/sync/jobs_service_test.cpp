#include "sync/jobs/job_service.h"
#include "sync/sparing_file_ops.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"
#include "tests/sync/rest_desk.h"

#include <gmock/gmock.h>

#include <csignal>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// A program that runs until it is told to end.
constexpr const char* endless = "echo begun; echo $$ > \"$(dirname \"$0\")/pid\"; exec sleep 1000";

class JobServiceTest : public testing::Test {
protected:
    JobServiceTest() {
        install(folder_ / "depot", "kenya", "z0: top z1: a b / . d");
        write_file(folder_ / "sources.json",
                   R"({"layers": {"kenya": {"rasters": ["a.tif"], "max_zoom": 1, "bounds":
                   [-180, -85, 180, 85]}, "congo": {"rasters": ["b.tif"]}}})");
        write_package(folder_ / "kenya", "kenya", "z0: new z1: new new / new new");
        write_package(folder_ / "congo", "congo", "z0: congo");
        write_packer(packer_, copies(folder_ / "kenya"));
    }

    RestDesk desk(JobService::Options options = {}) {
        options.pack_program = packer_;
        return RestDesk{folder_.path(), std::move(options)};
    }

    /// Wait until the endless program runs.
    pid_t wait_for_packer() const {
        RestDesk::wait_until(
            [&] { return fs::exists(folder_ / "pid") && !read_text(folder_ / "pid").empty(); });
        return std::stoi(read_text(folder_ / "pid"));
    }

    bool staging_is_empty() const { return names_below(folder_ / "depot/staging").empty(); }

    TempFolder folder_;
    fs::path packer_ = folder_ / "packer";
};

TEST_F(JobServiceTest, reseeds_a_layer_anew) {
    auto desk_of_kenya = desk();
    auto& jobs = desk_of_kenya.jobs();

    const auto job = desk_of_kenya.wait_for_end(
        jobs.submit({.type = JobType::reseed, .layer = "kenya", .asked_by = "ann"}).id);

    EXPECT_EQ(job.state, JobState::done) << job.message;
    EXPECT_EQ(job.generation, 2U);
    EXPECT_EQ(job.request.asked_by, "ann");
    EXPECT_EQ(desk_of_kenya.words("kenya", 1, 2, 2), "new new / new new");
    EXPECT_TRUE(staging_is_empty());
}

TEST_F(JobServiceTest, seeds_what_is_missing_and_keeps_what_is_there) {
    auto desk_of_kenya = desk();

    const auto job = desk_of_kenya.wait_for_end(
        desk_of_kenya.jobs().submit({.type = JobType::seed, .layer = "kenya"}).id);

    EXPECT_EQ(job.state, JobState::done) << job.message;
    EXPECT_EQ(desk_of_kenya.words("kenya", 1, 2, 2), "a b / new d");
    EXPECT_EQ(desk_of_kenya.word("kenya", {0, 0, 0}), "top");
}

TEST_F(JobServiceTest, seeds_a_layer_that_was_never_there) {
    write_packer(packer_, copies(folder_ / "congo"));
    auto desk_of_congo = desk();

    const auto job = desk_of_congo.wait_for_end(desk_of_congo.jobs().submit({.layer = "congo"}).id);

    EXPECT_EQ(job.state, JobState::done) << job.message;
    EXPECT_EQ(desk_of_congo.word("congo", {0, 0, 0}), "congo");
    EXPECT_EQ(desk_of_congo.word("kenya", {0, 0, 0}), "top");
}

TEST_F(JobServiceTest, reseeds_some_zooms_and_leaves_the_others) {
    write_package(folder_ / "deep", "kenya", "z1: new new / new new");
    write_packer(packer_, "cat \"${2#--job=}\"; echo; " + copies(folder_ / "deep"));
    auto desk_of_kenya = desk();

    const auto job = desk_of_kenya.wait_for_end(
        desk_of_kenya.jobs()
            .submit({.type = JobType::reseed, .layer = "kenya", .zooms = ZoomSpan{1, 1}})
            .id);

    EXPECT_EQ(job.state, JobState::done) << job.message;
    EXPECT_THAT(job.output, Contains(HasSubstr("\"zoom\":[1,1]")));
    EXPECT_EQ(desk_of_kenya.word("kenya", {0, 0, 0}), "top");
    EXPECT_EQ(desk_of_kenya.words("kenya", 1, 2, 2), "new new / new new");
}

TEST_F(JobServiceTest, truncates_while_something_is_packed) {
    write_packer(packer_, endless);
    auto desk_of_kenya = desk();
    desk_of_kenya.jobs().submit({.layer = "kenya"});
    wait_for_packer();

    const auto job = desk_of_kenya.wait_for_end(
        desk_of_kenya.jobs()
            .submit({.type = JobType::truncate, .layer = "kenya", .zooms = ZoomSpan{1, 1}})
            .id);

    EXPECT_EQ(job.state, JobState::done) << job.message;
    EXPECT_EQ(desk_of_kenya.words("kenya", 1, 2, 2), ". . / . .");
}

TEST_F(JobServiceTest, tells_how_far_a_job_has_come) {
    write_packer(packer_, "echo '25 %, 0:30 left, 50 tiles, 10 tiles/s'; exec sleep 1000");
    auto desk_of_kenya = desk();
    const auto id = desk_of_kenya.jobs().submit({.layer = "kenya"}).id;

    RestDesk::wait_until([&] { return desk_of_kenya.jobs().find(id)->progress.tiles == 50; });

    EXPECT_EQ(desk_of_kenya.jobs().find(id)->progress, (JobProgress{50, 200, 30}));
    EXPECT_EQ(desk_of_kenya.jobs().find(id)->state, JobState::running);
}

TEST_F(JobServiceTest, aborts_a_job_whose_program_fails_with_its_last_words) {
    write_packer(packer_, "echo one; echo \"no room in $out\" >&2; exit 1");
    auto desk_of_kenya = desk();

    const auto job = desk_of_kenya.wait_for_end(desk_of_kenya.jobs().submit({.layer = "kenya"}).id);

    EXPECT_EQ(job.state, JobState::aborted);
    EXPECT_THAT(job.message, HasSubstr("exit code 1: no room in (depot)/staging/"));
    EXPECT_THAT(job.output, ElementsAre("one", HasSubstr("no room in (depot)/staging/")));
    EXPECT_EQ(desk_of_kenya.words("kenya", 1, 2, 2), "a b / . d");
    EXPECT_TRUE(staging_is_empty());
}

TEST_F(JobServiceTest, aborts_a_job_whose_program_is_killed) {
    write_packer(packer_, endless);
    auto desk_of_kenya = desk();
    const auto id = desk_of_kenya.jobs().submit({.layer = "kenya"}).id;

    ::kill(wait_for_packer(), SIGKILL);

    const auto job = desk_of_kenya.wait_for_end(id);
    EXPECT_EQ(job.state, JobState::aborted);
    EXPECT_THAT(job.message, HasSubstr("ended by signal 9"));
    EXPECT_THAT(job.output, ElementsAre("begun"));
}

TEST_F(JobServiceTest, aborts_a_job_whose_package_is_damaged) {
    write_file(folder_ / "kenya/z01-0-1.sqlite3", "garbage");
    auto desk_of_kenya = desk();

    const auto job = desk_of_kenya.wait_for_end(
        desk_of_kenya.jobs().submit({.type = JobType::reseed, .layer = "kenya"}).id);

    EXPECT_EQ(job.state, JobState::aborted);
    EXPECT_THAT(job.message, HasSubstr("not an SQLite database"));
    EXPECT_EQ(desk_of_kenya.words("kenya", 1, 2, 2), "a b / . d");
}

TEST_F(JobServiceTest, cancels_a_job_that_runs) {
    write_packer(packer_, endless);
    auto desk_of_kenya = desk();
    const auto id = desk_of_kenya.jobs().submit({.layer = "kenya"}).id;
    const auto packer = wait_for_packer();

    EXPECT_TRUE(desk_of_kenya.jobs().cancel(id, "ann"));

    const auto job = desk_of_kenya.wait_for_end(id);
    EXPECT_EQ(job.state, JobState::aborted);
    EXPECT_EQ(job.message, "cancelled by ann");
    EXPECT_EQ(::kill(packer, 0), -1) << "it is still there";
    EXPECT_FALSE(desk_of_kenya.jobs().cancel(id, "ann"));
    RestDesk::wait_until([&] { return staging_is_empty(); });
}

TEST_F(JobServiceTest, kills_a_program_that_does_not_end_by_itself) {
    write_packer(packer_,
                 "trap '' TERM; echo $$ > \"$(dirname \"$0\")/pid\"; while :; do sleep 1; done");
    auto desk_of_kenya = desk({.kill_after = std::chrono::milliseconds{200}});
    const auto id = desk_of_kenya.jobs().submit({.layer = "kenya"}).id;
    const auto packer = wait_for_packer();

    desk_of_kenya.jobs().cancel(id, "ann");

    EXPECT_EQ(desk_of_kenya.wait_for_end(id).message, "cancelled by ann");
    EXPECT_EQ(::kill(packer, 0), -1) << "it is still there";
}

TEST_F(JobServiceTest, packs_one_after_the_other_and_cancels_what_waits_at_once) {
    write_packer(packer_, endless);
    auto desk_of_kenya = desk();
    auto& jobs = desk_of_kenya.jobs();
    const auto first = jobs.submit({.layer = "kenya"}).id;
    const auto second = jobs.submit({.layer = "congo"}).id;
    wait_for_packer();

    EXPECT_EQ(jobs.find(first)->state, JobState::running);
    EXPECT_EQ(jobs.find(second)->state, JobState::pending);
    EXPECT_TRUE(jobs.cancel(second, "ann"));
    EXPECT_EQ(jobs.find(second)->state, JobState::aborted);
    EXPECT_EQ(jobs.find(first)->state, JobState::running);
}

TEST_F(JobServiceTest, takes_no_more_than_may_wait) {
    write_packer(packer_, endless);
    auto desk_of_kenya = desk({.max_pending = 2});
    auto& jobs = desk_of_kenya.jobs();
    jobs.submit({.layer = "kenya"});
    wait_for_packer();
    jobs.submit({.layer = "kenya"});
    jobs.submit({.layer = "kenya"});

    EXPECT_THAT([&] { jobs.submit({.layer = "kenya"}); },
                throws(Errc::busy, HasSubstr("2 jobs are pending")));
}

TEST_F(JobServiceTest, takes_no_job_that_cannot_be_done) {
    install(folder_ / "depot", "chad", "z0: chad");
    auto desk_of_all = desk();
    auto& jobs = desk_of_all.jobs();

    EXPECT_THAT([&] { jobs.submit({.layer = "nowhere"}); },
                throws(Errc::not_found, HasSubstr("unknown layer 'nowhere'")));
    EXPECT_THAT([&] { jobs.submit({.layer = "chad"}); },
                throws(Errc::invalid_argument, HasSubstr("has no sources")));
    EXPECT_THAT(
        [&] {
            jobs.submit({.layer = "kenya", .zooms = ZoomSpan{4, 5}});
        },
        throws(Errc::invalid_argument, HasSubstr("zooms 0 to 1, not 4 to 5")));
    EXPECT_TRUE(jobs.jobs().empty());
}

TEST_F(JobServiceTest, that_ends_takes_its_program_along_and_begins_again_with_the_next) {
    write_packer(packer_, endless);
    auto desk_of_kenya = desk();
    const auto id = desk_of_kenya.jobs().submit({.type = JobType::reseed, .layer = "kenya"}).id;
    const auto packer = wait_for_packer();

    desk_of_kenya.jobs().stop();

    EXPECT_EQ(::kill(packer, 0), -1) << "it is still there";
    EXPECT_THAT(read_text(folder_ / "depot/jobs/000001.json"), HasSubstr("\"pending\""));
    write_packer(packer_, copies(folder_ / "kenya"));
    desk_of_kenya.restart_jobs();
    const auto job = desk_of_kenya.wait_for_end(id);
    EXPECT_EQ(job.state, JobState::done);
    EXPECT_EQ(job.starts, 1);
    EXPECT_THAT(job.message, HasSubstr("the daemon was ended while it ran"));
    EXPECT_EQ(desk_of_kenya.words("kenya", 1, 2, 2), "new new / new new");
}

TEST_F(JobServiceTest, that_is_ended_in_good_order_counts_for_no_job) {
    write_packer(packer_, endless);
    auto desk_of_kenya = desk();
    const auto id = desk_of_kenya.jobs().submit({.layer = "kenya"}).id;
    for (int i = 0; i < 6; ++i) {
        wait_for_packer();
        desk_of_kenya.jobs().stop();
        fs::remove(folder_ / "pid");
        desk_of_kenya.restart_jobs();
    }

    EXPECT_FALSE(desk_of_kenya.jobs().find(id)->is_over());
}

TEST_F(JobServiceTest, that_is_ended_tells_nobody_that_a_job_is_cancelled) {
    write_packer(packer_, endless);
    auto desk_of_kenya = desk();
    const auto running = desk_of_kenya.jobs().submit({.layer = "kenya"}).id;
    const auto pending = desk_of_kenya.jobs().submit({.layer = "congo"}).id;
    wait_for_packer();
    desk_of_kenya.jobs().stop();

    for (const auto id : {running, pending}) {
        EXPECT_THAT([&] { desk_of_kenya.jobs().cancel(id, "ann"); },
                    throws(Errc::interrupted, HasSubstr("ending")));
        EXPECT_EQ(desk_of_kenya.jobs().find(id)->state, JobState::pending);
    }
}

TEST_F(JobServiceTest, begins_though_its_disk_is_full) {
    write_file(
        folder_ / "depot/jobs/000007.json",
        to_json(
            Job{.id = 7, .request = {.layer = "kenya"}, .state = JobState::running, .starts = 1}));
    SparingFileOps disk{posix_file_ops(), std::uint64_t{1} << 62};
    std::string log;

    const JobList jobs{disk, Depot{folder_ / "depot"},
                       [&](std::string_view line) { log.append(line).append("\n"); }};

    EXPECT_EQ(jobs.find(7)->state, JobState::pending);
    EXPECT_THAT(log, HasSubstr("the record of job 7 cannot be written"));
}

TEST_F(JobServiceTest, begins_without_records_that_cannot_be_listed) {
    write_file(folder_ / "depot/jobs", "no folder");
    std::string log;

    const JobList jobs{posix_file_ops(), Depot{folder_ / "depot"},
                       [&](std::string_view line) { log.append(line).append("\n"); }};

    EXPECT_TRUE(jobs.all().empty());
    EXPECT_THAT(log, HasSubstr("the records of jobs cannot be read"));
}

TEST_F(JobServiceTest, cancels_a_truncate_that_waits_for_its_turn) {
    auto desk_of_kenya = desk();
    auto turn = desk_of_kenya.replace().served().wait_for_turn();
    const auto id = desk_of_kenya.jobs().submit({.type = JobType::truncate, .layer = "kenya"}).id;
    RestDesk::wait_until([&] { return desk_of_kenya.jobs().find(id)->state == JobState::running; });

    EXPECT_TRUE(desk_of_kenya.jobs().cancel(id, "ann"));
    turn.give_back();

    const auto job = desk_of_kenya.wait_for_end(id);
    EXPECT_EQ(job.state, JobState::aborted);
    EXPECT_EQ(job.message, "cancelled by ann");
    EXPECT_EQ(desk_of_kenya.words("kenya", 1, 2, 2), "a b / . d");
}

TEST_F(JobServiceTest, ends_a_program_that_leaves_no_room_on_the_disk) {
    write_packer(packer_, endless);
    RestDesk desk_of_kenya{
        folder_.path(), {.pack_program = packer_}, {.min_free_bytes = std::uint64_t{1} << 62}};

    const auto job = desk_of_kenya.wait_for_end(desk_of_kenya.jobs().submit({.layer = "kenya"}).id);

    EXPECT_EQ(job.state, JobState::aborted);
    EXPECT_THAT(job.message, HasSubstr("no room"));
}

TEST_F(JobServiceTest, names_no_folder_of_the_rasters) {
    write_file(folder_ / "sources.json",
               R"({"layers": {"kenya": {"rasters": ["/secret/maps/a.tif"]}}})");
    write_packer(packer_, "echo 'cannot open /secret/maps/a.tif'; exit 2");
    auto desk_of_kenya = desk();

    const auto job = desk_of_kenya.wait_for_end(desk_of_kenya.jobs().submit({.layer = "kenya"}).id);

    EXPECT_THAT(job.message, HasSubstr("cannot open (sources)/a.tif"));
    EXPECT_THAT(job.output, ElementsAre("cannot open (sources)/a.tif"));
}

TEST_F(JobServiceTest, gives_up_a_job_that_ends_its_daemon_again_and_again) {
    Job job{.id = 7,
            .request = {.layer = "kenya", .asked_by = "ann"},
            .state = JobState::running,
            .starts = 5};
    write_file(folder_ / "depot/jobs/000007.json", to_json(job));
    write_file(folder_ / "depot/jobs/000008.json", "half a rec");
    auto desk_of_kenya = desk();

    EXPECT_EQ(desk_of_kenya.jobs().find(7)->state, JobState::aborted);
    EXPECT_THAT(desk_of_kenya.jobs().find(7)->message, HasSubstr("each of the 5 times"));
    EXPECT_THAT(desk_of_kenya.log(), HasSubstr("000008.json is left out"));
    EXPECT_EQ(desk_of_kenya.jobs().submit({.type = JobType::truncate, .layer = "kenya"}).id, 8U);
}

TEST_F(JobServiceTest, keeps_the_last_hundred_jobs_that_are_over) {
    auto desk_of_kenya = desk();
    auto& jobs = desk_of_kenya.jobs();
    for (int i = 0; i < 105; ++i) {
        desk_of_kenya.wait_for_end(
            jobs.submit({.type = JobType::truncate, .layer = "kenya", .zooms = ZoomSpan{9, 9}}).id);
    }

    RestDesk::wait_until([&] { return jobs.jobs().size() == JobList::max_over; });
    EXPECT_EQ(jobs.jobs().back().id, 105U);
    RestDesk::wait_until(
        [&] { return names_below(folder_ / "depot/jobs").size() == JobList::max_over; });
    desk_of_kenya.restart_jobs();
    EXPECT_EQ(desk_of_kenya.jobs().jobs().front().id, 6U);
}

TEST_F(JobServiceTest, keeps_the_old_sources_when_the_new_ones_are_wrong) {
    auto desk_of_kenya = desk();
    auto& jobs = desk_of_kenya.jobs();
    write_file(folder_ / "sources.json", "{}");

    EXPECT_THROW(jobs.reload_sources(), Error);
    EXPECT_EQ(jobs.sources().size(), 2U);
    write_file(folder_ / "sources.json", R"({"layers": {}})");
    jobs.reload_sources();
    EXPECT_TRUE(jobs.sources().empty());
}

}  // namespace
}  // namespace offgrid::test
