#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/archives.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>

#include <functional>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

/// A depot with two layers, served; whatever a test does to it, what it serves must be unchanged in
/// the end.
class BadReplace : public testing::Test {
protected:
    BadReplace() {
        fs::create_directories(folder_ / "sources");
        write_mbtiles(folder_ / "good.sqlite", draw("z1: new"));
        write_mbtiles(folder_ / "sources/good.sqlite", draw("z1: new"));
        write_mbtiles(folder_ / "elsewhere.sqlite", draw("z1@1,1: new"));
        write_file(folder_ / "text",
                   "these are no tiles, but it is long enough to be taken for something\n");
        write_file(folder_ / "empty", "");
        auto whole = read_text(folder_ / "good.sqlite");
        write_file(folder_ / "truncated", whole.substr(0, whole.size() / 2));
        write_file(folder_ / "header", whole.substr(0, 100));
        whole.replace(whole.size() / 2, 1000, std::string(1000, '\xff'));
        write_file(folder_ / "garbled", whole);
    }

    void TearDown() override {
        EXPECT_TRUE(daemon_.process().is_running());
        EXPECT_EQ(daemon_.word("kenya", {0, 0, 0}), "top");
        EXPECT_EQ(daemon_.word("kenya", {1, 0, 0}), "a");
        EXPECT_EQ(daemon_.word("congo", {0, 0, 0}), "congo");
        EXPECT_TRUE(names_below(folder_ / "depot/staging").empty());
        EXPECT_EQ(read_text(folder_ / "depot/CURRENT"), "2\n");
    }

    HttpResponse upload(const std::string& file,
                        const std::string& destination = "z01-0-1.sqlite3") {
        return daemon_.replace({{"layer", "kenya", {}},
                                {"destination", destination, {}},
                                {"file", {}, folder_ / file}});
    }

    HttpResponse upload_archive(ArchiveKind kind, const std::vector<ArchiveEntry>& entries,
                                const std::string& layer = "kenya") {
        write_archive(folder_ / "archive", kind, entries);
        return daemon_.replace({{"layer", layer, {}}, {"file", {}, folder_ / "archive"}});
    }

    std::string good_file() { return read_text(folder_ / "good.sqlite"); }

    TempFolder folder_;
    fs::path depot_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: a b / c d");
        install(folder_ / "depot", "congo", "z0: congo");
        return folder_ / "depot";
    }();
    LiveDaemon daemon_{depot_,
                       {"--source-root",
                        (fs::create_directories(folder_ / "sources"), folder_ / "sources").string(),
                        "--max-upload", "20000000"}};
};

// RP-14, RP-23
TEST_F(BadReplace, of_a_file_that_is_no_sound_store_is_422) {
    for (const std::string file : {"text", "truncated", "header", "garbled", "elsewhere.sqlite"}) {
        const auto response = upload(file);
        EXPECT_EQ(response.status, 422) << file << response.body;
        EXPECT_THAT(response.body, Not(HasSubstr(folder_.path().string()))) << file;
    }
}

// RP-15
TEST_F(BadReplace, to_a_name_that_the_layer_does_not_have_is_400_or_422) {
    for (const std::string destination :
         {"../../x", "/etc/x", "a/../../x", "C:\\x", "", ".", "z01-0-1.sqlite3/", "other.sqlite3",
          "z01-0-1.sqlite3-journal", "metadata.sqlite", "z01-9-9.sqlite3"}) {
        const auto response = upload("good.sqlite", destination);
        EXPECT_THAT(response.status, AnyOf(400, 422)) << destination << response.body;
    }
}

// RP-06, RP-07, RP-08
TEST_F(BadReplace, that_brings_nothing_is_400) {
    struct Case {
        std::vector<FormPart> parts;
        const char* message;
    };
    const fs::path good = folder_ / "good.sqlite";
    const std::vector<Case> table{
        {{{"layer", "kenya", {}}}, "`file` and `source`"},
        {{{"layer", "kenya", {}}, {"destination", "z01-0-1.sqlite3", {}}}, "`file` and `source`"},
        {{{"layer", "kenya", {}}, {"file", {}, folder_ / "empty"}}, "`file` and `source`"},
        {{{"layer", "kenya", {}}, {"source", (folder_ / "sources/missing").string(), {}}},
         "does not exist"},
        {{{"layer", "kenya", {}}, {"file", {}, good}}, "`destination`"},
        {{{"layer", "kenya", {}}, {"source", (folder_ / "sources/good.sqlite").string(), {}}},
         "`destination`"},
        {{{"destination", "z01-0-1.sqlite3", {}}, {"file", {}, good}}, "`layer`"},
    };
    for (const auto& [parts, message] : table) {
        const auto response = daemon_.replace(parts);
        EXPECT_EQ(response.status, 400) << message;
        EXPECT_THAT(response.body, HasSubstr(message));
    }
}

