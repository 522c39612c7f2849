#include "formats/package/depot.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::json;

/// A served depot whose one tile was replaced twice: generations 1 to 3.
class DepotOverHttp : public testing::Test {
protected:
    DepotOverHttp() {
        replace_with("second");
        replace_with("third");
    }

    void replace_with(const std::string& word) {
        write_mbtiles(folder_ / word, draw("z1: " + word));
        const auto response = daemon_.replace({{"layer", "kenya", {}},
                                               {"destination", "z01-0-1.sqlite3", {}},
                                               {"file", {}, folder_ / word}});
        EXPECT_EQ(response.status, 200) << response.body;
    }

    HttpResponse post(const std::string& address, const std::vector<FormPart>& fields = {},
                      const std::vector<std::string>& headers = {}) {
        HttpClient client;
        return fields.empty()
                   ? client.request("POST", daemon_.admin_url() + address, headers)
                   : client.post_form(daemon_.admin_url() + address, fields, {}, headers);
    }

    Json get(const std::string& address) {
        HttpClient client;
        const auto response = client.get(daemon_.admin_url() + address);
        EXPECT_EQ(response.status, 200) << response.body;
        return Json::parse(response.body, nullptr, false);
    }

    std::string word() { return daemon_.word("kenya", {1, 0, 0}); }

    TempFolder folder_;
    fs::path depot_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: first");
        return folder_ / "depot";
    }();
    LiveDaemon daemon_{depot_};
};

// RX-10
TEST_F(DepotOverHttp, goes_back_one_generation_and_serves_what_it_had) {
    const auto sha256 = Json::parse(daemon_
                                        .replace({{"layer", "kenya", {}},
                                                  {"destination", "z01-0-1.sqlite3", {}},
                                                  {"dry_run", "true", {}},
                                                  {"file", {}, folder_ / "second"}})
                                        .body)["files"][0]["new_sha256"];

    const auto response = post("/rest/rollback");

    ASSERT_EQ(response.status, 200) << response.body;
    const auto report = Json::parse(response.body);
    EXPECT_EQ(report["generation"], 2);
    EXPECT_EQ(report["previous"], 3);
    EXPECT_EQ(report["drained"], true);
    EXPECT_EQ(word(), "second");
    const auto current = Json::parse(daemon_
                                         .replace({{"layer", "kenya", {}},
                                                   {"destination", "z01-0-1.sqlite3", {}},
                                                   {"dry_run", "true", {}},
                                                   {"file", {}, folder_ / "third"}})
                                         .body)["files"][0]["old_sha256"];
    EXPECT_EQ(current, sha256);
}

TEST_F(DepotOverHttp, goes_to_a_named_generation_and_stays_there_after_a_restart) {
    EXPECT_EQ(post("/rollback", {{"to", "1", {}}}).status, 200);
    EXPECT_EQ(word(), "first");
    EXPECT_EQ(post("/rollback?to=3").status, 200);
    EXPECT_EQ(word(), "third");
    EXPECT_EQ(post("/rollback", {{"to", "1", {}}}).status, 200);
    ASSERT_EQ(daemon_.process().stop(SIGTERM), 0);

    LiveDaemon again{depot_};

    EXPECT_EQ(again.word("kenya", {1, 0, 0}), "first");
}

TEST_F(DepotOverHttp, makes_a_new_generation_after_a_rollback) {
    ASSERT_EQ(post("/rollback").status, 200);
    replace_with("fourth");
    EXPECT_EQ(word(), "fourth");
    EXPECT_EQ(get("/status")["generation"], 4);
    EXPECT_EQ(Json::parse(post("/rollback").body)["generation"], 2);
}

TEST_F(DepotOverHttp, does_not_go_where_it_cannot) {
    EXPECT_EQ(post("/rollback", {{"to", "9", {}}}).status, 404);
    EXPECT_EQ(post("/rollback", {{"to", "one", {}}}).status, 400);
    EXPECT_EQ(post("/rollback", {{"generation", "1", {}}}).status, 400);
    EXPECT_EQ(word(), "third");
}

