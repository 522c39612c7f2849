#include "serve/depot_watch.h"

#include "formats/base/error.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

constexpr std::chrono::seconds patience{20};

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

    TempFolder folder;
    Depot depot{folder / "depot"};
};

TEST_F(WatchedDepot, is_reloaded_after_each_new_generation) {
    Counter reloads;
    const DepotWatch watch{{depot},
                           current_generations({depot}),
                           [&] { reloads.add(); },
                           [](std::string_view) {},
                           std::chrono::milliseconds{1}};
    publish(1);
    EXPECT_TRUE(reloads.reaches(1));
    publish(2);
    EXPECT_TRUE(reloads.reaches(2));
    EXPECT_EQ(reloads.count(), 2);
}

TEST_F(WatchedDepot, is_reloaded_when_it_changed_before_the_watch_began) {
    const auto served = current_generations({depot});
    publish(1);
    Counter reloads;
    const DepotWatch watch{{depot},
                           served,
                           [&] { reloads.add(); },
                           [](std::string_view) {},
                           std::chrono::milliseconds{1}};
    EXPECT_TRUE(reloads.reaches(1));
}

TEST_F(WatchedDepot, is_tried_again_after_a_failed_reload_that_is_said_once) {
    Counter reloads;
    std::vector<std::string> log;  // of the watch's thread, read when it has ended
    {
        const DepotWatch watch{{depot},
                               current_generations({depot}),
                               [&] {
                                   reloads.add();
                                   if (reloads.count() < 3) {
                                       throw Error{Errc::io, "not yet"};
                                   }
                               },
                               [&](std::string_view line) { log.emplace_back(line); },
                               std::chrono::milliseconds{1}};
        publish(1);
        EXPECT_TRUE(reloads.reaches(3));
    }
    EXPECT_THAT(log, testing::ElementsAre("still serving the previous state: not yet"));
}

}  // namespace
}  // namespace offgrid::test
