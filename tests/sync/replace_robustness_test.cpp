#include "formats/package/depot.h"
#include "sync/daemon.h"
#include "tests/support/hot_journal.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/archives.h"
#include "tests/sync/live_daemon.h"
#include "tests/sync/small_disk.h"

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string top_file = "z01-0-1.sqlite3";

class ReplaceRobustness : public testing::Test {
protected:
    HttpResponse replace(const fs::path& file) {
        return daemon_.replace(
            {{"layer", "kenya", {}}, {"destination", top_file, {}}, {"file", {}, file}});
    }

    HttpResponse replace_with(const std::string& drawing) {
        const auto file = folder_ / ("new" + std::to_string(++uploads_));
        write_mbtiles(file, draw(drawing));
        return replace(file);
    }

    HttpResponse replace_with_large(const std::string& word) {
        write_mbtiles(folder_ / "large", {{TileKey{1, 0, 0}, word}});
        return replace(folder_ / "large");
    }

    std::string word() { return daemon_.word("kenya", {1, 0, 0}); }

    /// Where the depot keeps the file that is served now.
    fs::path stored() const {
        const Depot depot{depot_};
        const auto generation = depot.load_current();
        return depot.stored_path("kenya", *generation.layers.at("kenya").find(top_file));
    }

    TempFolder folder_;
    int uploads_ = 0;
    fs::path depot_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: old b / c d");
        return folder_ / "depot";
    }();
    LiveDaemon daemon_{depot_};
};

// RX-02
TEST_F(ReplaceRobustness, shows_the_new_tile_at_once_in_a_file_that_was_open) {
    ASSERT_EQ(word(), "old");
    ASSERT_EQ(replace_with("z1: new").status, 200);
    EXPECT_EQ(word(), "new");
}

TEST_F(ReplaceRobustness, does_not_blame_a_client_for_a_folder_of_its_own_that_is_gone) {
    fs::remove(depot_ / "staging");
    EXPECT_EQ(replace_with("z1: new").status, 500);
    fs::create_directory(depot_ / "staging");
    EXPECT_EQ(replace_with("z1: new").status, 200);
}

// RX-03
TEST_F(ReplaceRobustness, is_not_undone_by_a_hot_journal_beside_a_stored_file) {
    write_mbtiles(folder_ / "killed", draw("z1: killed"));
    leave_hot_journal(folder_ / "killed");
    const auto journal = folder_ / "killed-journal";
    ASSERT_TRUE(fs::exists(journal));
    fs::copy_file(journal, stored().string() + "-journal");

    ASSERT_EQ(replace_with("z1: new").status, 200);
    fs::copy_file(journal, stored().string() + "-journal");

    EXPECT_EQ(word(), "new");
    EXPECT_EQ(daemon_.process().stop(SIGTERM), 0);
    LiveDaemon again{depot_};
    EXPECT_EQ(again.word("kenya", {1, 0, 0}), "new");
}

// RX-09
TEST_F(ReplaceRobustness, is_seen_by_a_client_that_keeps_a_newer_copy_of_the_old_tile) {
    HttpClient client;
    const auto url = daemon_.serving_url() + "/tiles/kenya/1/0/0.png";
    const auto etag = client.get(url).headers.at("etag");
    ASSERT_EQ(client.get(url, {"If-None-Match: " + etag}).status, 304);
    write_mbtiles(folder_ / "older", draw("z1: older"));
    fs::last_write_time(folder_ / "older",
                        fs::file_time_type::clock::now() - std::chrono::years{1});

    ASSERT_EQ(replace(folder_ / "older").status, 200);

    const auto response = client.get(
        url, {"If-None-Match: " + etag, "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT"});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, png("older"));
}

/// A client that has asked for a tile and reads no more of it than it is told to.
class SlowReader {
public:
    SlowReader(const std::string& serving_url, const std::string& path)
        : socket_{
              Poco::Net::SocketAddress{serving_url.substr(std::string_view{"http://"}.size())}} {
        socket_.setReceiveTimeout(Poco::Timespan{20, 0});
        const auto request =
            "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        socket_.sendBytes(request.data(), static_cast<int>(request.size()));
    }

    std::string read(std::size_t bytes) {
        std::string text(bytes, '\0');
        const auto size = socket_.receiveBytes(text.data(), static_cast<int>(bytes));
        text.resize(static_cast<std::size_t>(std::max(size, 0)));
        return text;
    }

    std::string read_rest() {
        std::string all;
        for (auto piece = read(1 << 16); !piece.empty(); piece = read(1 << 16)) {
            all += piece;
        }
        return all;
    }

private:
    Poco::Net::StreamSocket socket_;
};

// RX-12
TEST_F(ReplaceRobustness, lets_a_reader_in_the_midst_of_a_tile_finish_it) {
    const std::string large(16 << 20, 'x');
    ASSERT_EQ(replace_with_large(large).status, 200);
    SlowReader reader{daemon_.serving_url(), "/tiles/kenya/1/0/0.png"};
    auto received = reader.read(1000);

    ASSERT_EQ(replace_with("z1: new").status, 200);
    EXPECT_EQ(word(), "new");

    received += reader.read_rest();
    EXPECT_THAT(received, testing::StartsWith("HTTP/1.1 200"));
    EXPECT_TRUE(received.ends_with("\r\n\r\n" + png(large)));
}

