#include "formats/store/locker.h"

#include "tests/support/errors.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::Process;
using test::TempFolder;
using test::throws;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

/// The id of a process that has ended and was waited for.
pid_t ended_process() {
    Process process{{"true"}};
    const auto pid = process.pid();
    process.wait();
    return pid;
}

class FileLockerTest : public testing::Test {
protected:
    FileLocker locker(std::chrono::milliseconds timeout = 20s) {
        return FileLocker{{.folder = folder_.path(), .retry = 1ms, .timeout = timeout}};
    }
    std::vector<std::string> names() { return test::names_below(folder_.path()); }
    void leave_lock_of(std::string_view owner) {
        test::write_file(folder_ / "_gc_lockmap.lck", owner);
    }

    TempFolder folder_;
};

TEST_F(FileLockerTest, leaves_the_file_that_mapcache_looks_for) {
    auto files = locker();
    const auto lock = files.lock("/srv/my tiles/~a.tif");
    EXPECT_THAT(names(), ElementsAre("_gc_lock#srv#my#tiles##a#tif.lck"));
    EXPECT_EQ(test::read_text(folder_ / names().front()), std::to_string(::getpid()));
}

TEST_F(FileLockerTest, removes_the_file_with_the_lock) {
    auto files = locker();
    files.lock("map").reset();
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(FileLockerTest, locks_resources_independently) {
    auto files = locker(0ms);
    const auto one = files.lock("one");
    EXPECT_NO_THROW(files.lock("two"));
}

TEST_F(FileLockerTest, names_resource_file_and_process_when_time_is_up) {
    auto files = locker(5ms);
    const auto lock = files.lock("map");
    EXPECT_THAT([&] { files.lock("map"); },
                throws(Errc::busy, AllOf(HasSubstr("'map'"), HasSubstr("_gc_lockmap.lck"),
                                         HasSubstr(fmt::format("process {}", ::getpid())))));
}

TEST_F(FileLockerTest, waits_for_the_lock_of_a_process_that_lives) {
    const Process other{{"sleep", "60"}};
    leave_lock_of(std::to_string(other.pid()));
    EXPECT_THAT([&] { locker(5ms).lock("map"); },
                throws(Errc::busy, HasSubstr(std::to_string(other.pid()))));
    EXPECT_EQ(test::read_text(folder_ / "_gc_lockmap.lck"), std::to_string(other.pid()));
}

TEST_F(FileLockerTest, waits_for_a_lock_that_says_nothing_of_its_owner) {
    for (const auto* owner : {"", "nobody", "-1", "0", "99999999999999999999"}) {
        leave_lock_of(owner);
        EXPECT_THAT([&] { locker(5ms).lock("map"); },
                    throws(Errc::busy, HasSubstr("an unknown process")))
            << owner;
    }
}

TEST_F(FileLockerTest, takes_over_the_lock_of_a_process_that_has_ended) {
    leave_lock_of(std::to_string(ended_process()));
    auto files = locker();
    const auto lock = files.lock("map");
    EXPECT_EQ(test::read_text(folder_ / "_gc_lockmap.lck"), std::to_string(::getpid()));
}

TEST_F(FileLockerTest, follows_no_link_that_stands_in_place_of_the_lock) {
    test::write_file(folder_ / "precious", std::to_string(ended_process()));
    fs::create_symlink(folder_ / "precious", folder_ / "_gc_lockmap.lck");
    EXPECT_THAT([&] { locker(5ms).lock("map"); }, throws(Errc::busy, HasSubstr("'map'")));
    EXPECT_TRUE(fs::exists(folder_ / "precious"));
}

TEST_F(FileLockerTest, leaves_a_lock_that_became_somebody_elses) {
    auto files = locker();
    auto lock = files.lock("map");
    fs::remove(folder_ / "_gc_lockmap.lck");  // as MapCache does when the lock is old
    leave_lock_of("1");
    lock.reset();
    EXPECT_EQ(test::read_text(folder_ / "_gc_lockmap.lck"), "1");
}

TEST_F(FileLockerTest, says_why_there_can_be_no_lock) {
    FileLocker files{{.folder = folder_ / "missing", .retry = 1ms, .timeout = 5ms}};
    EXPECT_THAT([&] { files.lock("map"); }, throws(Errc::not_found, HasSubstr("_gc_lockmap.lck")));
}

/// Threads and processes, with a stale lock in the way each time: never two at once.
TEST_F(FileLockerTest, lets_one_in_at_a_time) {
    const auto stale = std::to_string(ended_process());
    leave_lock_of(stale);
    const auto counter = folder_ / "counter";
    test::write_file(counter, "0");
    const auto count_up = [&] {
        auto files = locker();
        for (int i = 0; i < 50; ++i) {
            const auto lock = files.lock("map");
            test::write_file(counter, std::to_string(std::stoi(test::read_text(counter)) + 1));
            if (i % 10 == 0) {  // what a process leaves that dies while it holds the lock
                const auto name = fmt::format("stale-{}-{}", ::getpid(), ::gettid());
                test::write_file(folder_ / name, stale);
                fs::rename(folder_ / name, folder_ / "_gc_lockmap.lck");
            }
        }
    };
    std::vector<pid_t> children;
    for (int i = 0; i < 2; ++i) {
        const auto child = ::fork();
        if (child == 0) {
            count_up();
            ::_exit(0);
        }
        children.push_back(child);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back(count_up);
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (const auto child : children) {
        int status = -1;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(test::read_text(counter), "200");
}

}  // namespace
}  // namespace offgrid
