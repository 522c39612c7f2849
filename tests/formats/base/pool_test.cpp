#include "formats/base/pool.h"

#include "formats/base/text.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

using namespace std::chrono_literals;
using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;

/// Counts itself, so that a test sees what is open.
struct Handle {
    explicit Handle(std::vector<std::string>& closings, std::string name)
        : closed{closings}, path{std::move(name)} {}
    ~Handle() { closed.push_back(path); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    std::vector<std::string>& closed;
    std::string path;
};

struct PoolTest : testing::Test {
    Pool<Handle>::Open open() {
        return [this](const std::string& path) {
            opened.push_back(path);
            if (path == "bad") {
                throw Error{Errc::corrupt, "bad"};
            }
            return std::make_unique<Handle>(closed, path);
        };
    }

    std::vector<std::string> opened;
    std::vector<std::string> closed;
};

TEST_F(PoolTest, uses_an_idle_handle_again) {
    Pool<Handle> pool{4, open()};
    const auto hold = pool.hold({"a"});
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("a", 0ms); }
    EXPECT_THAT(opened, ElementsAre("a"));
}

TEST_F(PoolTest, closes_a_handle_that_is_discarded) {
    Pool<Handle> pool{4, open()};
    const auto hold = pool.hold({"a"});
    {
        auto lease = pool.acquire("a", 0ms);
        lease.discard();
    }
    EXPECT_THAT(closed, ElementsAre("a"));
    EXPECT_EQ(pool.statistics().open, 0U);
}

TEST_F(PoolTest, keeps_handles_that_nobody_holds_where_it_is_told_to) {
    Pool<Handle> pool{4, open(), Pool<Handle>::Keep::all};
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("b", 0ms); }
    EXPECT_EQ(pool.statistics().idle, 2U);
    pool.close_idle([](const std::string& path) { return path == "a"; });
    EXPECT_THAT(closed, ElementsAre("a"));
    EXPECT_EQ(pool.statistics().open, 1U);
}

TEST_F(PoolTest, closes_the_idle_handles_of_the_files_it_is_told) {
    Pool<Handle> pool{4, open(), Pool<Handle>::Keep::all};
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("b", 0ms); }
    const auto in_use = pool.acquire("c", 0ms);
    pool.close_idle_of({"b", "c", "never opened"});
    EXPECT_THAT(closed, ElementsAre("b"));
    EXPECT_EQ(pool.statistics().open, 2U);
    EXPECT_EQ(pool.statistics().idle, 1U);
}

TEST_F(PoolTest, opens_another_handle_while_the_first_is_in_use) {
    Pool<Handle> pool{4, open()};
    const auto hold = pool.hold({"a"});
    const auto first = pool.acquire("a", 0ms);
    const auto second = pool.acquire("a", 0ms);
    EXPECT_NE(&*first, &*second);
}

TEST_F(PoolTest, closes_the_least_recently_used_handle_at_the_cap) {
    Pool<Handle> pool{2, open()};
    const auto hold = pool.hold({"a", "b", "c"});
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("b", 0ms); }
    { const auto lease = pool.acquire("a", 0ms); }

    { const auto lease = pool.acquire("c", 0ms); }

    EXPECT_THAT(closed, ElementsAre("b"));
    EXPECT_EQ(pool.statistics().open, 2U);
    EXPECT_EQ(pool.statistics().evictions, 1U);
}

TEST_F(PoolTest, is_busy_after_the_deadline_when_all_handles_are_in_use) {
    Pool<Handle> pool{1, open()};
    const auto hold = pool.hold({"a", "b"});
    const auto lease = pool.acquire("a", 0ms);
    EXPECT_THAT([&] { pool.acquire("b", 10ms); },
                throws(Errc::busy, HasSubstr("all 1 file handles")));
}