/// A layer of single tiles in single files.
class ReplaceOfManyFiles : public testing::Test {
protected:
    static std::string name_of(int x) { return fmt::format("4-{:02}-0.sqlite", x); }

    ReplaceOfManyFiles() {
        for (int x = 0; x < 10; ++x) {
            write_mbtiles(folder_ / "tiles" / name_of(x), draw(fmt::format("z4@{},15: new", x)));
        }
    }

    HttpResponse replace() {
        return daemon_.replace(
            {{"layer", "kenya", {}}, {"source", (folder_ / "tiles").string(), {}}});
    }

    int new_tiles() {
        int count = 0;
        for (int x = 0; x < 10; ++x) {
            count += daemon_.word("kenya", {4, x, 15}) == "new" ? 1 : 0;
        }
        return count;
    }

    TempFolder folder_;
    fs::path depot_ = [&] {
        Manifest layout;
        layout.pyramids = {{.min_zoom = 4,
                            .max_zoom = 4,
                            .names = "{z}-{x}-{y}.sqlite",
                            .options = {.xcount = 1, .ycount = 1, .formats = {{"x", "%02d"}}}}};
        install(folder_ / "depot", "kenya", "z4@0,15: old old old old old old old old old old",
                layout);
        return folder_ / "depot";
    }();
    LiveDaemon daemon_{depot_};
};

// RX-06
TEST_F(ReplaceOfManyFiles, changes_nothing_when_the_seventh_is_bad_and_names_it) {
    write_file(folder_ / "tiles" / name_of(6), "no database");

    const auto response = replace();

    EXPECT_EQ(response.status, 422);
    EXPECT_THAT(response.body, HasSubstr(name_of(6)));
    EXPECT_EQ(new_tiles(), 0);
    EXPECT_EQ(read_text(depot_ / "CURRENT"), "1\n");
}

TEST_F(ReplaceOfManyFiles, changes_all_when_all_are_good) {
    EXPECT_EQ(replace().status, 200);
    EXPECT_EQ(new_tiles(), 10);
}

std::uintmax_t device_of(const fs::path& path) {
    struct stat status {};
    ::stat(path.c_str(), &status);
    return status.st_dev;
}

// RX-07
TEST(ReplaceFromAnotherDevice, is_as_whole_as_any) {
    const TempFolder folder;
    const auto shared = fs::path{"/dev/shm"} / folder.path().filename();
    if (!fs::is_directory("/dev/shm") || device_of("/dev/shm") == device_of(folder.path())) {
        GTEST_SKIP() << "there is one device only";
    }
    install(folder / "depot", "kenya", "z0: top z1: old");
    fs::create_directory(shared);
    write_mbtiles(shared / "new.sqlite", draw("z1: new"));
    LiveDaemon daemon{folder / "depot", {"--source-root", shared.string()}};

    const auto response = daemon.replace({{"layer", "kenya", {}},
                                          {"destination", top_file, {}},
                                          {"source", (shared / "new.sqlite").string(), {}}});
    const bool is_source_there = fs::exists(shared / "new.sqlite");
    fs::remove_all(shared);

    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_TRUE(is_source_there);
    EXPECT_EQ(daemon.word("kenya", {1, 0, 0}), "new");
}

// RX-05
TEST(ReplaceOnASmallDisk, stops_in_the_midst_of_an_upload_that_has_no_room) {
    constexpr std::uint64_t megabyte = 1 << 20;
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top z1: old");
    write_file(folder / "large", std::string(40 * megabyte, 'x'));
    write_archive(folder / "large.zip", ArchiveKind::zip,
                  {{top_file, std::string(40 * megabyte, '\0')}});
    SmallDisk disk{100 * megabyte};
    DaemonOptions options;
    options.depot = folder / "depot";
    options.listen = options.admin = "127.0.0.1:0";
    options.limits.max_ratio = 1'000'000;
    Daemon daemon{options, disk, [](std::string_view) {}};
    HttpClient client;
    const auto replace_with = [&](const std::string& file,
                                  const std::vector<std::string>& headers) {
        disk.set_free(30 * megabyte);
        return client
            .post_form(daemon.admin_url() + "/rest/sqlite/replace",
                       {{"layer", "kenya", {}},
                        {"destination", top_file, {}},
                        {"file", {}, folder / file}},
                       {}, headers)
            .status;
    };

    EXPECT_EQ(replace_with("large", {}), 507);
    EXPECT_EQ(replace_with("large", {"Transfer-Encoding: chunked"}), 507);
    EXPECT_EQ(replace_with("large.zip", {}), 507);

    EXPECT_TRUE(names_below(folder / "depot/staging").empty());
    EXPECT_EQ(word_at(client, daemon.serving_url(), "kenya", {1, 0, 0}), "old");
}

}  // namespace
}  // namespace offgrid::test
