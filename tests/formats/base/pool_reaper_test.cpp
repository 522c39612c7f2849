#include "formats/base/pool_reaper.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace offgrid {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<int> open_nothing(const std::string& /*path*/) {
    return std::make_unique<int>(0);
}

struct ReapedPool : testing::Test {
    ReapedPool() {
        for (int file = 0; file < 40; ++file) {
            const auto lease = pool.acquire(std::to_string(file), 0ms);
        }
    }

    /// Whether the pool comes to have so many open.
    bool comes_to(std::size_t open) const {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (pool.statistics().open != open && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::yield();
        }
        return pool.statistics().open == open;
    }

    Pool<int> pool{10, &open_nothing, Pool<int>::Keep::all};
};

// PL-01
TEST_F(ReapedPool, settles_at_nine_tenths) {
    const PoolReaper reaper{pool, {.interval = 1ms}};
    EXPECT_TRUE(comes_to(9));
    EXPECT_EQ(pool.statistics().reaped, 1U);
}

TEST_F(ReapedPool, is_empty_once_nobody_used_it_for_long_enough) {
    const PoolReaper reaper{pool, {.interval = 1ms, .max_idle = 5ms}};
    EXPECT_TRUE(comes_to(0));
}

TEST_F(ReapedPool, does_not_wait_for_the_next_tick_when_the_reaper_ends) {
    const auto start = std::chrono::steady_clock::now();
    { const PoolReaper reaper{pool, {.interval = 1h}}; }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 1min);
    EXPECT_EQ(pool.statistics().open, 10U);
}

}  // namespace
}  // namespace offgrid