// RP-09
TEST_F(BadReplace, of_an_unknown_layer_is_404) {
    const auto file = daemon_.replace({{"layer", "atlantis", {}},
                                       {"destination", "z01-0-1.sqlite3", {}},
                                       {"file", {}, folder_ / "good.sqlite"}});
    EXPECT_EQ(file.status, 404);
    EXPECT_THAT(file.body, HasSubstr("unknown layer 'atlantis'"));
    EXPECT_EQ(
        upload_archive(ArchiveKind::zip, {{"z01-0-1.sqlite3", good_file()}}, "atlantis").status,
        404);
}

// RP-13, RP-16, RP-25
TEST_F(BadReplace, with_an_archive_that_is_hostile_is_422) {
    using enum ArchiveKind;
    struct Case {
        const char* what;
        ArchiveKind kind;
        std::vector<ArchiveEntry> entries;
    };
    const auto good = good_file();
    const std::vector<Case> table{
        {"empty", zip, {}},
        {"parent", zip, {{"../../../evil", good}}},
        {"absolute", tar, {{(folder_ / "evil").string(), good}}},
        {"symlink", zip, {{"z01-0-1.sqlite3", "/etc/passwd", EntryType::symlink}}},
        {"device", tar, {{"z01-0-1.sqlite3", "", EntryType::device}}},
        {"a name no disk takes", zip, {{std::string(300, 'n') + "/z01-0-1.sqlite3", good}}},
        {"bookkeeping", zip, {{"metadata.sqlite", good}}},
        {"journal", zip, {{"z01-0-1.sqlite3", good}, {"z01-0-1.sqlite3-journal", good}}},
        {"a file the layer does not have", zip, {{"z01-0-1.sqlite3", good}, {"README", "hello"}}},
        {"another layer's file",
         zip,
         {{"z01-0-1.sqlite3", good}, {"files/congo/z0-0-0.sqlite3", good}}},
        {"one bad among good", tar, {{"z01-0-1.sqlite3", good}, {"z01-1-1.sqlite3", "garbage"}}},
        {"a manifest that is none", zip, {{"manifest.json", "{}"}, {"z0-0-0.sqlite3", good}}},
        {"a manifest that is no JSON", zip, {{"manifest.json", "hello"}, {"z0-0-0.sqlite3", good}}},
    };
    for (const auto& [what, kind, entries] : table) {
        const auto response = upload_archive(kind, entries);
        EXPECT_EQ(response.status, 422) << what << response.body;
        EXPECT_THAT(response.body, Not(HasSubstr("staging"))) << what;
    }
    EXPECT_FALSE(fs::exists(folder_ / "evil"));
    EXPECT_FALSE(fs::exists(depot_ / "evil"));
}

TEST_F(BadReplace, with_a_package_that_is_not_the_one_named_or_not_whole_is_422) {
    write_package(folder_ / "package", "kenya", "z0: p z1: q");
    write_archive_of(folder_ / "package.zip", ArchiveKind::zip, folder_ / "package");
    EXPECT_EQ(
        daemon_.replace({{"layer", "congo", {}}, {"file", {}, folder_ / "package.zip"}}).status,
        422);

    fs::remove(folder_ / "package/z01-0-1.sqlite3");
    write_archive_of(folder_ / "partial.zip", ArchiveKind::zip, folder_ / "package");
    const auto partial =
        daemon_.replace({{"layer", "kenya", {}}, {"file", {}, folder_ / "partial.zip"}});
    EXPECT_EQ(partial.status, 422);
    EXPECT_THAT(partial.body, HasSubstr("z01-0-1.sqlite3"));
}

// RP-21
TEST_F(BadReplace, with_a_bomb_or_too_much_is_413) {
    const std::string zeros(8 << 20, '\0');
    EXPECT_EQ(upload_archive(ArchiveKind::zip, {{"z01-0-1.sqlite3", zeros}}).status, 413);

    write_file(folder_ / "large", "x");
    fs::resize_file(folder_ / "large", 21'000'000);
    EXPECT_EQ(upload("large").status, 413);
}

// RP-17
TEST_F(BadReplace, from_a_source_outside_the_roots_is_403_whether_it_exists_or_not) {
    fs::create_symlink("/etc/passwd", folder_ / "sources/link");
    for (const auto& source :
         {std::string{"/etc/passwd"}, std::string{"/no/such/file"},
          (folder_ / "good.sqlite").string(), (folder_ / "sources/link").string(),
          (depot_ / "CURRENT").string()}) {
        const auto response = daemon_.replace({{"layer", "kenya", {}},
                                               {"destination", "z01-0-1.sqlite3", {}},
                                               {"source", source, {}}});
        EXPECT_EQ(response.status, 403) << source << response.body;
        EXPECT_THAT(response.body, HasSubstr("not below"));
    }
}

