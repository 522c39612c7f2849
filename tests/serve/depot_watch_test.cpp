#include "serve/depot_watch.h"

#include "formats/base/error.h"
#include "formats/base/unique_fd.h"
#include "tests/support/temp_folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

constexpr std::chrono::seconds patience{20};

constexpr DepotWatchOptions often{.interval = std::chrono::milliseconds{1},
                                  .interval_with_events = std::chrono::milliseconds{1}};
constexpr DepotWatchOptions only_when_told{.interval = std::chrono::hours{1},
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

/// Counts reloads that read what is current.
DepotWatch::Reload counting(Counter& reloads) {
    return [&reloads](const Depot& depot) {
        const auto number = depot.current_number();
        reloads.add();
        return number;
    };
}

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
    const DepotWatch watch{
        {depot}, current_generations({depot}), counting(reloads), [](std::string_view) {}, often};
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
    const DepotWatch watch{{depot}, served, counting(reloads), [](std::string_view) {}, often};
    EXPECT_TRUE(reloads.reaches(1));
}

TEST_F(WatchedDepot, tells_of_a_new_generation_by_itself) {
    Counter reloads;
    const DepotWatch watch{{depot},
                           current_generations({depot}),
                           counting(reloads),
                           [](std::string_view) {},
                           only_when_told};
    publish(1);
    EXPECT_TRUE(reloads.reaches(1));
    publish(2);
    EXPECT_TRUE(reloads.reaches(2));
}

TEST_F(WatchedDepot, is_reloaded_when_it_goes_back_to_an_older_generation) {
    publish(1);
    publish(2);
    Counter reloads;
    const DepotWatch watch{{depot},
                           current_generations({depot}),
                           counting(reloads),
                           [](std::string_view) {},
                           only_when_told};
    write_durably(posix_file_ops(), depot.root() / "CURRENT", as_bytes("1\n"));
    EXPECT_TRUE(reloads.reaches(1));
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
    const DepotWatch watch{{depot},
                           current_generations({depot}),
                           counting(reloads),
                           [](std::string_view) {},
                           {.interval = std::chrono::milliseconds{1},
                            .interval_with_events = std::chrono::milliseconds{50}}};
    const auto open = overwrite_silently(depot.root() / "CURRENT", '1');
    EXPECT_TRUE(reloads.reaches(1));
}

TEST_F(WatchedDepot, is_watched_on_after_its_folder_was_made_anew) {
    Counter reloads;
    const DepotWatch watch{
        {depot},
        current_generations({depot}),
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

TEST_F(WatchedDepot, is_reloaded_when_it_went_back_while_it_was_read) {
    publish(1);
    Counter reloads;
    const DepotWatch watch{{depot},
                           {0},
                           [&](const Depot& some) {
                               reloads.add();
                               if (reloads.count() > 1) {
                                   return some.current_number();
                               }
                               publish(2);
                               const auto read = some.current_number();
                               some.switch_to(posix_file_ops(), 1);
                               return read;
                           },
                           [](std::string_view) {},
                           often};
    EXPECT_TRUE(reloads.reaches(2)) << "2 was read, 1 is current";
}

TEST_F(WatchedDepot, is_tried_again_after_a_failed_reload_that_is_said_once) {
    Counter reloads;
    std::vector<std::string> log;  // of the watch's thread, read when it has ended
    {
        const DepotWatch watch{{depot},
                               current_generations({depot}),
                               [&](const Depot& some) {
                                   reloads.add();
                                   if (reloads.count() < 3) {
                                       throw Error{Errc::io, "not yet"};
                                   }
                                   return some.current_number();
                               },
                               [&](std::string_view line) { log.emplace_back(line); },
                               often};
        publish(1);
        EXPECT_TRUE(reloads.reaches(3));
    }
    EXPECT_THAT(log, testing::ElementsAre("still serving the previous state: not yet"));
}

TEST_F(WatchedDepot, is_reloaded_though_another_one_is_gone) {
    const Depot gone{folder / "stick"};
    gone.create_if_missing(posix_file_ops());
    const auto served = current_generations({gone, depot});
    Counter reloads;
    std::vector<std::filesystem::path> reloaded;  // of the watch's thread, read when it has ended
    {
        const DepotWatch watch{{gone, depot},
                               served,
                               [&](const Depot& changed) {
                                   reloaded.push_back(changed.root());
                                   reloads.add();
                                   return changed.current_number();
                               },
                               [](std::string_view) {},
                               often};
        std::filesystem::remove_all(gone.root());
        publish(1);
        EXPECT_TRUE(reloads.reaches(1));
    }
    EXPECT_THAT(reloaded, testing::ElementsAre(depot.root()));
}

}  // namespace
}  // namespace offgrid::test
