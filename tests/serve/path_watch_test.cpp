#include "serve/path_watch.h"

#include "formats/base/error.h"
#include "formats/base/unique_fd.h"
#include "formats/package/depot.h"
#include "tests/support/temp_folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

constexpr std::chrono::seconds patience{20};

constexpr PathWatchOptions often{.interval = std::chrono::milliseconds{1},
                                 .interval_with_events = std::chrono::milliseconds{1}};
constexpr PathWatchOptions only_when_told{.interval = std::chrono::hours{1},
                                          .interval_with_events = std::chrono::hours{1}};

/// Something that is counted on one thread and awaited on another.
class Counter {
public:
    void add() {
        const std::lock_guard lock{mutex_};
        ++count_;
        changed_.notify_all();
    }

    bool reaches(int count) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, patience, [&] { return count_ >= count; });
    }

    int count() {
        const std::lock_guard lock{mutex_};
        return count_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
};

struct WatchedDepot : testing::Test {
    WatchedDepot() { depot.create_if_missing(posix_file_ops()); }

    void publish(std::uint64_t number) {
        depot.publish(posix_file_ops(), {.number = number, .layers = {}});
    }

    /// Counts the reads of another generation than the one that was read before.
    PathWatch::Look counting(Counter& reloads) {
        return [this, &reloads, served = depot.current_number()]() mutable -> PathWatch::Seen {
            const auto number = depot.current_number();
            const bool has_news = number != served;
            served = number;
            if (has_news) {
                reloads.add();
            }
            return {.has_news = has_news, .folders = {depot.root()}};
        };
    }

    TempFolder folder;
    Depot depot{folder / "depot"};
};

TEST_F(WatchedDepot, is_looked_at_after_each_new_generation) {
    Counter reloads;
    const PathWatch watch{{depot.root()}, counting(reloads), [](std::string_view) {}, often};
    publish(1);
    EXPECT_TRUE(reloads.reaches(1));
    publish(2);
    EXPECT_TRUE(reloads.reaches(2));
    EXPECT_EQ(reloads.count(), 2);
}

TEST_F(WatchedDepot, is_looked_at_when_it_changed_before_the_watch_began) {
    Counter reloads;
    auto look = counting(reloads);
    publish(1);
    const PathWatch watch{{depot.root()}, std::move(look), [](std::string_view) {}, often};
    EXPECT_TRUE(reloads.reaches(1));
}

TEST_F(WatchedDepot, tells_of_a_change_by_itself) {
    Counter reloads;
    const PathWatch watch{
        {depot.root()}, counting(reloads), [](std::string_view) {}, only_when_told};
    publish(1);
    EXPECT_TRUE(reloads.reaches(1));
    publish(2);
    EXPECT_TRUE(reloads.reaches(2));
}

/// Write over a file through memory, of which no event tells: as what others do to a network share.
/// Closing the file is an event.
UniqueFd overwrite_silently(const std::filesystem::path& path, char first) {
    UniqueFd file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    void* const memory = ::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    EXPECT_NE(memory, MAP_FAILED);
    *static_cast<char*>(memory) = first;
    ::munmap(memory, 1);
    return file;
}

TEST_F(WatchedDepot, is_looked_at_even_when_nothing_tells_of_a_change) {
    publish(1);
    publish(2);
    Counter reloads;
    const PathWatch watch{{depot.root()},
                          counting(reloads),
                          [](std::string_view) {},
                          {.interval = std::chrono::milliseconds{1},
                           .interval_with_events = std::chrono::milliseconds{50}}};
    const auto open = overwrite_silently(depot.root() / "CURRENT", '1');
    EXPECT_TRUE(reloads.reaches(1));
}

TEST_F(WatchedDepot, is_watched_on_after_its_folder_was_made_anew) {
    Counter reloads;
    const PathWatch watch{
        {depot.root()},
        counting(reloads),
        [](std::string_view) {},
        {.interval = std::chrono::milliseconds{1}, .interval_with_events = std::chrono::hours{1}}};
    std::filesystem::rename(depot.root(), folder / "old");
    depot.create_if_missing(posix_file_ops());
    publish(1);
    EXPECT_TRUE(reloads.reaches(1));
    publish(2);
    EXPECT_TRUE(reloads.reaches(2));
}

TEST_F(WatchedDepot, is_looked_at_again_soon_when_that_is_asked_for) {
    Counter looks;
    const PathWatch watch{{depot.root()},
                          [&]() -> PathWatch::Seen {
                              looks.add();
                              return {.is_unfinished = looks.count() < 3};
                          },
                          [](std::string_view) {},
                          only_when_told};
    EXPECT_TRUE(looks.reaches(3));
}

TEST_F(WatchedDepot, is_looked_at_rarely_while_something_is_written_when_that_costs_much) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds cost{5};
    constexpr int rest_factor = 20;
    Counter looks;
    std::vector<Clock::time_point> begins;  // of the watch's thread, read when it has ended
    {
        const PathWatch watch{{depot.root()},
                              [&]() -> PathWatch::Seen {
                                  begins.push_back(Clock::now());
                                  while (Clock::now() - begins.back() < cost) {
                                  }
                                  looks.add();
                                  return {.is_settling = true};
                              },
                              [](std::string_view) {},
                              {.interval_unfinished = std::chrono::milliseconds{1},
                               .interval_settling = std::chrono::milliseconds{1},
                               .rest_factor = rest_factor}};
        EXPECT_TRUE(looks.reaches(3));
    }
    for (std::size_t i = 1; i < 3; ++i) {
        EXPECT_GE(begins[i] - begins[i - 1], cost * rest_factor);
    }
}

TEST_F(WatchedDepot, is_tried_again_after_a_failure_that_is_said_once) {
    Counter looks;
    std::vector<std::string> log;  // of the watch's thread, read when it has ended
    {
        const PathWatch watch{{depot.root()},
                              [&]() -> PathWatch::Seen {
                                  looks.add();
                                  throw Error{Errc::io, "not yet"};
                              },
                              [&](std::string_view line) { log.emplace_back(line); },
                              often};
        EXPECT_TRUE(looks.reaches(3));
    }
    EXPECT_THAT(log, testing::ElementsAre("still serving the previous state: not yet"));
}

TEST(PathWatch, tells_of_what_comes_and_goes_in_a_folder) {
    const TempFolder folder;
    Counter changes;
    const PathWatch watch{{folder.path()},
                          [&, before = names_below(folder.path())]() mutable -> PathWatch::Seen {
                              auto now = names_below(folder.path());
                              const bool has_news = now != before;
                              before = std::move(now);
                              if (has_news) {
                                  changes.add();
                              }
                              return {.has_news = has_news, .folders = {folder.path()}};
                          },
                          [](std::string_view) {},
                          only_when_told};
    std::filesystem::create_directory(folder / "a");
    EXPECT_TRUE(changes.reaches(1));
    std::filesystem::rename(folder / "a", folder / "b");
    EXPECT_TRUE(changes.reaches(2));
    std::filesystem::remove(folder / "b");
    EXPECT_TRUE(changes.reaches(3));
}

}  // namespace
}  // namespace offgrid::test
