#include "formats/base/hash.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/archives.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <thread>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::json;
using Headers = std::vector<std::string>;

const std::string top_file = "z01-0-1.sqlite3";

/// What offgrid's replace does beyond GeoWebCache's: conditions, dry runs, keys.
class ReplaceContract : public testing::Test {
protected:
    std::string upload(const std::string& drawing) {
        const auto path = folder_ / ("upload" + std::to_string(++uploads_) + ".sqlite");
        write_mbtiles(path, draw(drawing));
        return path.string();
    }

    /// The parts of a replace of the file that holds the tile 1/0/0.
    std::vector<FormPart> parts(const std::string& drawing, std::vector<FormPart> more = {}) {
        more.insert(
            more.end(),
            {{"layer", "kenya", {}}, {"destination", top_file, {}}, {"file", {}, upload(drawing)}});
        return more;
    }

    HttpResponse replace(const std::string& drawing, const Headers& headers = {},
                         std::vector<FormPart> more = {}) {
        return daemon_.replace(parts(drawing, std::move(more)), {}, headers);
    }

    std::string word() { return daemon_.word("kenya", {1, 0, 0}); }
    std::string generation() const { return read_text(depot_ / "CURRENT"); }

    std::string sha256_after(const HttpResponse& response) {
        return Json::parse(response.body)["files"][0]["new_sha256"];
    }

    TempFolder folder_;
    int uploads_ = 0;
    fs::path depot_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: a b / c d");
        return folder_ / "depot";
    }();
    LiveDaemon daemon_{depot_};
};

TEST_F(ReplaceContract, that_is_a_dry_run_verifies_and_changes_nothing) {
    const auto before = generation();

    const auto response = replace("z1: new", {}, {{"dry_run", "true", {}}});

    ASSERT_EQ(response.status, 200) << response.body;
    const auto report = Json::parse(response.body);
    EXPECT_EQ(report["dry_run"], true);
    EXPECT_EQ(report["files"][0]["name"], top_file);
    EXPECT_NE(report["files"][0]["old_sha256"], report["files"][0]["new_sha256"]);
    EXPECT_EQ(word(), "a");
    EXPECT_EQ(generation(), before);
    EXPECT_TRUE(names_below(depot_ / "staging").empty());
    EXPECT_EQ(replace("z1@1,1: elsewhere", {}, {{"dry_run", "true", {}}}).status, 422);
    EXPECT_EQ(replace("z1: new", {}, {{"dry_run", "maybe", {}}}).status, 400);
}

TEST_F(ReplaceContract, is_done_once_for_one_key) {
    const auto same = parts("z1: new");
    const Headers key{"Idempotency-Key: 4711"};

    const auto first = daemon_.replace(same, {}, key);
    ASSERT_EQ(first.status, 200) << first.body;
    ASSERT_EQ(replace("z1: newer").status, 200);
    const auto again = daemon_.replace(same, {}, key);

    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.headers.at("idempotency-replayed"), "true");
    EXPECT_EQ(word(), "newer");
}

TEST_F(ReplaceContract, is_done_once_for_one_key_even_after_a_restart) {
    const auto same = parts("z1: new");
    const Headers key{"Idempotency-Key: 4711"};
    ASSERT_EQ(daemon_.replace(same, {}, key).status, 200);
    ASSERT_EQ(replace("z1: newer").status, 200);
    ASSERT_EQ(daemon_.process().stop(SIGTERM), 0);

    LiveDaemon restarted{depot_};

    EXPECT_EQ(restarted.replace(same, {}, key).headers.count("idempotency-replayed"), 1U);
    EXPECT_EQ(restarted.word("kenya", {1, 0, 0}), "newer");
}

TEST_F(ReplaceContract, with_the_key_of_another_request_is_422) {
    const Headers key{"Idempotency-Key: 4711"};
    ASSERT_EQ(replace("z1: new", key).status, 200);

    EXPECT_EQ(replace("z1: newer", key).status, 422);

    EXPECT_EQ(word(), "new");
}

TEST_F(ReplaceContract, that_failed_may_be_tried_again_with_its_key) {
    const Headers key{"Idempotency-Key: 4711"};
    EXPECT_EQ(replace("z1@1,1: elsewhere", key).status, 422);
    EXPECT_EQ(replace("z1: new", key).status, 200);
    EXPECT_EQ(word(), "new");
}

