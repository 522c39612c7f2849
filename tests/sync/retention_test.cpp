#include "formats/package/depot.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Json = nlohmann::json;
using Numbers = std::vector<std::uint64_t>;

/// A daemon that keeps some generations, of a depot that has two: 0 without layers, and 1.
class DaemonWithRetention : public testing::Test {
protected:
    DaemonWithRetention() { install(depot_, "kenya", "z0: top z1: first"); }

    void replace_with(const LiveDaemon& daemon, const std::string& word) const {
        write_mbtiles(folder_ / word, draw("z1: " + word));
        const auto response = daemon.replace({{"layer", "kenya", {}},
                                              {"destination", "z01-0-1.sqlite3", {}},
                                              {"file", {}, folder_ / word}});
        EXPECT_EQ(response.status, 200) << response.body;
    }

    static Numbers generations(const LiveDaemon& daemon) {
        HttpClient client;
        Numbers numbers;
        for (const auto& kept : Json::parse(client.get(daemon.admin_url() + "/generations").body)) {
            numbers.push_back(kept["number"]);
        }
        return numbers;
    }

    /// Wait until these are kept and no others.
    static void wait_for(const LiveDaemon& daemon, const Numbers& wanted) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        while (generations(daemon) != wanted) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline)
                << testing::PrintToString(generations(daemon));
            std::this_thread::yield();
        }
    }

    std::uintmax_t bytes_of_tile_files() const {
        std::uintmax_t bytes = 0;
        for (const auto& entry : fs::recursive_directory_iterator{depot_ / "files"}) {
            bytes += entry.is_regular_file() ? entry.file_size() : 0;
        }
        return bytes;
    }

    TempFolder folder_;
    fs::path depot_ = folder_ / "depot";
};

TEST_F(DaemonWithRetention, keeps_the_newest_generations_and_no_more_bytes_than_these_need) {
    LiveDaemon daemon{depot_, {"--keep", "3"}};
    replace_with(daemon, "a");
    replace_with(daemon, "b");
    wait_for(daemon, {1, 2, 3});
    const auto bytes = bytes_of_tile_files();
    for (const std::string word : {"c", "d", "e", "f", "g", "h", "i", "j"}) {
        replace_with(daemon, word);
    }

    wait_for(daemon, {9, 10, 11});

    EXPECT_EQ(daemon.process().stop(SIGTERM), 0);
    EXPECT_EQ(bytes_of_tile_files(), bytes) << "files of one size, each time as many";
    EXPECT_THAT(read_text(depot_ / "audit.log"),
                testing::AllOf(HasSubstr("\"retention\""), HasSubstr("\"prune\"")));
}

TEST_F(DaemonWithRetention, goes_back_to_a_generation_that_it_keeps) {
    LiveDaemon daemon{depot_, {"--keep", "3"}};
    for (const std::string word : {"a", "b", "c"}) {
        replace_with(daemon, word);
    }
    wait_for(daemon, {2, 3, 4});
    HttpClient client;

    EXPECT_EQ(client.request("POST", daemon.admin_url() + "/rollback?to=1").status, 404);
    EXPECT_EQ(client.request("POST", daemon.admin_url() + "/rollback?to=2").status, 200);

    EXPECT_EQ(daemon.word("kenya", {1, 0, 0}), "a");
    EXPECT_EQ(daemon.word("kenya", {0, 0, 0}), "top");
    replace_with(daemon, "d");
    wait_for(daemon, {2, 4, 5});
    EXPECT_EQ(daemon.word("kenya", {1, 0, 0}), "d");
}

TEST_F(DaemonWithRetention, leaves_a_generation_that_is_still_read) {
    LiveDaemon daemon{depot_, {"--keep", "1"}};
    {
        const GenerationLease reader{Depot{depot_}, 1};
        replace_with(daemon, "a");
        replace_with(daemon, "b");
        wait_for(daemon, {1, 3});
        EXPECT_NO_THROW(Depot{depot_}.load_kept(1)) << "all its files are there";
    }
    replace_with(daemon, "c");
    wait_for(daemon, {4});
}

TEST_F(DaemonWithRetention, makes_a_change_though_it_cannot_prune) {
    LiveDaemon daemon{depot_, {"--keep", "2"}};
    write_file(Depot{depot_}.generation_path(1), "damaged");

    replace_with(daemon, "a");

    EXPECT_THAT(daemon.process().wait_for_line("cannot be pruned"), HasSubstr("000001.json"));
    EXPECT_EQ(daemon.word("kenya", {1, 0, 0}), "a");
    EXPECT_EQ(generations(daemon), (Numbers{0, 1, 2}));
}

// A disk that is full of them takes no change after which they could go.
TEST_F(DaemonWithRetention, prunes_at_its_start) {
    {
        LiveDaemon daemon{depot_};
        replace_with(daemon, "a");
        replace_with(daemon, "b");
    }
    LiveDaemon daemon{depot_, {"--keep", "2"}};

    wait_for(daemon, {2, 3});
}

TEST_F(DaemonWithRetention, ends_in_order_after_a_change) {
    LiveDaemon daemon{depot_, {"--keep", "1"}};
    replace_with(daemon, "a");

    EXPECT_EQ(daemon.process().stop(SIGTERM), 0);

    EXPECT_EQ(Depot{depot_}.load_current().number, 2U);
}

}  // namespace
}  // namespace offgrid::test
