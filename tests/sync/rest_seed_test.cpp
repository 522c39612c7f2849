#include "sync/rest/seed_request.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"
#include "tests/sync/rest_desk.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* all_fields = R"(<?xml version="1.0" encoding="UTF-8"?>
<seedRequest><name>kenya</name>
<bounds><coords><double>-20037508.34</double><double> 0 </double><double>0</double>
<double>20037508.34</double></coords></bounds>
<srs><number>900913</number></srs><zoomStart>1</zoomStart><zoomStop>3</zoomStop>
<format>image/png</format><type>truncate</type><threadCount>4</threadCount>
<parameters><entry><string>testKey</string><string>testValue1</string></entry></parameters>
<tileFailureRetryCount>-1</tileFailureRetryCount><filterUpdate>true</filterUpdate></seedRequest>)";

TEST(SeedRequest, says_the_same_in_xml_and_in_json_and_in_a_form) {
    const auto xml = parse_seed_request(all_fields);
    const auto as_json = parse_seed_request(R"({"seedRequest": {"name": "kenya",
        "bounds": {"coords": {"double": ["-20037508.34", "0", "0", "20037508.34"]}},
        "srs": {"number": 900913}, "zoomStart": 1, "zoomStop": "3", "format": "image/png",
        "type": "truncate", "threadCount": 4,
        "parameters": {"entry": [{"string": ["testKey", "testValue1"]}]}}})");
    const auto form = parse_seed_request(
        "type=truncate&tileFormat=image%2Fpng&zoomStart=1&zoomStop=3&threadCount=04&minX="
        "-20037508.34&minY=0&maxX=0&maxY=20037508.34&parameter_testKey=testValue1");

    for (const auto& request : {xml, as_json, form}) {
        EXPECT_EQ(request.type, JobType::truncate);
        EXPECT_EQ(request.zooms, ZoomSpan(1, 3));
        EXPECT_EQ(request.bounds, (Box{-20037508.34, 0, 0, 20037508.34}));
        EXPECT_EQ(request.choice.format, "image/png");
        EXPECT_EQ(request.choice.parameters_id, "ca2fec9f14c6799913f71bce68e009509478e0f9");
    }
    EXPECT_EQ(xml.choice.srs_number, "900913");
    EXPECT_EQ(as_json.choice.srs_number, "900913");
}

TEST(SeedRequest, seeds_where_it_names_no_type_that_is_known) {
    EXPECT_EQ(parse_seed_request("zoomStart=0&zoomStop=1&type=plant").type, JobType::seed);
    EXPECT_EQ(parse_seed_request("zoomStart=0&zoomStop=1&type=reseed").type, JobType::reseed);
}

TEST(SeedRequest, that_is_wrong_is_refused_naming_the_field) {
    const std::pair<std::string, std::string> wrong[] = {
        {"", "no body"},
        {"<seedRequest/>", "no fields"},
        {"<seedRequest><zoomStop>3</zoomStop></seedRequest>", "'zoomStart' is missing"},
        {"zoomStart=0", "'zoomStop' is missing"},
        {"zoomStart=3&zoomStop=2", "deeper than 'zoomStop'"},
        {"zoomStart=x&zoomStop=2", "'zoomStart' is not a whole number"},
        {"zoomStart=0&zoomStop=2&threadCount=many", "'threadCount' is not a whole number"},
        {"zoomStart=0&zoomStop=2&minX=1&minY=1&maxX=0&maxY=2", "'bounds' are not"},
        {"zoomStart=0&zoomStop=2&minX=1", "'bounds' are not"},
        {"<truncateLayer/>", "no <seedRequest>"},
        {"{\"seedRequest\": 3}", "no object 'seedRequest'"},
        {"{\"seedRequest\"", "not JSON"},
        {"<seedRequest>", "not XML"},
        {std::string(3000, '['), "'zoomStart' is missing"},
        {"{\"a\":" + std::string(3000, '['), "nested too deeply"},
    };
    for (const auto& [body, message] : wrong) {
        EXPECT_THAT([&] { parse_seed_request(body); },
                    throws(Errc::invalid_argument, HasSubstr(message)))
            << body;
    }
}

class RestSeed : public testing::Test {
protected:
    RestSeed() {
        install(folder_ / "depot", "kenya", "z0: top z1: a b / c d");
        install(folder_ / "depot", "sf@EPSG:900913@png", "z0: sf");
        install(folder_ / "depot", "sf@EPSG:4326@png", "z1: a b c d / e f g h", manual_layout());
        write_file(folder_ / "sources.json",
                   R"({"layers": {"kenya": {"rasters": ["a.tif"], "max_zoom": 1}}})");
        write_package(folder_ / "new", "kenya", "z0: new z1: new new / new new");
        write_packer(folder_ / "packer", copies(folder_ / "new"));
    }

