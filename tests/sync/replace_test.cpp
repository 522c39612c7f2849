#include "formats/base/hash.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/archives.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace offgrid::test {
namespace {

using testing::EndsWith;
using Json = nlohmann::json;

const std::string layer = "sf:restricted";
const std::string destination = "EPSG_4326/sf_restricted/image_png/null/10/tiles_0_0.sqlite";
constexpr TileKey tile{10, 3, 1020};
constexpr TileKey other_tile{10, 260, 1020};

/// A depot with the layer of the manual's examples, served, and new files of it in a folder beside.
class ReplaceAsInTheManual : public testing::Test {
protected:
    ReplaceAsInTheManual() {
        write_mbtiles(folder_ / "tiles_0_0.sqlite", draw("z10@3,1020: new"), Grid::wgs84());
        write_mbtiles(folder_ / "tiles" / destination, draw("z10@3,1020: new"), Grid::wgs84());
        write_mbtiles(
            folder_ / "tiles/EPSG_4326/sf_restricted/image_png/null/10/tiles_250_0.sqlite",
            draw("z10@260,1020: next"), Grid::wgs84());
        write_archive_of(folder_ / "tiles.zip", ArchiveKind::zip, folder_ / "tiles");
    }

    /// Run curl with the manual's own flags and the given parts; what it prints, and the status
    /// behind it.
    std::string curl(const std::vector<std::string>& parts,
                     const std::string& path = "/geoserver/gwc/rest/sqlite/replace") {
        std::vector<std::string> command{"curl", "-sS",
                                         "-w",   " %{http_code}",
                                         "-u",   "admin:geoserver",
                                         "-H",   "Content-Type: multipart/form-data"};
        for (const auto& part : parts) {
            command.insert(command.end(), {"-F", part});
        }
        command.insert(command.end(), {"-XPOST", daemon_.admin_url() + path});
        const auto result =
            run(command, {.input = {}, .cwd = folder_.path(), .environment = {{"no_proxy", "*"}}});
        return result.out + result.err;
    }

    TempFolder folder_;
    std::filesystem::path depot_ = installed_depot(folder_);
    LiveDaemon daemon_{depot_, {"--users", users_file(folder_).string()}};

private:
    static std::filesystem::path installed_depot(const TempFolder& folder) {
        install(folder / "depot", layer, "z10@3,1020: old", manual_layout());
        return folder / "depot";
    }
    static std::filesystem::path users_file(const TempFolder& folder) {
        run({program("offgrid-sync"), "passwd", "--users", (folder / "users").string(), "admin"},
            {.input = "geoserver\n", .cwd = {}, .environment = {}});
        return folder / "users";
    }
};

// RP-01, RP-19
TEST_F(ReplaceAsInTheManual, uploads_one_file) {
    ASSERT_EQ(daemon_.word(layer, tile), "old");
    const std::vector<std::string> parts{"file=@tiles_0_0.sqlite", "destination=" + destination,
                                         "layer=" + layer};

    EXPECT_THAT(curl(parts), EndsWith(" 200"));
    EXPECT_THAT(curl(parts), EndsWith(" 200"));

    EXPECT_EQ(daemon_.word(layer, tile), "new");
}

// RP-02
TEST_F(ReplaceAsInTheManual, takes_one_file_that_is_on_the_server_and_leaves_it_there) {
    const auto source = folder_ / "tiles_0_0.sqlite";
    const auto before = read_text(source);

    EXPECT_THAT(curl({"source=" + source.string(), "destination=" + destination, "layer=" + layer}),
                EndsWith(" 200"));

    EXPECT_EQ(daemon_.word(layer, tile), "new");
    EXPECT_EQ(read_text(source), before);
}

// RP-04
TEST_F(ReplaceAsInTheManual, uploads_many_files_in_a_zip) {
    EXPECT_THAT(curl({"file=@tiles.zip", "layer=" + layer}), EndsWith(" 200"));

    EXPECT_EQ(daemon_.word(layer, tile), "new");
    EXPECT_EQ(daemon_.word(layer, other_tile), "next");
}

// RP-03
TEST_F(ReplaceAsInTheManual, uploads_many_files_in_a_zip_with_entries_for_folders) {
    std::vector<ArchiveEntry> entries;
    for (const auto& name : names_below(folder_ / "tiles")) {
        entries.push_back(name.ends_with('/')
                              ? ArchiveEntry{name, "", EntryType::folder}
                              : ArchiveEntry{name, read_text(folder_ / "tiles" / name)});
    }
    write_archive(folder_ / "folders.zip", ArchiveKind::zip, entries);

    EXPECT_THAT(curl({"file=@folders.zip", "layer=" + layer}), EndsWith(" 200"));

    EXPECT_EQ(daemon_.word(layer, tile), "new");
    EXPECT_EQ(daemon_.word(layer, other_tile), "next");
}

// RP-05
TEST_F(ReplaceAsInTheManual, takes_a_folder_that_is_on_the_server_and_leaves_it_there) {
    const auto before = names_below(folder_ / "tiles");

    EXPECT_THAT(curl({"source=" + (folder_ / "tiles").string(), "layer=" + layer}),
                EndsWith(" 200"));

    EXPECT_EQ(daemon_.word(layer, tile), "new");
    EXPECT_EQ(daemon_.word(layer, other_tile), "next");
    EXPECT_EQ(names_below(folder_ / "tiles"), before);
}

// RP-22
TEST_F(ReplaceAsInTheManual, works_under_every_address_it_has_had) {
    for (const std::string path :
         {"/sqlite/replace", "/rest/sqlite/replace", "/geowebcache/rest/sqlite/replace",
          "/geoserver/gwc/rest/sqlite/replace"}) {
        EXPECT_THAT(
            curl({"file=@tiles_0_0.sqlite", "destination=" + destination, "layer=" + layer}, path),
            EndsWith(" 200"))
            << path;
    }
}

/// A depot with one z-top layer, served to this machine without users.
class Replace : public testing::Test {
protected:
    std::string upload(const std::string& drawing) {
        static int count = 0;
        const auto path = folder_ / ("upload" + std::to_string(++count) + ".sqlite");
        write_mbtiles(path, draw(drawing));
        return path.string();
    }