TEST_F(PoolTest, a_waiting_caller_gets_the_handle_that_is_given_back) {
    Pool<Handle> pool{1, open()};
    const auto hold = pool.hold({"a", "b"});
    auto lease = std::make_unique<Pool<Handle>::Lease>(pool.acquire("a", 0ms));
    std::thread waiter{[&] { EXPECT_EQ(pool.acquire("b", 10s)->path, "b"); }};
    while (pool.statistics().waiting == 0) {
        std::this_thread::yield();
    }
    lease.reset();
    waiter.join();
    EXPECT_THAT(closed, ElementsAre("a"));
}

TEST_F(PoolTest, serves_callers_that_wait_before_those_who_come_later) {
    Pool<Handle> pool{1, open(), Pool<Handle>::Keep::all};
    auto lease = std::make_unique<Pool<Handle>::Lease>(pool.acquire("a", 0ms));
    std::atomic<bool> is_served = false;
    std::thread waiter{[&] {
        EXPECT_EQ(pool.acquire("b", 10s)->path, "b");
        is_served = true;
    }};
    while (pool.statistics().waiting == 0) {
        std::this_thread::yield();
    }

    lease.reset();

    try {
        const auto newcomer = pool.acquire("a", 0ms);  // which was idle for a moment
        EXPECT_TRUE(is_served);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::busy);
    }
    waiter.join();
}

TEST_F(PoolTest, closes_handles_in_use_of_a_discarded_file_when_they_come_back) {
    Pool<Handle> pool{4, open(), Pool<Handle>::Keep::all,
                      [](const std::string& path) { return lower_case(path); }};
    {
        const auto in_use = pool.acquire("a", 0ms);
        { const auto idle = pool.acquire("a", 0ms); }

        pool.discard({"A"});

        EXPECT_THAT(closed, ElementsAre("a"));
        EXPECT_TRUE(pool.acquire("a", 0ms)->path == "a") << "opened since: it stays";
    }
    EXPECT_THAT(closed, ElementsAre("a", "a"));
    EXPECT_EQ(pool.statistics().idle, 1U);
}

TEST_F(PoolTest, discards_also_what_was_taken_while_paths_are_spelled) {
    bool is_discarding = false;
    std::vector<std::future<Pool<Handle>::Lease>> taken;
    Pool<Handle>* asked = nullptr;
    Pool<Handle> pool{4, open(), Pool<Handle>::Keep::all, [&](const std::string& path) {
                          if (std::exchange(is_discarding, false)) {
                              taken.push_back(std::async(std::launch::async, [&asked] {
                                  return asked->acquire("a", 0ms);
                              }));
                              EXPECT_EQ(taken.back().wait_for(2s), std::future_status::ready)
                                  << "others wait while a path is spelled";
                          }
                          return path;
                      }};
    asked = &pool;
    { const auto lease = pool.acquire("a", 0ms); }

    is_discarding = true;
    pool.discard({"a"});
    for (auto& lease : taken) {
        lease.get();
    }

    EXPECT_EQ(pool.statistics().open, 0U);
}

TEST_F(PoolTest, closes_idle_handles_by_any_spelling_of_their_file) {
    Pool<Handle> pool{4, open(), Pool<Handle>::Keep::all,
                      [](const std::string& path) { return lower_case(path); }};
    { const auto lease = pool.acquire("a", 0ms); }
    pool.close_idle_of({"A"});
    EXPECT_THAT(closed, ElementsAre("a"));
}

TEST_F(PoolTest, gives_the_place_back_when_opening_fails) {
    Pool<Handle> pool{1, open()};
    const auto hold = pool.hold({"a", "bad"});
    EXPECT_THAT([&] { pool.acquire("bad", 0ms); }, throws(Errc::corrupt, HasSubstr("bad")));
    EXPECT_EQ(pool.acquire("a", 0ms)->path, "a");
}

TEST_F(PoolTest, does_not_use_a_handle_again_that_an_exception_gave_back) {
    Pool<Handle> pool{1, open()};
    const auto hold = pool.hold({"a"});
    try {
        const auto lease = pool.acquire("a", 0ms);
        throw Error{Errc::corrupt, "damaged"};
    } catch (const Error&) {
        EXPECT_THAT(closed, ElementsAre("a"));
    }
    { const auto lease = pool.acquire("a", 0ms); }
    EXPECT_THAT(opened, ElementsAre("a", "a"));
    EXPECT_EQ(pool.statistics().open, 1U);
}