TEST_F(ReplaceContract, with_a_key_that_is_in_use_is_409) {
    write_file(folder_ / "slow", std::string(1 << 20, 'x'));
    Process first{{"curl", "-sS", "--noproxy", "*", "--limit-rate", "1k", "-H",
                   "Idempotency-Key: 4711", "-F", "layer=kenya", "-F",
                   "file=@" + (folder_ / "slow").string(), daemon_.replace_url()}};
    wait_for_upload(depot_, first);

    const auto second = replace("z1: new", {"Idempotency-Key: 4711"});

    EXPECT_EQ(second.status, 409) << second.body;
    EXPECT_EQ(word(), "a");
}

TEST_F(ReplaceContract, happens_only_on_the_file_that_the_client_knows) {
    const auto known = sha256_after(replace("z1: known"));

    EXPECT_EQ(replace("z1: new", {"If-Match: \"" + std::string(64, '0') + "\""}).status, 412);
    EXPECT_EQ(word(), "known");
    EXPECT_EQ(replace("z1: new",
                      {"If-Match: \"" + std::string(64, '0') + "\"", "If-Match: \"" + known + "\""})
                  .status,
              200)
        << "two lines are one list";
    EXPECT_EQ(word(), "new");
    EXPECT_EQ(replace("z1: newer", {}, {{"if_match", known, {}}}).status, 412);
    EXPECT_EQ(replace("z1: newer", {"If-Match: nonsense\""}).status, 400);
    EXPECT_EQ(word(), "new");
}

TEST_F(ReplaceContract, of_a_file_that_must_be_new_leaves_what_is_there) {
    EXPECT_EQ(replace("z1: new", {"If-None-Match: *"}).status, 412);
    EXPECT_EQ(word(), "a");
}

TEST_F(ReplaceContract, of_a_package_happens_only_on_the_layer_that_the_client_knows) {
    write_package(folder_ / "one", "congo", "z0: one");
    write_archive_of(folder_ / "one.zip", ArchiveKind::zip, folder_ / "one");
    write_package(folder_ / "two", "congo", "z0: two");
    write_archive_of(folder_ / "two.zip", ArchiveKind::zip, folder_ / "two");
    const auto put = [&](const std::string& file, const std::string& header) {
        return daemon_.replace({{"layer", "congo", {}}, {"file", {}, folder_ / file}}, {},
                               {header});
    };

    EXPECT_EQ(put("one.zip", "If-Match: *").status, 412);
    const auto first = put("one.zip", "If-None-Match: *");
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(put("two.zip", "If-None-Match: *").status, 412);
    const std::string known = Json::parse(first.body)["layer_sha256"];
    EXPECT_EQ(put("two.zip", "If-Match: \"" + known + "\"").status, 200);
    EXPECT_EQ(put("one.zip", "If-Match: \"" + known + "\"").status, 412);
    EXPECT_EQ(daemon_.word("congo", {0, 0, 0}), "two");
}

TEST_F(ReplaceContract, checks_the_hash_of_each_file_in_an_archive) {
    const auto file = upload("z1: new");
    write_archive(folder_ / "tiles.zip", ArchiveKind::zip, {{top_file, read_text(file)}});
    const auto put = [&](const std::string& name, const std::string& sha256) {
        return daemon_.replace({{"sha256:" + name, sha256, {}},
                                {"layer", "kenya", {}},
                                {"file", {}, folder_ / "tiles.zip"}});
    };

    // RP-24
    EXPECT_EQ(put(top_file, std::string(64, '0')).status, 422);
    EXPECT_EQ(put("z0-0-0.sqlite3", sha256_hex_of_file(file)).status, 422);
    EXPECT_EQ(put(top_file, "abc").status, 400);
    EXPECT_EQ(word(), "a");
    EXPECT_EQ(put(top_file, sha256_hex_of_file(file)).status, 200);
    EXPECT_EQ(word(), "new");
}