    HttpResponse replace_top(const std::string& drawing) {
        return daemon_.replace({{"layer", "kenya", {}},
                                {"destination", "z01-0-1.sqlite3", {}},
                                {"file", {}, upload(drawing)}});
    }

    TempFolder folder_;
    std::filesystem::path depot_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: a b / c d");
        return folder_ / "depot";
    }();
    LiveDaemon daemon_{depot_};
};

TEST_F(Replace, reports_what_it_did) {
    const auto new_file = upload("z1: new");

    const auto response = daemon_.replace(
        {{"layer", "kenya", {}}, {"destination", "z01-0-1.sqlite3", {}}, {"file", {}, new_file}});

    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.headers.at("content-type"), "application/json");
    const auto report = Json::parse(response.body);
    EXPECT_EQ(report["layer"], "kenya");
    EXPECT_EQ(report["generation"], 2);
    EXPECT_EQ(report["drained"], true);
    EXPECT_GE(report["drained_ms"], 0);
    ASSERT_EQ(report["files"].size(), 1U);
    const auto& file = report["files"][0];
    EXPECT_EQ(file["name"], "z01-0-1.sqlite3");
    EXPECT_EQ(file["new_sha256"], sha256_hex_of_file(new_file));
    EXPECT_NE(file["old_sha256"], file["new_sha256"]);
    EXPECT_EQ(file["tiles"], 1);
    EXPECT_EQ(file["bytes"], std::filesystem::file_size(new_file));
}

TEST_F(Replace, leaves_no_trace_in_staging) {
    ASSERT_EQ(replace_top("z1: new").status, 200);
    EXPECT_TRUE(names_below(depot_ / "staging").empty());
}

TEST_F(Replace, of_a_file_by_itself_changes_nothing_and_says_so) {
    const auto same = upload("z1: a");
    const std::vector<FormPart> parts{
        {"layer", "kenya", {}}, {"destination", "z01-0-1.sqlite3", {}}, {"file", {}, same}};
    ASSERT_EQ(daemon_.replace(parts).status, 200);
    const auto first = Json::parse(daemon_.replace(parts).body);
    const auto second = Json::parse(daemon_.replace(parts).body);

    EXPECT_EQ(second["generation"], first["generation"]);
    EXPECT_EQ(second["files"][0]["old_sha256"], second["files"][0]["new_sha256"]);
}

TEST_F(Replace, with_a_whole_package_makes_a_new_layer) {
    write_package(folder_ / "congo", "congo", "z0: congo");
    write_archive_of(folder_ / "congo.tar.zst", ArchiveKind::tar_zst, folder_ / "congo");

    const auto response =
        daemon_.replace({{"layer", "congo", {}}, {"file", {}, folder_ / "congo.tar.zst"}});

    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(daemon_.word("congo", {0, 0, 0}), "congo");
    EXPECT_EQ(daemon_.word("kenya", {0, 0, 0}), "top");
}

