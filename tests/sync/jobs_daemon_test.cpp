#include "formats/package/depot.h"
#include "sync/jobs/job.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

constexpr std::chrono::seconds patience{60};

/// What curl prints last: the status, after the body.
struct Answer {
    int status = 0;
    std::string body;
};

Answer curl(const std::string& url, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"curl", "-sS", "--noproxy", "*", "-w", "\n%{http_code}", url});
    const auto result = run(options);
    const auto end = result.out.rfind('\n');
    return {std::stoi("0" + result.out.substr(end + 1)), result.out.substr(0, end)};
}

/// ADDRESS:PORT of a server's URL.
std::string host_of(const std::string& url) {
    return url.substr(url.find("//") + 2);
}

/// The children of a process, by the file of the system that lists them.
std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> children;
    std::error_code gone;
    for (const auto& task :
         fs::directory_iterator{"/proc/" + std::to_string(parent) + "/task", gone}) {
        std::ifstream list{task.path() / "children"};
        for (pid_t child = 0; list >> child;) {
            children.push_back(child);
        }
    }
    return children;
}

class JobsOfDaemon : public testing::Test {
protected:
    /// A daemon whose layer `earth` comes from a real raster. The test is skipped where there is
    /// none.
    std::unique_ptr<LiveDaemon> daemon(const std::string& fields) {
        write_file(folder_ / "sources.json", R"({"layers": {"earth": {"rasters": [")" +
                                                 raster_->string() + "\"], " + fields + "}}}");
        return std::make_unique<LiveDaemon>(
            folder_ / "depot",
            std::vector<std::string>{"--sources", (folder_ / "sources.json").string()});
    }

    void SetUp() override {
        if (!raster_) {
            GTEST_SKIP() << "the raster is not there";
        }
    }

    static void seed(const LiveDaemon& daemon, const std::string& fields) {
        const auto answer = curl(
            daemon.admin_url() + "/rest/seed/earth.json",
            {"-H", "Content-type: application/json", "-d",
             R"({"seedRequest": {"name": "earth", "srs": {"number": 900913}, )" + fields + "}}"});
        ASSERT_EQ(answer.status, 200) << answer.body;
    }

    static json job(const LiveDaemon& daemon, int id) {
        return json::parse(curl(daemon.admin_url() + "/jobs/" + std::to_string(id)).body);
    }

    static json wait_for_state(const LiveDaemon& daemon, int id, const std::string& state) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        auto now = job(daemon, id);
        while (now["state"] != state && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            now = job(daemon, id);
        }
        EXPECT_EQ(now["state"], state) << now.dump(1);
        return now;
    }

    /// The program that packs, once it runs.
    static pid_t wait_for_packer(LiveDaemon& daemon) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        auto children = children_of(daemon.process().pid());
        while (children.empty() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::yield();
            children = children_of(daemon.process().pid());
        }
        return children.empty() ? 0 : children.front();
    }

    static bool is_gone(pid_t pid) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (::kill(pid, 0) == 0 && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::yield();
        }
        return ::kill(pid, 0) != 0;
    }

    TempFolder folder_;
    std::optional<fs::path> raster_ = shared_data("raster/bluemarble_2048_tiled.tif");
};

TEST_F(JobsOfDaemon, seed_truncate_and_seed_again_what_is_served) {
    const auto live = daemon(R"("max_zoom": 3)");

    seed(*live, R"("zoomStart": 0, "zoomStop": 3, "type": "seed", "threadCount": 2)");
    const auto seeded = wait_for_state(*live, 1, "done");

    EXPECT_EQ(seeded["generation"], 1);
    const auto tile = live->serving_url() + "/tiles/earth/3/4/3.jpg";
    EXPECT_EQ(curl(tile).status, 200);
    seed(*live, R"("zoomStart": 3, "zoomStop": 3, "type": "truncate", "threadCount": 1)");
    wait_for_state(*live, 2, "done");
    EXPECT_EQ(curl(tile).status, 404);
    EXPECT_EQ(curl(live->serving_url() + "/tiles/earth/2/2/1.jpg").status, 200);
    seed(*live, R"("zoomStart": 3, "zoomStop": 3, "type": "seed", "threadCount": 1)");
    wait_for_state(*live, 3, "done");
    EXPECT_EQ(curl(tile).status, 200);
    EXPECT_TRUE(names_below(folder_ / "depot/staging").empty());
    EXPECT_EQ(live->process().stop(SIGTERM), 0);
}

