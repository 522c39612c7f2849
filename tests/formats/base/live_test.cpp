#include "formats/base/live.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

namespace offgrid {
namespace {

using namespace std::chrono_literals;

bool is_ready(const std::future<void>& future) {
    return future.wait_for(0s) == std::future_status::ready;
}

TEST(Live, a_lease_keeps_the_state_it_started_with) {
    Live<int> live{std::make_unique<const int>(1)};

    const auto lease = live.acquire();
    const auto drained = live.swap(std::make_unique<const int>(2));

    EXPECT_EQ(*lease, 1);
    EXPECT_EQ(*live.acquire(), 2);
}

TEST(Live, drains_when_the_last_lease_is_gone) {
    Live<int> live{std::make_unique<const int>(1)};
    auto first = live.acquire();
    auto second = live.acquire();

    const auto drained = live.swap(std::make_unique<const int>(2));
    EXPECT_FALSE(is_ready(drained));
    first.reset();
    EXPECT_FALSE(is_ready(drained));
    second.reset();
    EXPECT_TRUE(is_ready(drained));
}

TEST(Live, drains_at_once_without_leases) {
    Live<int> live{std::make_unique<const int>(1)};
    EXPECT_TRUE(is_ready(live.swap(std::make_unique<const int>(2))));
    EXPECT_TRUE(is_ready(live.swap(std::make_unique<const int>(3))));
}

TEST(Live, the_future_of_each_swap_is_that_of_the_state_it_replaced) {
    Live<int> live{std::make_unique<const int>(1)};
    auto on_first = live.acquire();
    const auto first_drained = live.swap(std::make_unique<const int>(2));

    const auto second_drained = live.swap(std::make_unique<const int>(3));

    EXPECT_TRUE(is_ready(second_drained));
    EXPECT_FALSE(is_ready(first_drained));
    on_first.reset();
    EXPECT_TRUE(is_ready(first_drained));
}

TEST(Live, counts_the_leases_of_the_current_state) {
    Live<int> live{std::make_unique<const int>(1)};
    EXPECT_EQ(live.statistics().leases, 0U);
    const auto first = live.acquire();
    const auto second = live.acquire();
    EXPECT_EQ(live.statistics().leases, 2U);
    EXPECT_EQ(live.statistics().swaps, 0U);
}

/// A state with a number.
struct Numbered {
    explicit Numbered(std::uint64_t n) : number{n} {}
    std::optional<std::uint64_t> generation() const { return number; }
    std::uint64_t number;
};

TEST(Live, tells_which_earlier_states_are_still_leased_and_since_when) {
    Live<Numbered> live{std::make_unique<const Numbered>(41)};
    auto first = live.acquire();
    auto second = live.acquire();
    const auto before = std::chrono::steady_clock::now();
    live.swap(std::make_unique<const Numbered>(42));
    live.swap(std::make_unique<const Numbered>(43));

    const auto statistics = live.statistics();
    EXPECT_EQ(statistics.leases, 0U);
    EXPECT_EQ(statistics.swaps, 2U);
    ASSERT_EQ(statistics.draining.size(), 1U) << "nobody used the second";
    EXPECT_EQ(statistics.draining.front().generation, 41U);
    EXPECT_EQ(statistics.draining.front().leases, 2U);
    EXPECT_GE(statistics.draining.front().since, before);

    first.reset();
    EXPECT_EQ(live.statistics().draining.front().leases, 1U);
    second.reset();
    EXPECT_TRUE(live.statistics().draining.empty());
}

TEST(Live, drains_though_somebody_counts) {
    Live<int> live{std::make_unique<const int>(1)};
    auto lease = live.acquire();
    const auto drained = live.swap(std::make_unique<const int>(2));
    const auto one = live.statistics();
    const auto other = live.statistics();
    EXPECT_EQ(other.draining.front().leases, 1U) << "who counts is not counted";
    lease.reset();
    EXPECT_TRUE(is_ready(drained));
}

TEST(Live, adds_up_how_long_earlier_states_have_drained) {
    Live<int> live{std::make_unique<const int>(1)};
    auto lease = live.acquire();
    const auto drained = live.swap(std::make_unique<const int>(2));
    const auto since = live.statistics().draining.front().since;
    EXPECT_EQ(live.statistics().drains, 0U);

    lease.reset();

    EXPECT_EQ(live.statistics().drains, 1U);
    EXPECT_GT(live.statistics().drain_time, 0s);
    EXPECT_LE(live.statistics().drain_time, std::chrono::steady_clock::now() - since);
}

/// Readers under a stream of swaps never see a state that was destroyed.
TEST(Live, never_hands_out_a_destroyed_state) {
    struct State {
        explicit State(int n) : number{n} {}
        ~State() { number = -1; }
        State(const State&) = delete;
        State& operator=(const State&) = delete;
        int number;
    };
    Live<State> live{std::make_unique<const State>(0)};
    std::atomic<bool> is_over = false;
    std::atomic<int> destroyed_seen = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; ++i) {
        readers.emplace_back([&] {
            while (!is_over) {
                destroyed_seen += live.acquire()->number < 0;
            }
        });
    }
    readers.emplace_back([&] {
        while (!is_over) {
            live.statistics();
        }
    });
    for (int n = 1; n <= 2'000; ++n) {
        live.swap(std::make_unique<const State>(n)).wait();
    }
    is_over = true;
    for (auto& reader : readers) {
        reader.join();
    }
    EXPECT_EQ(destroyed_seen, 0);
    EXPECT_EQ(live.acquire()->number, 2'000);
}

}  // namespace
}  // namespace offgrid
