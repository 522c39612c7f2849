#include "sync/rest/rest_routes.h"

#include "tests/support/errors.h"
#include "tests/support/grids.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"
#include "tests/sync/rest_desk.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <future>
#include <iterator>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Rest : public testing::Test {
protected:
    json get(const std::string& target) { return json::parse(desk_->ask("GET", target).body); }

    /// Ask while another change has the turn, which it keeps until the request is about to wait for
    /// it.
    Reply ask_while_changed(const std::string& method, const std::string& target,
                            const std::string& body,
                            const std::function<void(ReplaceTransaction& replace)>& change) {
        const auto staging = folder_ / "depot/staging";
        std::future<Reply> reply;
        const auto ask = [&] {
            reply =
                std::async(std::launch::async, [&] { return desk_->ask(method, target, body); });
            RestDesk::wait_until([&] {
                const fs::directory_iterator deliveries{staging};
                return std::distance(begin(deliveries), end(deliveries)) == 2;
            });
        };
        desk_->replace().change(
            desk_->replace().new_staging(),
            [&](ReplaceTransaction& replace, const Checkpoint&) { change(replace); },
            {.audit = {}, .on_commit = ask});
        return reply.get();
    }

    TempFolder folder_;
    std::unique_ptr<RestDesk> desk_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: a b / c d");
        install(folder_ / "depot", "sf@EPSG:4326@png", "z1: a b c d / e f g h", manual_layout());
        install(folder_ / "depot", "sf@EPSG:900913@png", "z0: sf");
        write_file(folder_ / "sources.json",
                   R"({"layers": {"congo": {"rasters": ["a.tif"], "format": "jpeg"}}})");
        return std::make_unique<RestDesk>(folder_.path());
    }();
};