TEST_F(JobsOfDaemon, pack_the_regions_of_a_layer_as_its_source_says) {
    write_file(folder_ / "east.geojson", R"({"type": "Polygon", "coordinates":
        [[[50, 10], [80, 10], [80, 40], [50, 40], [50, 10]]]})");
    const auto live = daemon(R"("max_zoom": 3, "resampling": "nearest", "format": "png8",
        "regions": [{"file": "east.geojson"}], "overview": 1, "clip": true)");

    seed(*live, R"("zoomStart": 0, "zoomStop": 20, "type": "seed", "threadCount": 1)");
    const auto done = wait_for_state(*live, 1, "done");

    EXPECT_EQ(done["tiles"], done["tiles_total"]) << done.dump(1);
    const auto status = [&](const std::string& tile) {
        return curl(live->serving_url() + "/tiles/earth/" + tile + ".png").status;
    };
    EXPECT_EQ(status("3/5/3"), 200) << "45 to 90 degrees east, 0 to 41 north";
    EXPECT_EQ(status("3/2/3"), 404) << "west of the region";
    EXPECT_EQ(status("1/0/1"), 200) << "the overview has the world";
    EXPECT_TRUE(names_below(folder_ / "depot/staging").empty());
}

TEST_F(JobsOfDaemon, pack_a_part_of_a_layer_in_another_grid) {
    const auto live = daemon(R"("max_zoom": 3, "grid": "WGS84")");

    const auto answer =
        curl(live->admin_url() + "/rest/seed/earth.json",
             {"-H", "Content-type: application/json", "-d",
              R"({"seedRequest": {"name": "earth", "gridSetId": "EPSG:4326", "zoomStart": 0,
                  "zoomStop": 3, "type": "seed", "threadCount": 1,
                  "bounds": {"coords": {"double": [0, 0, 80, 80]}}}})"});
    ASSERT_EQ(answer.status, 200) << answer.body;
    wait_for_state(*live, 1, "done");

    const auto status = [&](const std::string& tile) {
        return curl(live->serving_url() + "/tiles/earth/" + tile + ".jpg").status;
    };
    EXPECT_EQ(status("3/8/3"), 200) << "0 to 22.5 degrees east and north";
    EXPECT_EQ(status("3/7/3"), 404) << "west of the bounds";
}

TEST_F(JobsOfDaemon, begin_again_after_their_daemon_was_killed_and_leave_no_program_behind) {
    auto first = daemon(R"("max_zoom": 7, "format": "webp", "threads": 1)");
    seed(*first, R"("zoomStart": 0, "zoomStop": 7, "type": "seed", "threadCount": 1)");
    const auto packer = wait_for_packer(*first);
    ASSERT_NE(packer, 0);

    EXPECT_EQ(first->process().stop(SIGKILL), 128 + SIGKILL);

    EXPECT_TRUE(is_gone(packer)) << "the packer outlives its daemon";
    first.reset();
    const auto second = daemon(R"("max_zoom": 2)");
    const auto done = wait_for_state(*second, 1, "done");
    EXPECT_EQ(done["starts"], 2);
    EXPECT_THAT(done["message"].get<std::string>(), HasSubstr("the daemon died while it ran"));
    EXPECT_EQ(curl(second->serving_url() + "/tiles/earth/2/2/1.jpg").status, 200);
    EXPECT_TRUE(names_below(folder_ / "depot/staging").empty());
}

TEST_F(JobsOfDaemon, are_cancelled_and_end_with_their_daemon) {
    const auto live = daemon(R"("max_zoom": 7, "format": "webp", "threads": 1)");
    const std::string deep = R"("zoomStart": 0, "zoomStop": 7, "type": "seed", "threadCount": 1)";
    seed(*live, deep);
    const auto packer = wait_for_packer(*live);

    EXPECT_EQ(curl(live->admin_url() + "/rest/seed/earth", {"-d", "kill_all=all"}).status, 200);

    EXPECT_EQ(wait_for_state(*live, 1, "aborted")["message"], "cancelled by local");
    EXPECT_TRUE(is_gone(packer));
    seed(*live, deep);
    const auto next = wait_for_packer(*live);
    EXPECT_EQ(live->process().stop(SIGTERM), 0);
    EXPECT_TRUE(is_gone(next));
    EXPECT_TRUE(names_below(folder_ / "depot/staging").empty());
}