// RP-11, RP-12
TEST_F(ReplaceContract, that_is_strict_refuses_what_else_is_ignored) {
    write_archive(folder_ / "tiles.zip", ArchiveKind::zip,
                  {{top_file, read_text(upload("z1: new"))}});
    const std::vector<FormPart> with_destination{{"layer", "kenya", {}},
                                                 {"destination", "ignored", {}},
                                                 {"file", {}, folder_ / "tiles.zip"}};
    auto strict = with_destination;
    strict.push_back({"strict", "true", {}});
    EXPECT_EQ(daemon_.replace(strict).status, 400);
    EXPECT_EQ(word(), "a");
    EXPECT_EQ(daemon_.replace(with_destination).status, 200);
    EXPECT_EQ(word(), "new");

    const FormPart source{"source", upload("z1: source"), {}};
    EXPECT_EQ(replace("z1: file", {}, {source, {"strict", "true", {}}}).status, 400);
    EXPECT_EQ(replace("z1: file", {}, {source}).status, 200);
    EXPECT_EQ(word(), "file");

    EXPECT_EQ(replace("z1: x", {}, {{"colour", "green", {}}, {"strict", "true", {}}}).status, 400);
    EXPECT_EQ(replace("z1: strict", {}, {{"strict", "true", {}}}).status, 200);
    EXPECT_EQ(word(), "strict");
}

// RP-10
TEST(ReplaceBesideGeowebcache, tells_of_a_layer_that_is_in_no_files_that_could_be_replaced) {
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top z1: a b / c d");
    install(folder / "depot", "topo@EPSG:900913@png", "z0: top z1: a b / c d");
    write_file(folder / "geowebcache.xml", R"(<gwcConfiguration>
  <blobStores><S3BlobStore><id>cloud</id></S3BlobStore></blobStores>
  <layers><wmsLayer><name>clouds</name><blobStoreId>cloud</blobStoreId></wmsLayer>
    <wmsLayer><name>kenya</name><blobStoreId>cloud</blobStoreId></wmsLayer>
    <wmsLayer><name>topo</name><blobStoreId>cloud</blobStoreId></wmsLayer></layers>
</gwcConfiguration>)");
    write_mbtiles(folder / "new.sqlite", draw("z1: new"));
    LiveDaemon daemon{folder / "depot", {"--geowebcache", (folder / "geowebcache.xml").string()}};
    const auto replace = [&](const std::string& layer) {
        return daemon.replace({{"layer", layer, {}},
                               {"destination", top_file, {}},
                               {"file", {}, (folder / "new.sqlite").string()}});
    };
    const auto refused = replace("clouds");
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_THAT(refused.body, HasSubstr("'clouds' is kept in no SQLite files"));
    EXPECT_EQ(replace("atlantis").status, 404);
    EXPECT_EQ(replace("kenya").status, 200) << "what is installed counts";
    EXPECT_EQ(replace("topo").status, 200) << "and so does a tileset";
}

TEST_F(ReplaceContract, answers_in_a_line_for_those_who_want_text) {
    const auto done = replace("z1: new", {"Accept: text/plain"});
    EXPECT_EQ(done.status, 200);
    EXPECT_THAT(done.headers.at("content-type"), HasSubstr("text/plain"));
    EXPECT_EQ(done.body, "replaced 1 file of layer 'kenya': generation 2\n");

    const auto refused = replace("z1@1,1: x", {"Accept: text/plain"});
    EXPECT_EQ(refused.status, 422);
    EXPECT_THAT(refused.body, AllOf(HasSubstr("lies outside"), testing::Not(HasSubstr("{"))));
}

/// A depot with two tilesets of one layer of GeoWebCache, and one of another layer.
class ReplaceOfTilesets : public testing::Test {
protected:
    static Manifest layout(const std::string& names, const Grid& grid) {
        Manifest layout;
        layout.grid = &grid;
        layout.pyramids = {{.min_zoom = 0,
                            .max_zoom = 20,
                            .names = names,
                            .options = {.xcount = 250, .ycount = 250}}};
        return layout;
    }

    HttpResponse replace(const std::string& layer, const std::string& destination) {
        return daemon_.replace({{"layer", layer, {}},
                                {"destination", destination, {}},
                                {"file", {}, folder_ / "new.sqlite"}});
    }

