#include "formats/base/parse_number.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <thread>

namespace offgrid::test {
namespace {

constexpr int readers = 8;
constexpr int warm_up_replaces = 20;

/// Enough to meet every way in which a request and a replace can cross, and over in a minute; the
/// benchmark, or whoever sets the variable, runs 2 000.
int replaces() {
    const char* const wanted = std::getenv("OFFGRID_REPLACES");
    return wanted == nullptr ? 300 : parse_number<int>(wanted).value();
}

/// A word that says its version all over, so that a body that is cut, or mixed, shows.
std::string word_of(int version) {
    std::string word;
    for (int i = 0; i < 1000; ++i) {
        word += fmt::format("v{:06}", version);
    }
    return word;
}

/// The version that a word says it is of, whole; nothing for any other word.
std::optional<int> version_of(std::string_view word) {
    if (!word.starts_with('v')) {
        return std::nullopt;
    }
    const auto version = parse_number<int>(word.substr(1, 6));
    return version && word == word_of(*version) ? version : std::nullopt;
}

/// Which version was being published last, and which had been acknowledged by then.
struct Published {
    std::atomic<int> begun = 0;
    std::atomic<int> acknowledged = 0;
};

/// Readers that pull tiles over kept connections as fast as they come, and count what is not right.
class Readers {
public:
    Readers(const LiveDaemon& daemon, const Published& published) : published_{published} {
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

    /// No answer, not 200, or not a whole tile of any version that there was.
    int failures() const { return failures_; }

    /// Older than what had been acknowledged before the request began.
    int stale() const { return stale_; }

private:
    void read(const std::string& url) {
        HttpClient client;
        while (!is_ended_) {
            const int oldest = published_.acknowledged;
            const auto version = version_of(word_at(client, url, "kenya", {1, 0, 0}));
            const int newest = published_.begun;
            const auto top = word_at(client, url, "kenya", {0, 0, 0});
            requests_ += 2;
            failures_ += (version && *version <= newest ? 0 : 1) + (top == "top" ? 0 : 1);
            stale_ += version && *version < oldest ? 1 : 0;
        }
    }

    const Published& published_;
    std::atomic<bool> is_ended_ = false;
    std::atomic<int> requests_ = 0;
    std::atomic<int> failures_ = 0;
    std::atomic<int> stale_ = 0;
    std::vector<std::thread> threads_;
};

/// The tile files that a process has open.
std::set<std::string> open_tile_files(pid_t pid) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{fmt::format("/proc/{}/fd", pid)}) {
        const auto name = std::filesystem::read_symlink(entry.path()).string();
        if (name.find(".sqlite3") != std::string::npos) {
            names.insert(name);
        }
    }
    return names;
}

class LoadedDaemon : public testing::Test {
protected:
    /// Replace the top file that many times, each time with the next version; the number of
    /// replaces after which a request did not get the new tile.
    int replace_repeatedly(int count) {
        const auto upload = folder_ / "upload";
        int stale = 0;
        for (int i = 0; i < count; ++i) {
            const int version = published_.acknowledged + 1;
            std::filesystem::remove(upload);
            write_mbtiles(upload,
                          draw("z1: " + word_of(version) + " z2: . " + word_of(version) + "2"));
            published_.begun = version;
            const auto response = daemon_.replace({{"layer", "kenya", {}},
                                                   {"destination", "z01-0-1.sqlite3", {}},
                                                   {"file", {}, upload}});
            EXPECT_EQ(response.status, 200) << response.body;
            published_.acknowledged = version;
            stale += version_of(daemon_.word("kenya", {1, 0, 0})) == version ? 0 : 1;
        }
        return stale;
    }

    TempFolder folder_;
    std::filesystem::path depot_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: " + word_of(0));
        return folder_ / "depot";
    }();
    LiveDaemon daemon_{depot_};
    Published published_;
};

// RX-01, RX-02, RX-11
TEST_F(LoadedDaemon, loses_no_request_serves_nothing_stale_and_does_not_grow_while_files_change) {
    const auto pid = daemon_.process().pid();
    {
        Readers warm_up{daemon_, published_};
        replace_repeatedly(warm_up_replaces);
    }
    const auto descriptors = count_descriptors(pid);
    const auto threads = count_threads(pid);
    const auto memory_kb = resident_memory_kb(pid);

    Readers load{daemon_, published_};
    const auto stale = replace_repeatedly(replaces());
    load.join();

    std::cout << fmt::format(
        "{} requests, {} failed, {} stale, during {} replaces; "
        "descriptors {} -> {}, threads {} -> {}, resident {} -> {} kB\n",
        load.requests(), load.failures(), load.stale(), replaces(), descriptors,
        count_descriptors(pid), threads, count_threads(pid), memory_kb, resident_memory_kb(pid));
    EXPECT_EQ(load.failures(), 0);
    EXPECT_EQ(load.stale() + stale, 0);
    EXPECT_GT(load.requests(), replaces());
    EXPECT_LE(open_tile_files(pid).size(), 2U) << "holds files that nobody is served from";
    // A reader more or less may have left a handle in the pool, or a connection that is just being
    // closed.
    EXPECT_LE(count_descriptors(pid), descriptors + readers);
    EXPECT_LE(count_threads(pid), threads + 2);
}

// RP-20
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