TEST_F(PoolTest, closes_the_handles_of_a_file_with_its_last_hold) {
    Pool<Handle> pool{4, open()};
    auto one = std::make_unique<Pool<Handle>::Hold>(pool.hold({"a", "b"}));
    const auto other = pool.hold({"a"});
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("b", 0ms); }

    one.reset();

    EXPECT_THAT(closed, ElementsAre("b"));
    EXPECT_EQ(pool.statistics().open, 1U);
}

TEST_F(PoolTest, closes_a_handle_on_return_when_nobody_holds_its_file_any_more) {
    Pool<Handle> pool{4, open()};
    auto hold = std::make_unique<Pool<Handle>::Hold>(pool.hold({"a"}));
    {
        const auto lease = pool.acquire("a", 0ms);
        hold.reset();
        EXPECT_TRUE(closed.empty()) << "it is in use";
    }
    EXPECT_THAT(closed, ElementsAre("a"));
    EXPECT_EQ(pool.statistics().open, 0U);
}

// PL-01
TEST_F(PoolTest, closes_the_least_recently_used_handle_a_tick_until_nine_tenths_are_open) {
    Pool<Handle> pool{10, open(), Pool<Handle>::Keep::all};
    for (int file = 0; file < 40; ++file) {
        const auto lease = pool.acquire(std::to_string(file), 0ms);
    }
    EXPECT_EQ(pool.statistics().open, 10U);
    closed.clear();

    EXPECT_EQ(pool.reap(), 1U);

    EXPECT_THAT(closed, ElementsAre("30"));
    EXPECT_EQ(pool.statistics().open, 9U);
    EXPECT_EQ(pool.reap(), 0U);
    EXPECT_EQ(pool.statistics().open, 9U);
    EXPECT_EQ(pool.statistics().reaped, 1U);
    EXPECT_EQ(pool.statistics().evictions, 30U);
}

TEST_F(PoolTest, reaps_a_tenth_of_a_large_pool_a_tick) {
    Pool<Handle> pool{256, open(), Pool<Handle>::Keep::all};
    for (int file = 0; file < 256; ++file) {
        const auto lease = pool.acquire(std::to_string(file), 0ms);
    }
    EXPECT_EQ(pool.reap(), 26U);
    EXPECT_EQ(pool.reap(), 0U);
    EXPECT_EQ(pool.statistics().open, 230U);
}

TEST_F(PoolTest, does_not_reap_what_is_in_use) {
    Pool<Handle> pool{1, open(), Pool<Handle>::Keep::all};
    const auto lease = pool.acquire("a", 0ms);
    EXPECT_EQ(pool.reap(), 0U);
    EXPECT_THAT(closed, ElementsAre());
}

TEST_F(PoolTest, closes_what_nobody_used_for_so_many_ticks) {
    Pool<Handle> pool{10, open(), Pool<Handle>::Keep::all};
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("b", 0ms); }
    pool.reap(2);
    { const auto lease = pool.acquire("b", 0ms); }
    pool.reap(2);
    EXPECT_THAT(closed, ElementsAre());
    pool.reap(2);
    EXPECT_THAT(closed, ElementsAre("a"));
    pool.reap(2);
    EXPECT_THAT(closed, ElementsAre("a", "b"));
}

// PL-02
TEST_F(PoolTest, opens_files_again_after_all_idle_handles_were_closed) {
    Pool<Handle> pool{4, open(), Pool<Handle>::Keep::all};
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("b", 0ms); }
    pool.close_all_idle();
    EXPECT_EQ(pool.statistics().open, 0U);
    EXPECT_EQ(pool.acquire("a", 0ms)->path, "a");
}