TEST_F(JobsOfDaemon, whose_raster_is_missing_say_so) {
    raster_ = folder_ / "nowhere.tif";
    const auto live = daemon(R"("max_zoom": 2)");

    seed(*live, R"("zoomStart": 0, "zoomStop": 2, "type": "seed", "threadCount": 1)");

    EXPECT_THAT(wait_for_state(*live, 1, "aborted")["message"].get<std::string>(),
                testing::AllOf(HasSubstr("exit code 2"), HasSubstr("nowhere.tif")));
}

TEST(RestOfDaemon, refuses_sources_that_are_wrong_at_its_start) {
    const TempFolder folder;
    write_file(folder / "sources.json", R"({"layers": {"a": {}}})");

    const auto result = run({program("offgrid-sync"), "daemon", (folder / "depot").string(),
                             "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--sources",
                             (folder / "sources.json").string()});

    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("layer 'a': 'rasters' is not a list"));
}

// RS-01
TEST(RestOfDaemon, lists_layers_over_http_and_asks_who_it_is) {
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top");
    ASSERT_EQ(
        run({program("offgrid-sync"), "passwd", "ann", "--users", (folder / "users").string()},
            {.input = "secret-of-ann\n", .cwd = {}, .environment = {}})
            .exit_code,
        0);
    LiveDaemon live{folder / "depot", {"--users", (folder / "users").string()}};

    EXPECT_EQ(curl(live.admin_url() + "/geowebcache/rest/layers.xml").status, 401);
    const auto list =
        curl(live.admin_url() + "/geowebcache/rest/layers.xml", {"-u", "ann:secret-of-ann"});
    EXPECT_EQ(list.status, 200);
    EXPECT_THAT(list.body, HasSubstr("<name>kenya</name>"));
    for (const auto* const method : {"POST", "PUT", "DELETE"}) {
        EXPECT_EQ(curl(live.admin_url() + "/rest/layers.xml",
                       {"-u", "ann:secret-of-ann", "-X", method, "-d", ""})
                      .status,
                  405)
            << method;
    }
}

// RS-10, RS-13, RP-21
TEST(RestOfDaemon, counts_what_it_serves_and_refuses_what_its_quota_forbids) {
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top z1: old");
    write_mbtiles(folder / "new.sqlite", draw("z1: new"));
    LiveDaemon live{folder / "depot"};
    EXPECT_EQ(live.word("kenya", {0, 0, 0}), "top");
    EXPECT_EQ(live.word("kenya", {5, 0, 0}), "(absent)");

    const auto statistics = json::parse(curl(live.admin_url() + "/rest/statistics.json").body);
    EXPECT_EQ(statistics["tiles"], (json{{"found", 1}, {"absent", 1}}));

    const std::vector<FormPart> fresh{{"layer", "kenya", {}},
                                      {"destination", "z01-1-1.sqlite3", {}},
                                      {"file", {}, folder / "new2.sqlite"}};
    write_mbtiles(folder / "new2.sqlite", draw("z1@1,0: more"));
    EXPECT_EQ(curl(live.admin_url() + "/rest/diskquota.json",
                   {"-X", "PUT", "-d",
                    R"({"gwcQuotaConfiguration": {"enabled": true,
                        "globalQuota": {"value": 1, "units": "B"}}})"})
                  .status,
              200);
    auto only_asking = fresh;
    only_asking.push_back({"dry_run", "true", {}});
    EXPECT_EQ(live.replace(only_asking).status, 413);
    const auto refused = live.replace(fresh);
    EXPECT_EQ(refused.status, 413);
    EXPECT_THAT(refused.body, HasSubstr("the quota of the depot is 1"));
    EXPECT_EQ(curl(live.admin_url() + "/rest/diskquota.json",
                   {"-X", "PUT", "-d", R"({"gwcQuotaConfiguration": {"enabled": false}})"})
                  .status,
              200);
    EXPECT_EQ(live.replace(fresh).status, 200);
}