TEST_F(DepotOverHttp, lists_what_it_keeps) {
    const auto generations = get("/rest/generations");

    ASSERT_GE(generations.size(), 3U);
    const auto& last = generations.back();
    EXPECT_EQ(last["number"], 3);
    EXPECT_EQ(last["current"], true);
    EXPECT_EQ(last["author"], "local");
    EXPECT_THAT(last["created"].get<std::string>(), testing::EndsWith("Z"));
    EXPECT_THAT(last["change"].get<std::string>(), HasSubstr("kenya"));
    EXPECT_GT(last["bytes"], 0);
    EXPECT_EQ(generations[generations.size() - 2]["current"], false);

    const auto one = get("/rest/generations?limit=1&before=3");
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0]["number"], 2);
}

TEST_F(DepotOverHttp, prunes_and_says_what_that_would_do) {
    EXPECT_EQ(post("/prune").status, 400);
    EXPECT_EQ(post("/prune", {{"keep", "0", {}}}).status, 400);
    const auto look =
        Json::parse(post("/prune", {{"keep", "1", {}}, {"dry_run", "true", {}}}).body);
    EXPECT_EQ(look["kept"], Json::array({3}));
    EXPECT_GE(get("/generations").size(), 3U);

    const auto response = post("/prune", {{"keep", "1", {}}});

    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(get("/generations").size(), 1U);
    EXPECT_EQ(word(), "third");
    EXPECT_EQ(post("/rollback").status, 404);
}

TEST_F(DepotOverHttp, does_not_blame_the_client_for_damage_in_the_depot) {
    const Depot depot{depot_};
    for (const auto& name : names_below(depot.nodes().folder())) {
        write_file(depot.nodes().folder() / name, "damaged");
    }
    EXPECT_EQ(post("/prune", {{"keep", "2", {}}}).status, 500);
    EXPECT_EQ(post("/prune", {{"keep", "2", {}}, {"dry_run", "true", {}}}).status, 500);
    EXPECT_EQ(post("/rollback").status, 500);

    fs::remove(depot_ / "CURRENT");
    EXPECT_EQ(post("/rollback").status, 500);
    HttpClient client;
    EXPECT_EQ(client.get(daemon_.admin_url() + "/status").status, 500);
    EXPECT_EQ(word(), "third");
}

TEST_F(DepotOverHttp, tells_what_is_served_and_how) {
    ASSERT_EQ(word(), "third");
    const auto status = get("/status");
    EXPECT_EQ(status["generation"], 3);
    EXPECT_TRUE(status["draining"].empty());
    EXPECT_EQ(status["waiting"], 0);
    EXPECT_GE(status["open_files"], 1);
}

TEST_F(DepotOverHttp, counts_for_prometheus) {
    post("/sqlite/replace", {{"layer", "kenya", {}}});
    HttpClient client;
    const auto metrics = client.get(daemon_.admin_url() + "/metrics");
    EXPECT_THAT(metrics.headers.at("content-type"), HasSubstr("text/plain; version=0.0.4"));
    EXPECT_THAT(
        metrics.body,
        AllOf(HasSubstr("offgrid_replaces_total{outcome=\"replaced\"} 2\n"),
              HasSubstr("{outcome=\"invalid_argument\"} 1\n"),
              HasSubstr("offgrid_received_bytes_total "), HasSubstr("offgrid_generation 3\n"),
              HasSubstr("offgrid_draining 0\n"), HasSubstr("offgrid_pool_waiting 0\n")));
}

TEST_F(DepotOverHttp, answers_in_a_line_for_those_who_want_text) {
    EXPECT_EQ(post("/rollback", {}, {"Accept: text/plain"}).body,
              "rolled back from generation 3 to 2\n");
}

}  // namespace
}  // namespace offgrid::test
