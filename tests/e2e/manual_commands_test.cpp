// The commands that GeoWebCache's and GeoServer's manuals give for a replace (chapter "GWC SQLite
// plugin"), run by a shell as they stand there but for host and port.

#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/archives.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string layer = "sf:restricted";
constexpr TileKey tile{10, 3, 1020};
constexpr TileKey other_tile{10, 260, 1020};

/// The start and the end that all commands of one manual have.
struct Manual {
    const char* name;
    const char* user;
    const char* password;
    const char* start;
    const char* end;
};

constexpr Manual geoserver{"GeoServer", "admin", "geoserver",
                           "curl -u admin:geoserver -H 'Content-Type: multipart/form-data'",
                           "-XPOST 'http://localhost:8080/geoserver/gwc/rest/sqlite/replace'"};
constexpr Manual geowebcache{"GeoWebCache", "geowebcache", "secured",
                             "curl -u geowebcache:secured -H 'Content-Type: multipart/form-data'",
                             "-XPOST 'http://localhost:8080/geowebcache/rest/sqlite/replace'"};

constexpr const char* upload_of_a_file = R"(
    -F "file=@tiles_0_0.sqlite"
    -F "destination=EPSG_4326/sf_restricted/image_png/null/10/tiles_0_0.sqlite"
    -F "layer=sf:restricted")";
constexpr const char* file_on_the_system = R"(
    -F "source=/tmp/tiles_0_0.sqlite"
    -F "destination=EPSG_4326/sf_restricted/image_png/null/10/tiles_0_0.sqlite"
    -F "layer=sf:restricted")";
constexpr const char* upload_of_a_zip = R"(
    -F "file=@tiles.zip"
    -F "layer=sf:restricted")";
constexpr const char* folder_on_the_system = R"(
    -F "source=/tmp/tiles"
    -F "layer=sf:restricted")";

/// A daemon and a shell in a mount namespace whose /tmp is a folder of the test: the manuals name
/// files there.
class ManualCommands : public testing::TestWithParam<Manual> {
protected:
    ManualCommands() {
        const std::string name = "EPSG_4326/sf_restricted/image_png/null/10/tiles_";
        write_mbtiles(folder_ / "tiles_0_0.sqlite", draw("z10@3,1020: new"), Grid::wgs84());
        write_mbtiles(folder_ / ("tiles/" + name + "0_0.sqlite"), draw("z10@3,1020: new"),
                      Grid::wgs84());
        write_mbtiles(folder_ / ("tiles/" + name + "250_0.sqlite"), draw("z10@260,1020: next"),
                      Grid::wgs84());
        write_archive_of(folder_ / "tiles.zip", ArchiveKind::zip, folder_ / "tiles");
        write_file(folder_ / ".curlrc", "silent\nshow-error\nnoproxy = *\n");
        install(folder_ / "depot", layer, "z10@3,1020: old", manual_layout());
        run({program("offgrid-sync"), "passwd", "--users", (folder_ / "users").string(),
             GetParam().user},
            {.input = std::string{GetParam().password} + "\n", .cwd = {}, .environment = {}});
        // the programs may lie below the real /tmp
        fs::copy_file(program("offgrid-sync"), folder_ / "offgrid-sync");
    }

    void SetUp() override {
        has_private_tmp_ = run(in_private_tmp("true")).exit_code == 0;
        daemon_ = std::make_unique<Process>(
            in_shell("./offgrid-sync daemon depot --listen 127.0.0.1:0 --admin 127.0.0.1:0 "
                     "--users users"),
            options());
        serving_url_ = url_in(daemon_->wait_for_line("serving on"));
        const auto admin_url = url_in(daemon_->wait_for_line("administration on"));
        admin_ = admin_url.substr(std::string_view{"http://"}.size());
    }

    std::vector<std::string> in_private_tmp(const std::string& command) const {
        return {"unshare",
                "--mount",
                "--map-root-user",
                "sh",
                "-c",
                "mount --bind \"$0\" /tmp && cd /tmp && exec " + command,
                folder_.path().string()};
    }

    /// Where a machine lets nobody make a mount namespace, the folder itself stands for /tmp.
    std::vector<std::string> in_shell(std::string command) const {
        if (has_private_tmp_) {
            return in_private_tmp(command);
        }
        for (auto at = command.find("/tmp/"); at != std::string::npos; at = command.find("/tmp/")) {
            command.replace(at, std::string_view{"/tmp"}.size(), ".");
        }
        return {"sh", "-c", "cd \"$0\" && exec " + command, folder_.path().string()};
    }

    RunOptions options() const {
        const auto home = has_private_tmp_ ? "/tmp" : folder_.path().string();
        return {.input = {}, .cwd = {}, .environment = {{"TMPDIR", home}, {"CURL_HOME", home}}};
    }

    /// What the manual's command with these parts prints.
    std::string run_command(std::string parts) const {
        std::ranges::replace(parts, '\n', ' ');
        auto command = std::string{GetParam().start} + parts + " " + GetParam().end;
        const std::string address = "localhost:8080";
        command.replace(command.find(address), address.size(), admin_);
        const auto done = run(in_shell(command), options());
        return done.out + done.err;
    }

    std::string word(const TileKey& key) { return word_at(client_, serving_url_, layer, key); }

    TempFolder folder_;

private:
    bool has_private_tmp_ = false;
    std::unique_ptr<Process> daemon_;
    std::string serving_url_;
    std::string admin_;
    HttpClient client_;
};

// RP-01, RP-22
TEST_P(ManualCommands, replace_a_file_by_an_upload) {
    ASSERT_EQ(word(tile), "old");
    EXPECT_THAT(run_command(upload_of_a_file), HasSubstr("\"generation\""));
    EXPECT_EQ(word(tile), "new");
}

// RP-02
TEST_P(ManualCommands, replace_a_file_by_one_on_the_system) {
    EXPECT_THAT(run_command(file_on_the_system), HasSubstr("\"generation\""));
    EXPECT_EQ(word(tile), "new");
    EXPECT_TRUE(fs::exists(folder_ / "tiles_0_0.sqlite"));
}

// RP-04
TEST_P(ManualCommands, replace_files_by_a_zip) {
    EXPECT_THAT(run_command(upload_of_a_zip), HasSubstr("\"generation\""));
    EXPECT_EQ(word(tile), "new");
    EXPECT_EQ(word(other_tile), "next");
}

// RP-05
TEST_P(ManualCommands, replace_files_by_a_folder_on_the_system) {
    EXPECT_THAT(run_command(folder_on_the_system), HasSubstr("\"generation\""));
    EXPECT_EQ(word(tile), "new");
    EXPECT_EQ(word(other_tile), "next");
    EXPECT_TRUE(fs::exists(folder_ / "tiles"));
}

INSTANTIATE_TEST_SUITE_P(Of, ManualCommands, testing::Values(geoserver, geowebcache),
                         [](const auto& manual) { return std::string{manual.param.name}; });

}  // namespace
}  // namespace offgrid::test