    json status(const std::string& target = "/seed.json") {
        return json::parse(desk_->ask("GET", target).body).at("long-array-array");
    }

    RestDesk& desk() { return *desk_; }

    TempFolder folder_;

private:
    void SetUp() override {
        desk_ = std::make_unique<RestDesk>(folder_.path(),
                                           JobService::Options{.pack_program = folder_ / "packer"});
    }

    std::unique_ptr<RestDesk> desk_;
};

// RS-02
TEST_F(RestSeed, truncates_by_xml_and_by_json_and_answers_nothing) {
    const auto xml = desk().ask("POST", "/rest/seed/kenya.xml",
                                "<seedRequest><zoomStart>1</zoomStart><zoomStop>1</zoomStop>"
                                "<type>truncate</type><threadCount>1</threadCount></seedRequest>",
                                "text/xml");
    desk().wait_for_end(1);
    EXPECT_EQ(desk().words("kenya", 1, 2, 2), ". . / . .");
    EXPECT_EQ(desk().word("kenya", {0, 0, 0}), "top");

    const auto as_json = desk().ask("POST", "/geowebcache/rest/seed/sf.json",
                                    R"({"seedRequest": {"gridSetId": "EPSG:4326", "zoomStart": 0,
                                        "zoomStop": 20, "type": "truncate", "threadCount": 1,
                                        "format": "image/png", "bounds":
                                        {"coords": {"double": ["-180", "0", "0", "90"]}}}})",
                                    "application/json");
    desk().wait_for_end(2);
    EXPECT_EQ(desk().words("sf@EPSG:4326@png", 1, 4, 2), ". . c d / e f g h");
    EXPECT_EQ(desk().word("sf@EPSG:900913@png", {0, 0, 0}), "sf") << "another grid set";

    for (const auto& reply : {xml, as_json}) {
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "");
        EXPECT_THAT(reply.media_type, HasSubstr("text/plain"));
    }
}

// RS-03
TEST_F(RestSeed, has_no_status_while_nothing_runs) {
    EXPECT_EQ(desk().ask("GET", "/seed.json").body, R"({"long-array-array":[]})");
    EXPECT_EQ(desk().ask("GET", "/geoserver/gwc/rest/seed/kenya.json").body,
              R"({"long-array-array":[]})");
}

// RS-04
TEST_F(RestSeed, tells_the_status_as_tuples_and_the_end_of_a_job_once) {
    write_packer(folder_ / "packer",
                 "echo '25 %, 0:30 left, 50 tiles, 10 tiles/s'; exec sleep 1000");
    const std::string body = R"({"seedRequest": {"zoomStart": 0, "zoomStop": 1, "threadCount": 1,
                                                 "type": "reseed"}})";
    desk().ask("POST", "/seed/kenya.json", body);
    desk().ask("POST", "/seed/kenya.json", body);
    RestDesk::wait_until([&] { return status()[0][0] == 50; });

    EXPECT_EQ(status(), (json{{50, 200, 30, 1, 1}, {0, -1, -2, 2, 0}}));
    EXPECT_EQ(status("/seed/kenya.json").size(), 2U);
    EXPECT_TRUE(status("/seed/sf.json").empty());
    EXPECT_THAT(desk().ask("GET", "/seed/kenya.xml").body, HasSubstr("<long>50</long>"));

    desk().ask("POST", "/seed", "kill_all=pending");
    EXPECT_EQ(status()[1], (json{0, -1, -2, 2, -1}));
    EXPECT_EQ(status().size(), 1U) << "an end is told once";
}

TEST_F(RestSeed, tells_that_a_job_is_done) {
    desk().ask("POST", "/seed/kenya.json",
               R"({"seedRequest": {"zoomStart": 0, "zoomStop": 1, "type": "reseed"}})");
    desk().wait_for_end(1);

    EXPECT_EQ(status()[0][4], 2);
    EXPECT_EQ(desk().words("kenya", 1, 2, 2), "new new / new new");
}

// RS-05
TEST_F(RestSeed, refuses_a_kill_code_that_is_none) {
    for (const auto* const target : {"/seed", "/seed/kenya"}) {
        const auto reply =
            desk().ask("POST", target, "kill_all=foo", "application/x-www-form-urlencoded");
        EXPECT_EQ(reply.status, 400);
        EXPECT_THAT(reply.body, HasSubstr("Unknown kill_all code: 'foo'. One of "
                                          "all|running|pending is expected."));
    }
}