TEST(RestOfDaemon, has_its_quota_in_force_before_anyone_can_replace) {
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top z1: old");
    write_file(folder / "depot/diskquota.json",
               R"({"enabled": true, "globalQuota": {"value": 1, "units": "B"}})");
    write_mbtiles(folder / "new.sqlite", draw("z1@1,0: more"));

    LiveDaemon live{folder / "depot"};

    EXPECT_EQ(live.replace({{"layer", "kenya", {}},
                            {"destination", "z01-1-1.sqlite3", {}},
                            {"file", {}, folder / "new.sqlite"}})
                  .status,
              413);
}

TEST(RestOfDaemon, links_to_itself_over_tls) {
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top");
    const auto tls = folder / "tls";
    ASSERT_EQ(
        run({program("offgrid-sync"), "certificate", "--out", tls.string(), "--name", "127.0.0.1"})
            .exit_code,
        0);
    LiveDaemon live{folder / "depot",
                    {"--tls-cert", (tls / "certificate.pem").string(), "--tls-key",
                     (tls / "key.pem").string()}};

    const auto list = curl(live.admin_url() + "/rest/layers.xml",
                           {"--cacert", (tls / "certificate.pem").string()});

    EXPECT_THAT(list.body, HasSubstr("href=\"" + live.admin_url() + "/rest/layers/kenya.xml\""));
}

TEST(RestOfDaemon, takes_nothing_more_as_soon_as_it_is_to_end_though_a_job_does_not_end) {
    const TempFolder folder;
    write_file(folder / "sources.json",
               R"({"layers": {"earth": {"rasters": ["a.tif"], "max_zoom": 2}}})");
    fs::copy_file(program("offgrid-sync"), folder / "offgrid-sync");
    write_file(folder / "offgrid-pack",
               "#!/bin/sh\ntrap '' TERM\n: > \"$0.begun\"\nwhile :; do sleep 0.1; done\n");
    fs::permissions(folder / "offgrid-pack", fs::perms::owner_all);
    LiveDaemon live{
        folder / "depot",
        {"--sources", (folder / "sources.json").string(), "--drain-timeout", "5"},
        fs::relative(folder / "offgrid-sync", program("")).string()};  // runs what is beside it
    ASSERT_EQ(curl(live.admin_url() + "/rest/seed/earth.json",
                   {"-H", "Content-type: application/json", "-d",
                    R"({"seedRequest": {"name": "earth", "srs": {"number": 900913}, "zoomStart": 0,
                        "zoomStop": 2, "type": "seed", "threadCount": 1}})"})
                  .status,
              200);
    while (!fs::exists(folder / "offgrid-pack.begun")) {
        std::this_thread::yield();
    }
    const auto packer = children_of(live.process().pid()).at(0);

    ::kill(live.process().pid(), SIGTERM);

    while (curl(live.serving_url() + "/layers.json").status != 0) {
    }
    EXPECT_EQ(::kill(packer, 0), 0) << "it has waited for its job first";
    EXPECT_EQ(live.process().wait(), 0);
    EXPECT_EQ(::kill(packer, 0), -1) << "it is still there";
}

TEST(RestOfDaemon, leaves_its_jobs_alone_when_it_cannot_listen) {
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top");
    const auto record = to_json(Job{.id = 7,
                                    .request = {.type = JobType::truncate, .layer = "kenya"},
                                    .state = JobState::running,
                                    .starts = 4});
    const auto path = folder / "depot/jobs/000007.json";
    write_file(path, record);
    LiveDaemon other{folder / "other"};

    for (int i = 0; i < 3; ++i) {
        EXPECT_NE(run({program("offgrid-sync"), "daemon", (folder / "depot").string(), "--listen",
                       "127.0.0.1:0", "--admin", host_of(other.admin_url())})
                      .exit_code,
                  0);
    }

    EXPECT_EQ(parse_job_record(read_text(path)).starts, 4);
    EXPECT_EQ(parse_job_record(read_text(path)).state, JobState::pending);
}

}  // namespace
}  // namespace offgrid::test
