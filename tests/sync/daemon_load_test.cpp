#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

namespace offgrid::test {
namespace {

constexpr int readers = 8;
constexpr int warm_up_replaces = 20;
constexpr int replaces = 200;

/// A word that makes a tile of some size, so that a truncated body would show.
std::string version(char letter) {
    std::string word;
    word.assign(6000, letter);
    return word;
}

std::string drawing(char letter) {
    return "z1: " + version(letter) + " z2: . " + version(letter) + "2";
}

/// Readers that pull tiles over kept connections as fast as they come, and count what is not right.
class Readers {
public:
    explicit Readers(const LiveDaemon& daemon) {
        for (int i = 0; i < readers; ++i) {
            threads_.emplace_back([this, url = daemon.serving_url()] { read(url); });
        }
    }
    ~Readers() { join(); }
    Readers(const Readers&) = delete;
    Readers& operator=(const Readers&) = delete;

    void join() {
        is_ended_ = true;
        for (auto& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }

    int requests() const { return requests_; }
    int failures() const { return failures_; }

private:
    void read(const std::string& url) {
        HttpClient client;
        while (!is_ended_) {
            const auto first = word_at(client, url, "kenya", {1, 0, 0});
            const auto top = word_at(client, url, "kenya", {0, 0, 0});
            requests_ += 2;
            failures_ +=
                (first == version('a') || first == version('b') ? 0 : 1) + (top == "top" ? 0 : 1);
        }
    }

    std::atomic<bool> is_ended_ = false;
    std::atomic<int> requests_ = 0;
    std::atomic<int> failures_ = 0;
    std::vector<std::thread> threads_;
};

class LoadedDaemon : public testing::Test {
protected:
    LoadedDaemon() {
        write_mbtiles(folder_ / "a", draw(drawing('a')));
        write_mbtiles(folder_ / "b", draw(drawing('b')));
    }

    /// Replace the top file in turns; the number of replaces after which the first request did not
    /// get the new tile.
    int replace_in_turns(int count) {
        int stale = 0;
        for (int i = 0; i < count; ++i) {
            const char letter = i % 2 == 0 ? 'b' : 'a';
            const auto response =
                daemon_.replace({{"layer", "kenya", {}},
                                 {"destination", "z01-0-1.sqlite3", {}},
                                 {"file", {}, folder_ / std::string_view{&letter, 1}}});
            EXPECT_EQ(response.status, 200) << response.body;
            stale += daemon_.word("kenya", {1, 0, 0}) == version(letter) ? 0 : 1;
        }
        return stale;
    }

    TempFolder folder_;
    std::filesystem::path depot_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top " + drawing('a'));
        return folder_ / "depot";
    }();
    LiveDaemon daemon_{depot_};
};

TEST_F(LoadedDaemon, loses_no_request_and_no_descriptor_in_200_replaces) {
    const auto pid = daemon_.process().pid();
    {
        Readers warm_up{daemon_};
        replace_in_turns(warm_up_replaces);
    }
    const auto descriptors = count_descriptors(pid);
    const auto threads = count_threads(pid);

    Readers load{daemon_};
    const auto stale = replace_in_turns(replaces);
    load.join();

    std::cout << load.requests() << " requests, " << load.failures() << " failed, during "
              << replaces << " replaces; descriptors " << descriptors << " -> "
              << count_descriptors(pid) << ", threads " << threads << " -> " << count_threads(pid)
              << "\n";
    EXPECT_EQ(load.failures(), 0);
    EXPECT_EQ(stale, 0);
    EXPECT_GT(load.requests(), replaces);
    // A reader more or less may have left a handle in the pool, or a connection that is just being
    // closed.
    EXPECT_LE(count_descriptors(pid), descriptors + readers);
    EXPECT_LE(count_threads(pid), threads + 2);
}

/// Kilobytes of memory that the process has used at most.
long peak_memory_kb(pid_t pid) {
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string word; status >> word;) {
        if (word == "VmHWM:") {
            long kilobytes = 0;
            status >> kilobytes;
            return kilobytes;
        }
    }
    return -1;
}

TEST_F(LoadedDaemon, takes_a_large_upload_in_bounded_memory) {
    const auto before = peak_memory_kb(daemon_.process().pid());
    write_file(folder_ / "large", "no database, and no archive");
    std::filesystem::resize_file(folder_ / "large", std::uintmax_t{400} << 20);

    const auto response = daemon_.replace({{"layer", "kenya", {}},
                                           {"destination", "z01-0-1.sqlite3", {}},
                                           {"file", {}, folder_ / "large"}});

    EXPECT_EQ(response.status, 422);
    EXPECT_LT(peak_memory_kb(daemon_.process().pid()), before + 32'000);
    EXPECT_EQ(daemon_.word("kenya", {0, 0, 0}), "top");
}

}  // namespace
}  // namespace offgrid::test