TEST_F(RestSeed, kills_one_thread_or_all) {
    write_packer(folder_ / "packer", "exec sleep 1000");
    const std::string body = "zoomStart=0&zoomStop=1&type=seed&gridSetId=EPSG:900913";
    EXPECT_EQ(desk().ask("POST", "/seed/kenya", body).status, 200);
    EXPECT_EQ(desk().ask("POST", "/seed/kenya", body).status, 200);
    EXPECT_EQ(desk().ask("POST", "/seed/kenya", body).status, 200);

    EXPECT_EQ(desk().ask("POST", "/seed/kenya", "kill_thread=1&thread_id=2").status, 200);
    EXPECT_EQ(desk().wait_for_end(2).state, JobState::aborted);
    EXPECT_EQ(desk().ask("POST", "/seed/kenya", "kill_thread=1&thread_id=77").status, 400);
    EXPECT_EQ(desk().ask("POST", "/seed/sf", "kill_all=all").status, 200);
    EXPECT_FALSE(desk().jobs().find(3)->is_over()) << "it is of another layer";
    EXPECT_EQ(desk().ask("POST", "/seed", "kill_all=1").status, 200);
    EXPECT_EQ(desk().wait_for_end(1).state, JobState::aborted);
    EXPECT_EQ(desk().wait_for_end(3).state, JobState::aborted);
}

// RS-09
TEST_F(RestSeed, knows_no_layer_that_is_not_there) {
    const auto reply =
        desk().ask("POST", "/seed/nowhere.xml",
                   "<seedRequest><zoomStart>0</zoomStart><zoomStop>1</zoomStop></seedRequest>");

    EXPECT_EQ(reply.status, 404);
    EXPECT_THAT(reply.body, HasSubstr("Unknown layer: nowhere"));
    EXPECT_EQ(desk().ask("GET", "/seed/nowhere.json").status, 400);
}

// RS-12
TEST_F(RestSeed, makes_one_job_whatever_the_threads) {
    desk().ask("POST", "/seed/kenya.json",
               R"({"seedRequest": {"zoomStart": 1, "zoomStop": 1, "type": "truncate",
                                   "threadCount": 4}})");

    EXPECT_EQ(desk().jobs().jobs().size(), 1U);
}

TEST_F(RestSeed, asks_which_grid_set_where_there_are_several) {
    const auto reply = desk().ask("POST", "/seed/sf", "zoomStart=0&zoomStop=1&type=truncate");

    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr("gridSetId"));
    EXPECT_EQ(
        desk()
            .ask("POST", "/seed/sf", "zoomStart=0&zoomStop=1&type=truncate&gridSetId=EPSG:27700")
            .status,
        400);
    EXPECT_EQ(desk().ask("POST", "/seed/sf", "zoomStart=0&zoomStop=1&gridSetId=EPSG:4326").status,
              400)
        << "it has no sources";
}

TEST_F(RestSeed, lets_publishers_only_at_their_layers) {
    const Identity ann{.name = "ann", .role = Role::publisher, .layers = {"sf"}};
    const std::string body = "zoomStart=0&zoomStop=1&type=truncate&gridSetId=EPSG:900913";

    EXPECT_EQ(desk().ask("POST", "/seed/kenya", body, "", ann).status, 403);
    EXPECT_EQ(desk().ask("POST", "/seed/sf", body, "", ann).status, 200);
    EXPECT_EQ(
        desk().ask("POST", "/seed/sf", body, "", {.name = "bob", .role = Role::reader}).status,
        403);
}

TEST_F(RestSeed, has_jobs_in_plain_json_too) {
    write_packer(folder_ / "packer", "exec sleep 1000");
    desk().ask("POST", "/seed/kenya", "zoomStart=0&zoomStop=1&type=reseed");

    const auto list = json::parse(desk().ask("GET", "/jobs.json").body).at("jobs");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0]["type"], "reseed");
    EXPECT_EQ(list[0]["layer"], "kenya");
    EXPECT_EQ(list[0]["zooms"], (json{0, 1}));
    EXPECT_EQ(json::parse(desk().ask("GET", "/jobs/1").body).at("asked_by"), "local");
    EXPECT_EQ(desk().ask("GET", "/jobs/2").status, 404);
    EXPECT_EQ(desk().ask("GET", "/jobs/x").status, 404);
    EXPECT_EQ(desk().ask("DELETE", "/jobs/1").status, 200);
    EXPECT_EQ(desk().wait_for_end(1).message, "cancelled by local");
    EXPECT_EQ(desk().ask("DELETE", "/jobs/1").status, 409);
}

}  // namespace
}  // namespace offgrid::test