// RS-01
TEST_F(Rest, lists_layers_with_links_and_takes_no_other_method) {
    const auto xml = desk_->ask("GET", "/rest/layers.xml");

    EXPECT_EQ(xml.status, 200);
    EXPECT_THAT(xml.body, HasSubstr("<name>kenya</name>"));
    EXPECT_THAT(xml.body,
                HasSubstr(R"(<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="alternate" )"
                          R"(href="http://appliance:8081/rest/layers/kenya.xml" type="text/xml")"));
    EXPECT_EQ(get("/layers.json"), (json{"congo", "kenya", "sf"}));
    for (const auto* const method : {"POST", "PUT", "DELETE"}) {
        EXPECT_EQ(desk_->ask(method, "/layers.xml").status, 405) << method;
        EXPECT_EQ(desk_->ask(method, "/layers").status, 405) << method;
    }
}

TEST_F(Rest, describes_a_layer_by_its_tilesets) {
    const auto layer = get("/layers/sf.json").at("layer");

    EXPECT_EQ(layer["mimeFormats"], (json{"image/png"}));
    EXPECT_EQ(layer["gridSubsets"].size(), 2U);
    EXPECT_EQ(layer["gridSubsets"][0]["gridSetName"], "EPSG:4326");
    EXPECT_EQ(layer["gridSubsets"][0]["zoomStart"], 1);
    EXPECT_THAT(desk_->ask("GET", "/layers/sf.xml").body,
                HasSubstr("<gridSetName>EPSG:900913</gridSetName>"));
    EXPECT_EQ(get("/layers/congo.json").at("layer")["gridSubsets"][0]["format"], "image/jpeg");
    const auto unknown = desk_->ask("GET", "/layers/nowhere.xml");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_THAT(unknown.body, HasSubstr("Unknown layer: nowhere"));
}

TEST_F(Rest, takes_the_grid_that_a_layer_is_packed_in_for_its_grid_set) {
    write_file(folder_ / "sources.json",
               R"({"layers": {"chad@EPSG:4326@png": {"rasters": ["a.tif"]}}})");
    desk_->ask("POST", "/reload", "reload_configuration=1");

    const auto subset = get("/layers/chad.json").at("layer")["gridSubsets"][0];

    EXPECT_EQ(subset["gridSetName"], "EPSG:900913");
    EXPECT_EQ(subset["tileset"], "chad@EPSG:4326@png");
    EXPECT_EQ(subset["format"], "image/png");
}

TEST_F(Rest, deletes_a_layer_with_all_its_tilesets_in_one_generation) {
    const auto before = desk_->depot().current_number();

    const auto reply = desk_->ask("DELETE", "/layers/sf.xml");

    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.body, HasSubstr("sf deleted"));
    EXPECT_EQ(get("/layers.json"), (json{"congo", "kenya"}));
    EXPECT_EQ(desk_->word("sf@EPSG:900913@png", {0, 0, 0}), "(no layer)");
    EXPECT_EQ(desk_->depot().current_number(), before + 1);
    EXPECT_EQ(desk_->ask("DELETE", "/layers/sf.xml").status, 404);
    EXPECT_EQ(desk_
                  ->ask("DELETE", "/layers/kenya", "", "",
                        {.name = "ann", .role = Role::publisher, .layers = {}})
                  .status,
              403);
}

TEST_F(Rest, deletes_also_the_tileset_that_comes_meanwhile) {
    const auto reply =
        ask_while_changed("DELETE", "/layers/sf", {}, [](ReplaceTransaction& replace) {
            auto fresh = replace.next().layers.at("sf@EPSG:900913@png");
            fresh.layer = "sf@EPSG:900913@jpeg";
            fresh.files = {};
            replace.declare_layer(fresh);
        });

    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(get("/layers.json"), (json{"congo", "kenya"}));
}

TEST_F(Rest, truncates_what_is_left_where_a_tileset_goes_meanwhile) {
    const auto reply =
        ask_while_changed("POST", "/rest/masstruncate", "<truncateAll/>",
                          [](ReplaceTransaction& replace) { replace.remove_layer("kenya"); });

    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(desk_->word("sf@EPSG:900913@png", {0, 0, 0}), "(absent)");
}

TEST_F(Rest, describes_the_grid_sets_that_there_are) {
    EXPECT_EQ(get("/gridsets.json"), (json{"EPSG:4326", "EPSG:900913"}));
    const auto xml = desk_->ask("GET", "/gridsets/EPSG:4326.xml").body;
    EXPECT_THAT(xml, HasSubstr("<number>4326</number>"));
    EXPECT_THAT(xml, HasSubstr("<double>-180.0</double>"));
    EXPECT_EQ(get("/gridsets/EPSG:900913.json").at("gridSet")["tileWidth"], 256);
    EXPECT_EQ(desk_->ask("GET", "/gridsets/EPSG:27700.xml").status, 404);
    EXPECT_EQ(desk_->ask("PUT", "/gridsets/EPSG:27700.xml").status, 405);
}

TEST(RestOfGrids, describes_the_grid_that_only_a_layer_has) {
    const TempFolder folder;
    install(folder / "depot", "alps", swiss_drawing, {.grid = swiss_grid()});
    RestDesk desk{folder.path()};

    EXPECT_EQ(json::parse(desk.ask("GET", "/gridsets.json").body),
              (json{"EPSG:4326", "EPSG:900913", "Swiss"}));
    const auto swiss = json::parse(desk.ask("GET", "/gridsets/Swiss.json").body).at("gridSet");
    EXPECT_EQ(swiss["srs"]["number"], "2056");
    EXPECT_EQ(swiss["alignTopLeft"], true);
    EXPECT_EQ(swiss["resolutions"].size(), 3U);
    EXPECT_EQ(desk.ask("GET", "/layers/alps.xml").status, 200);
}

// RS-11
TEST_F(Rest, keeps_definitions_of_blob_stores) {
    const std::string body =
        "<FileBlobStore><id>myCache</id><enabled>false</enabled>"
        "<baseDirectory>/tmp/myCache</baseDirectory></FileBlobStore>";

    EXPECT_EQ(get("/blobstores.json"), (json{"depot"}));
    EXPECT_EQ(desk_->ask("GET", "/blobstores/depot.xml").status, 200);
    EXPECT_EQ(desk_->ask("PUT", "/blobstores/myCache.xml", body).status, 201);
    EXPECT_EQ(desk_->ask("PUT", "/blobstores/myCache", body).status, 200);
    EXPECT_THAT(desk_->ask("GET", "/blobstores/myCache").body,
                HasSubstr("<baseDirectory>/tmp/myCache</baseDirectory>"));
    EXPECT_EQ(RestDesk{folder_.path()}.ask("GET", "/blobstores/myCache.json").status, 200)
        << "a restart keeps them";
    EXPECT_EQ(desk_->ask("DELETE", "/blobstores/myCache").status, 200);
    for (const auto* const method : {"GET", "DELETE"}) {
        const auto unknown = desk_->ask(method, "/blobstores/myCache");
        EXPECT_EQ(unknown.status, 404);
        EXPECT_THAT(unknown.body,
                    HasSubstr(R"(Failed to get BlobStoreInfo. A BlobStoreInfo with name "myCache" )"
                              "does not exist."));
    }
}

TEST_F(Rest, changes_no_blob_store_by_a_body_that_defines_none_nor_its_own) {
    EXPECT_EQ(desk_->ask("PUT", "/blobstores/a", "<layer/>").status, 400);
    EXPECT_EQ(desk_->ask("PUT", "/blobstores/a", "").status, 400);
    EXPECT_EQ(desk_->ask("PUT", "/blobstores/a", R"({"FileBlobStore": {"id": "b"}})").status, 400);
    EXPECT_EQ(desk_->ask("PUT", "/blobstores/depot", R"({"FileBlobStore": {}})").status, 405);
    EXPECT_EQ(desk_->ask("DELETE", "/blobstores/depot").status, 405);
}

TEST_F(Rest, takes_no_blob_store_that_it_could_not_read_again) {
    std::string log;
    const auto read_again = [&] {
        BlobStores{posix_file_ops(), folder_ / "depot/blobstores.json",
                   [&](std::string_view line) { log.append(line).append("\n"); }};
    };
    for (int depth = 1; depth < 20; ++depth) {
        const auto length = static_cast<std::size_t>(depth);
        const auto put = desk_->ask("PUT", "/blobstores/deep",
                                    R"({"FileBlobStore": {"a": )" + std::string(length, '[') +
                                        std::string(length, ']') + "}}");
        read_again();
        EXPECT_EQ(put.status, depth == 1 ? 201 : depth < 15 ? 200 : 400) << depth;
    }
    const auto large =
        R"({"FileBlobStore": {"a": ")" + std::string(std::size_t{900} << 10, 'a') + "\"}}";
    for (int i = 0; i < 5; ++i) {
        const auto put = desk_->ask("PUT", "/blobstores/large" + std::to_string(i), large);
        read_again();
        EXPECT_EQ(put.status, i < 4 ? 201 : 413) << i;
    }
    EXPECT_EQ(log, "");
}