TEST_F(Replace, with_a_whole_package_in_a_folder_of_the_zip_replaces_the_layer) {
    write_package(folder_ / "kenya", "kenya", "z0: fresh");
    write_archive_of(folder_ / "kenya.zip", ArchiveKind::zip, folder_ / "kenya", "kenya-2/");

    const auto response =
        daemon_.replace({{"layer", "kenya", {}}, {"file", {}, folder_ / "kenya.zip"}});

    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(daemon_.word("kenya", {0, 0, 0}), "fresh");
    EXPECT_EQ(daemon_.word("kenya", {1, 0, 0}), "(absent)");
    const auto files = Json::parse(response.body)["files"];
    EXPECT_TRUE(
        std::ranges::any_of(files, [](const Json& file) { return file["new_sha256"].is_null(); }));
}

// RP-12
TEST_F(Replace, takes_the_file_when_there_is_a_source_too_and_the_source_when_the_file_is_empty) {
    const auto from_file = upload("z1: file");
    const auto from_source = upload("z1: source");
    const std::vector<FormPart> common{{"layer", "kenya", {}},
                                       {"destination", "z01-0-1.sqlite3", {}},
                                       {"source", from_source, {}}};
    write_file(folder_ / "empty", "");

    auto both = common;
    both.push_back({"file", {}, from_file});
    EXPECT_EQ(daemon_.replace(both).status, 200);
    EXPECT_EQ(daemon_.word("kenya", {1, 0, 0}), "file");

    auto empty = common;
    empty.push_back({"file", {}, folder_ / "empty"});
    EXPECT_EQ(daemon_.replace(empty).status, 200);
    EXPECT_EQ(daemon_.word("kenya", {1, 0, 0}), "source");
}

// RP-24
TEST_F(Replace, checks_a_hash_that_is_given) {
    const auto path = upload("z1: new");
    const std::vector<FormPart> common{
        {"layer", "kenya", {}}, {"destination", "z01-0-1.sqlite3", {}}, {"file", {}, path}};

    auto wrong = common;
    wrong.push_back({"sha256", std::string(64, '0'), {}});
    EXPECT_EQ(daemon_.replace(wrong).status, 422);

    auto right = common;
    right.push_back({"sha256", sha256_hex_of_file(path), {}});
    EXPECT_EQ(daemon_.replace(right).status, 200);
}

// RP-24
TEST_F(Replace, checks_a_hash_that_is_given_with_a_source) {
    const auto path = upload("z1: new");
    const auto replace_with = [&](const std::string& source, const std::string& sha256) {
        return daemon_
            .replace({{"layer", "kenya", {}},
                      {"destination", "z01-0-1.sqlite3", {}},
                      {"source", source, {}},
                      {"sha256", sha256, {}}})
            .status;
    };
    write_package(folder_ / "kenya", "kenya", "z0: fresh");
    write_archive_of(folder_ / "kenya.zip", ArchiveKind::zip, folder_ / "kenya");

    EXPECT_EQ(replace_with(path, std::string(64, '0')), 422);
    EXPECT_EQ(replace_with((folder_ / "kenya").string(), std::string(64, '0')), 400);
    EXPECT_EQ(replace_with((folder_ / "kenya.zip").string(), std::string(64, '0')), 400);
    EXPECT_EQ(daemon_.word("kenya", {1, 0, 0}), "a");
    EXPECT_EQ(replace_with(path, sha256_hex_of_file(path)), 200);
    EXPECT_EQ(daemon_.word("kenya", {1, 0, 0}), "new");
}

// RX-08
TEST_F(Replace, of_one_file_from_many_sides_at_once_leaves_one_of_them_whole) {
    std::vector<std::thread> clients;
    std::atomic<int> successes = 0;
    for (const std::string word : {"p", "q", "r", "s", "t", "u"}) {
        clients.emplace_back([&, path = upload("z1: " + word)] {
            const auto response = daemon_.replace({{"layer", "kenya", {}},
                                                   {"destination", "z01-0-1.sqlite3", {}},
                                                   {"file", {}, path}});
            successes += response.status == 200 ? 1 : 0;
        });
    }
    for (auto& client : clients) {
        client.join();
    }
    EXPECT_EQ(successes, 6);
    EXPECT_THAT(daemon_.word("kenya", {1, 0, 0}), testing::AnyOf("p", "q", "r", "s", "t", "u"));
}

TEST_F(Replace, is_there_after_a_restart) {
    ASSERT_EQ(replace_top("z1: new").status, 200);
    EXPECT_EQ(daemon_.process().stop(SIGTERM), 0);

    LiveDaemon again{depot_};

    EXPECT_EQ(again.word("kenya", {1, 0, 0}), "new");
}

}  // namespace
}  // namespace offgrid::test