// PL-04
TEST_F(PoolTest, keeps_one_handle_for_two_spellings_of_a_path) {
    Pool<Handle> pool{4, open(), Pool<Handle>::Keep::all,
                      [](const std::string& path) { return lower_case(path); }};
    { const auto lease = pool.acquire("A", 0ms); }
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("A", 0ms); }
    EXPECT_THAT(opened, ElementsAre("a"));
    EXPECT_EQ(pool.statistics().open, 1U);
}

TEST_F(PoolTest, does_not_spell_a_path_that_is_spelled_right) {
    int spellings = 0;
    Pool<Handle> pool{4, open(), Pool<Handle>::Keep::all, [&](const std::string& path) {
                          ++spellings;
                          return path;
                      }};
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("a", 0ms); }
    { const auto lease = pool.acquire("a", 0ms); }
    EXPECT_EQ(spellings, 1) << "when it was opened";
}

// PL-06
TEST_F(PoolTest, closes_idle_handles_when_the_process_has_no_descriptor_left) {
    std::size_t descriptors = 2;
    Pool<Handle> pool{10,
                      [&](const std::string& path) {
                          if (opened.size() - closed.size() == descriptors) {
                              throw OutOfDescriptors{"none left"};
                          }
                          return open()(path);
                      },
                      Pool<Handle>::Keep::all};
    { const auto lease = pool.acquire("a", 0ms); }
    const auto in_use = pool.acquire("b", 0ms);

    const auto made_room_for = pool.acquire("c", 0ms);

    EXPECT_THAT(closed, ElementsAre("a"));
    EXPECT_THAT([&] { pool.acquire("d", 0ms); }, throws(Errc::busy, HasSubstr("none left")));
    EXPECT_EQ(pool.statistics().open, 2U);
}

// PL-05
TEST(Pool, serves_1000_readers_while_handles_are_evicted_and_reaped) {
    struct Exclusive {
        std::atomic<bool> is_used = false;
    };
    Pool<Exclusive> pool{8, [](const std::string&) { return std::make_unique<Exclusive>(); },
                         Pool<Exclusive>::Keep::all};
    std::atomic<int> shared = 0;
    std::atomic<int> served = 0;
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 1'000; ++reader) {
        readers.emplace_back([&, reader] {
            for (int n = 0; n < 20; ++n) {
                const auto lease = pool.acquire(std::to_string((reader + n) % 40), 60s);
                shared += lease->is_used.exchange(true) ? 1 : 0;
                ++served;
                lease->is_used = false;
            }
        });
    }
    std::jthread reaper{[&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pool.reap(1);
            pool.close_idle([](const std::string& path) { return path == "7"; });
        }
    }};
    for (auto& reader : readers) {
        reader.join();
    }
    reaper = {};
    EXPECT_EQ(served, 20'000);
    EXPECT_EQ(shared, 0);
    const auto statistics = pool.statistics();
    EXPECT_EQ(statistics.open, statistics.idle) << "no lease is left";
    EXPECT_LE(statistics.open, 8U);
    EXPECT_EQ(statistics.waiting, 0U);
}

TEST(Pool, never_opens_more_than_the_cap_under_load) {
    struct Counted {
        explicit Counted(std::atomic<int>& count) : open{count} { ++open; }
        ~Counted() { --open; }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
        std::atomic<int>& open;
    };
    std::atomic<int> open = 0;
    std::atomic<int> most = 0;
    Pool<Counted> pool{3, [&](const std::string&) {
                           auto handle = std::make_unique<Counted>(open);
                           for (int seen = most;
                                open > seen && !most.compare_exchange_weak(seen, open);) {
                           }
                           return handle;
                       }};
    const auto hold = pool.hold({"0", "1", "2", "3", "4", "5", "6"});
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int n = 0; n < 500; ++n) {
                const auto lease = pool.acquire(std::to_string((n + t) % 7), 10s);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    // A handle that makes room is closed just before the next one is opened.
    EXPECT_LE(most, 3);
    EXPECT_EQ(pool.statistics().open, pool.statistics().idle);
}

}  // namespace
}  // namespace offgrid