TEST_F(Rest, takes_no_blob_store_whose_fields_are_no_xml) {
    for (const auto* const body :
         {R"({"a><x/><yBlobStore": {}})", R"({"FileBlobStore": {"a b": 1}})",
          R"({"FileBlobStore": {"a": [{"<b>": 1}]}})", R"({"FileBlobStore": {"": 1}})"}) {
        EXPECT_EQ(desk_->ask("PUT", "/blobstores/a", body).status, 400) << body;
    }
}

TEST_F(Rest, begins_without_what_it_cannot_read) {
    write_file(folder_ / "depot/blobstores.json", "{");
    write_file(folder_ / "depot/diskquota.json", R"({"enabled": 3})");

    RestDesk desk{folder_.path()};

    EXPECT_THAT(desk.log(), HasSubstr("blobstores.json is left out"));
    EXPECT_THAT(desk.log(), HasSubstr("diskquota.json is left out, and there is no quota"));
    EXPECT_EQ(desk.ask("GET", "/blobstores.json").status, 200);
    EXPECT_EQ(desk.quota().config(), QuotaConfig{});
}

TEST_F(Rest, reads_no_more_fields_beside_each_other_than_it_can_look_up) {
    std::string fields;
    std::string elements;
    for (int i = 0; i < 1001; ++i) {
        fields += fmt::format(R"(,"f{}": 0)", i);
        elements += fmt::format("<f{}/>", i);
    }
    for (const auto& body : {R"({"seedRequest": {"zoomStart": 0)" + fields + "}}",
                             "<seedRequest>" + elements + "</seedRequest>"}) {
        const auto reply = desk_->ask("POST", "/seed/kenya", body);
        EXPECT_EQ(reply.status, 400);
        EXPECT_THAT(reply.body, HasSubstr("more than 1000 fields"));
    }
}

TEST_F(Rest, takes_no_quota_of_more_bytes_than_can_be_counted) {
    EXPECT_EQ(desk_
                  ->ask("PUT", "/diskquota.json",
                        R"({"globalQuota": {"value": 1000000000, "units": "TiB"}})")
                  .status,
              400);
    EXPECT_EQ(desk_->quota().config(), QuotaConfig{});
}