TEST_F(BadReplace, with_a_method_or_an_address_that_is_not_one_is_405_or_404) {
    HttpClient client;
    const auto get = client.get(daemon_.replace_url());
    EXPECT_EQ(get.status, 405);
    EXPECT_EQ(get.headers.at("allow"), "POST");
    EXPECT_EQ(client.request("DELETE", daemon_.replace_url()).status, 405);
    for (const std::string path :
         {"/rest", "/rest/sqlite/replace/", "/rest/sqlite/../sqlite/replace", "/x/sqlite/replace",
          "//sqlite/replace", "/rest/nothing", "/%72est/sqlite/replace"}) {
        EXPECT_EQ(client.request("POST", daemon_.admin_url() + path, {"Content-Length: 0"}).status,
                  404)
            << path;
    }
}

TEST_F(BadReplace, that_is_no_form_is_400_and_says_so_in_the_wanted_form) {
    HttpClient client;
    EXPECT_EQ(client.request("POST", daemon_.replace_url(), {"Content-Length: 0"}).status, 400);
    EXPECT_EQ(client.request("POST", daemon_.replace_url()).status, 400);
    const auto text =
        client.request("POST", daemon_.replace_url(), {"Content-Length: 0", "Accept: text/plain"});
    EXPECT_THAT(text.headers.at("content-type"), HasSubstr("text/plain"));
}

TEST_F(BadReplace, by_a_page_of_another_site_is_403) {
    const std::vector<FormPart> parts{{"layer", "kenya", {}},
                                      {"destination", "z01-0-1.sqlite3", {}},
                                      {"file", {}, folder_ / "good.sqlite"}};
    EXPECT_EQ(daemon_.replace(parts, {}, {"Origin: http://evil.example"}).status, 403);
    EXPECT_EQ(daemon_.replace(parts, {}, {"Host: evil.example"}).status, 403);
}

TEST_F(BadReplace, of_every_bad_store_that_was_collected_is_refused) {
    auto files = shared_files("bad/sqlite");
    std::ranges::move(shared_files("bad/mbtiles"), std::back_inserter(files));
    for (const auto& file : files) {
        const auto response = daemon_.replace(
            {{"layer", "kenya", {}}, {"destination", "z01-0-1.sqlite3", {}}, {"file", {}, file}});
        EXPECT_THAT(response.status, testing::AllOf(testing::Ge(400), testing::Lt(500)))
            << file << response.body;
    }
}

TEST_F(BadReplace, with_every_bad_archive_that_was_collected_is_refused) {
    for (const auto& file : shared_files("bad/zip")) {
        const auto response = daemon_.replace({{"layer", "kenya", {}}, {"file", {}, file}});
        EXPECT_THAT(response.status, testing::AllOf(testing::Ge(400), testing::Lt(500)))
            << file << response.body;
    }
}

// RP-18
TEST(ReplaceWithUsers, without_the_right_credentials_is_401_before_the_body_is_read) {
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top");
    write_file(folder / "large", "x");
    fs::resize_file(folder / "large", 30 << 20);
    run({program("offgrid-sync"), "passwd", "--users", (folder / "users").string(), "anna"},
        {.input = "secret\n", .cwd = {}, .environment = {}});
    const std::vector<FormPart> parts{{"layer", "kenya", {}}, {"file", {}, folder / "large"}};

    for (const std::string path :
         {"/sqlite/replace", "/rest/sqlite/replace", "/geowebcache/rest/sqlite/replace",
          "/geoserver/gwc/rest/sqlite/replace", "/nowhere"}) {
        // A daemon for each: who fails more often is told to wait.
        LiveDaemon daemon{folder / "depot", {"--users", (folder / "users").string()}};
        const auto is_refused = [&](const std::string& user, const std::string& header) {
            HttpClient client;
            const auto response =
                client.post_form(daemon.admin_url() + path, parts, user, {header});
            return response.status == 401 && response.headers.contains("www-authenticate");
        };
        EXPECT_TRUE(is_refused("", "Expect: 100-continue")) << path;
        EXPECT_TRUE(is_refused("anna:wrong", "Expect:")) << path;
        EXPECT_TRUE(is_refused("bert:secret", "Expect:")) << path;
        EXPECT_TRUE(names_below(folder / "depot/staging").empty());
        EXPECT_EQ(daemon.word("kenya", {0, 0, 0}), "top");
    }
}

TEST(ReplaceWithUsers, without_the_users_file_is_500_and_says_nothing_about_it) {
    const TempFolder folder;
    run({program("offgrid-sync"), "passwd", "--users", (folder / "users").string(), "anna"},
        {.input = "secret\n", .cwd = {}, .environment = {}});
    LiveDaemon daemon{folder / "depot", {"--users", (folder / "users").string()}};
    fs::remove(folder / "users");

    const auto response = daemon.replace({{"layer", "kenya", {}}}, "anna:secret");

    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, Not(HasSubstr("users")));
}

}  // namespace
}  // namespace offgrid::test