    TempFolder folder_;
    const std::string geographic_ = "topp_states/EPSG_4326image_pngnull/";
    const std::string mercator_ = "topp_states/EPSG_900913image_pngnull/";
    fs::path depot_ = [&] {
        const auto names = std::string{"{z}_{x}_{y}.sqlite"};
        install(folder_ / "depot", "topp:states@EPSG:4326@png", "z1: old",
                layout(geographic_ + names, Grid::wgs84()));
        install(folder_ / "depot", "topp:states@EPSG:900913@png", "z1: old",
                layout(mercator_ + names, Grid::google_maps_compatible()));
        install(folder_ / "depot", "topp:roads@EPSG:900913@png", "z1: old",
                layout("topp_roads/" + names, Grid::google_maps_compatible()));
        write_mbtiles(folder_ / "new.sqlite", draw("z1: new"));
        return folder_ / "depot";
    }();
    LiveDaemon daemon_{depot_};
};

TEST_F(ReplaceOfTilesets, finds_the_one_that_has_the_file) {
    const auto response = replace("topp:states", mercator_ + "1_0_0.sqlite");

    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(Json::parse(response.body)["files"][0]["layer"], "topp:states@EPSG:900913@png");

    EXPECT_EQ(daemon_.word("topp:states@EPSG:900913@png", {1, 0, 0}), "new");
    EXPECT_EQ(daemon_.word("topp:states@EPSG:4326@png", {1, 0, 0}), "old");
}

TEST_F(ReplaceOfTilesets, takes_files_of_several_at_once) {
    write_mbtiles(folder_ / "geographic.sqlite", draw("z1: newer"), Grid::wgs84());
    write_archive(folder_ / "tiles.zip", ArchiveKind::zip,
                  {{mercator_ + "1_0_0.sqlite", read_text(folder_ / "new.sqlite")},
                   {geographic_ + "1_0_0.sqlite", read_text(folder_ / "geographic.sqlite")}});

    const auto response =
        daemon_.replace({{"layer", "topp:states", {}}, {"file", {}, folder_ / "tiles.zip"}});

    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(daemon_.word("topp:states@EPSG:900913@png", {1, 0, 0}), "new");
    EXPECT_EQ(daemon_.word("topp:states@EPSG:4326@png", {1, 0, 0}), "newer");
}

TEST_F(ReplaceOfTilesets, has_conditions_on_all_of_them) {
    write_archive(folder_ / "tiles.zip", ArchiveKind::zip,
                  {{mercator_ + "1_0_0.sqlite", read_text(folder_ / "new.sqlite")}});
    const auto replace_if = [&](const std::string& header) {
        return daemon_.replace({{"layer", "topp:states", {}}, {"file", {}, folder_ / "tiles.zip"}},
                               {}, {header});
    };
    EXPECT_EQ(replace_if("If-None-Match: *").status, 412);
    const auto done = replace_if("If-Match: *");
    ASSERT_EQ(done.status, 200) << done.body;
    const auto sha256 = Json::parse(done.body).at("layer_sha256").get<std::string>();

    EXPECT_EQ(replace_if("If-Match: \"" + sha256 + "\"").status, 200);
    EXPECT_EQ(replace_if("If-Match: \"" + std::string(64, '0') + "\"").status, 412);
}

// RP-25
TEST_F(ReplaceOfTilesets, does_not_reach_the_files_of_another_layer) {
    EXPECT_EQ(replace("topp:states", "topp_roads/1_0_0.sqlite").status, 400);
    write_archive(folder_ / "tiles.zip", ArchiveKind::zip,
                  {{mercator_ + "1_0_0.sqlite", read_text(folder_ / "new.sqlite")},
                   {"topp_roads/1_0_0.sqlite", read_text(folder_ / "new.sqlite")}});
    EXPECT_EQ(
        daemon_.replace({{"layer", "topp:states", {}}, {"file", {}, folder_ / "tiles.zip"}}).status,
        422);
    EXPECT_EQ(replace("topp:state", mercator_ + "1_0_0.sqlite").status, 404);

    EXPECT_EQ(daemon_.word("topp:roads@EPSG:900913@png", {1, 0, 0}), "old");
    EXPECT_EQ(daemon_.word("topp:states@EPSG:900913@png", {1, 0, 0}), "old");
}

}  // namespace
}  // namespace offgrid::test
