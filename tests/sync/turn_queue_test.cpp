#include "sync/turn_queue.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Until so many are in line.
void await_waiting(const TurnQueue& queue, std::size_t count) {
    while (queue.waiting() != count) {
        std::this_thread::yield();
    }
}

TEST(TurnQueue, goes_to_who_asked_first) {
    TurnQueue queue;
    std::vector<int> order;  // guarded by the turn
    std::vector<std::jthread> threads;
    auto turn = queue.wait();
    for (int n = 1; n <= 3; ++n) {
        threads.emplace_back([&, n] {
            const auto mine = queue.wait();
            order.push_back(n);
        });
        await_waiting(queue, static_cast<std::size_t>(n));
    }

    turn.give_back();
    threads.clear();

    EXPECT_THAT(order, ElementsAre(1, 2, 3));
    EXPECT_FALSE(turn.is_held());
}

TEST(TurnQueue, that_is_stopped_ends_who_waits_and_not_whose_turn_it_is) {
    TurnQueue queue;
    const auto turn = queue.wait();
    std::jthread waiter{[&] {
        EXPECT_THAT([&] { queue.wait(); }, throws(Errc::interrupted, HasSubstr("ending")));
    }};
    await_waiting(queue, 1);

    queue.stop();

    waiter.join();
    EXPECT_TRUE(turn.is_held());
}

}  // namespace
}  // namespace offgrid::test