// RS-10
TEST_F(Rest, has_a_disk_quota_that_changes_in_part) {
    const auto fresh = get("/diskquota.json").at("gwcQuotaConfiguration");
    EXPECT_EQ(fresh["enabled"], false);
    EXPECT_EQ(fresh["globalQuota"], (json{{"value", 500}, {"units", "MiB"}}));

    const auto changed =
        desk_->ask("PUT", "/diskquota.json", R"({"gwcQuotaConfiguration": {"enabled": true}})");
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(json::parse(changed.body).at("gwcQuotaConfiguration")["enabled"], true);
    EXPECT_THAT(desk_
                    ->ask("PUT", "/diskquota.xml",
                          "<gwcQuotaConfiguration><globalQuota><value>2</value>"
                          "<units>GiB</units></globalQuota></gwcQuotaConfiguration>")
                    .body,
                HasSubstr("<maxConcurrentCleanUps>2</maxConcurrentCleanUps>"));
    EXPECT_EQ(desk_->quota().config().limit_bytes(), std::uint64_t{2} << 30);
    EXPECT_EQ(RestDesk{folder_.path()}.quota().config(), desk_->quota().config())
        << "a restart keeps it";

    for (const auto* const body :
         {R"({"gwcQuotaConfiguration": {"cacheCleanUpFrequency": -1}})",
          R"({"gwcQuotaConfiguration": {"globalQuota": {"value": -1}}})",
          R"({"gwcQuotaConfiguration": {"globalQuota": {"units": "MB"}}})",
          R"({"gwcQuotaConfiguration": {"maxConcurrentCleanUps": 0}})",
          R"({"gwcQuotaConfiguration": {"enabled": "perhaps"}})", R"({"quota": 3})", ""}) {
        EXPECT_EQ(desk_->ask("PUT", "/diskquota.json", body).status, 400) << body;
    }
    EXPECT_EQ(desk_->quota().config().limit_bytes(), std::uint64_t{2} << 30);
}

// RS-13
TEST_F(Rest, has_statistics_in_json) {
    desk_->traffic().add({.path = "/tiles/kenya/0/0/0.png"},
                         {.status = 200, .body = Bytes{1, 2, 3}});
    desk_->traffic().add({.path = "/tiles/kenya/9/0/0.png"}, {.status = 404});
    desk_->traffic().add({.path = "/layers.json"}, {.status = 200});

    const auto statistics = get("/statistics.json");

    EXPECT_EQ(statistics["requests"], 3);
    EXPECT_EQ(statistics["bytes"], 3);
    EXPECT_EQ(statistics["tiles"], (json{{"found", 1}, {"absent", 1}}));
    EXPECT_EQ(statistics["hit_ratio"], 0.5);
    EXPECT_EQ(statistics["depot"]["layers"], 3);
    EXPECT_EQ(statistics["depot"]["tiles"], 14);
    EXPECT_GT(statistics["depot"]["bytes"], 0);
}

TEST_F(Rest, reloads_the_sources) {
    write_file(folder_ / "sources.json", R"({"layers": {"chad": {"rasters": ["a.tif"]}}})");

    EXPECT_EQ(desk_->ask("POST", "/reload", "").status, 400);
    EXPECT_EQ(desk_->ask("POST", "/reload", "reload_configuration=1").status, 200);

    EXPECT_EQ(get("/layers.json"), (json{"chad", "kenya", "sf"}));
}

TEST_F(Rest, enters_all_changes_into_the_audit_log) {
    desk_->ask("POST", "/reload", "reload_configuration=1");
    desk_->ask("PUT", "/diskquota.json", R"({"enabled": false})");
    desk_->ask("PUT", "/blobstores/a", R"({"FileBlobStore": {}})");
    desk_->ask("DELETE", "/blobstores/a");
    desk_->ask("POST", "/masstruncate",
               "<truncateLayer><layerName>kenya</layerName></truncateLayer>");
    desk_->ask("POST", "/seed/sf", "zoomStart=0&zoomStop=0&type=truncate&gridSetId=EPSG:900913");
    desk_->wait_for_end(1);
    desk_->ask("DELETE", "/layers/sf");
    desk_->ask("POST", "/masstruncate", "<truncateAll/>");

    std::vector<std::string> changes;
    read_audit_log(folder_ / "depot", [&](std::string_view text) {
        const auto line = json::parse(text);
        EXPECT_EQ(line["who"], "local") << text;
        EXPECT_EQ(line["role"], "admin") << text;
        EXPECT_EQ(line["from"], "127.0.0.1") << text;
        EXPECT_EQ(line["outcome"], "done") << text;
        changes.push_back(line["action"].get<std::string>() + ":" +
                          line["layer"].get<std::string>() + ":" +
                          std::to_string(line["files"].size()));
    });
    EXPECT_THAT(changes,
                testing::ElementsAre("reload::0", "diskquota::0", "put blobstore a::0",
                                     "delete blobstore a::0", "masstruncate:kenya:5",
                                     "truncate:sf@EPSG:900913@png:1", "delete:sf:1", testing::_));
}

TEST_F(Rest, names_no_folder_of_the_server) {
    write_file(folder_ / "sources.json", "{");

    const auto reply = desk_->ask("POST", "/reload", "reload_configuration=1");

    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, Not(HasSubstr(folder_.path().string())));
}

}  // namespace
}  // namespace offgrid::test
