#include "sync/patience.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using namespace std::chrono_literals;

/// Seconds until a sender is given up who sends so many bytes once a second; an hour: never.
std::chrono::seconds endured(std::uint64_t bytes_each_second) {
    Patience patience{30s, 1024};
    patience.note_bytes(1 << 30);  // what went well before
    std::chrono::seconds waited{0};
    while (patience.left() > 0s && waited < 1h) {
        patience.note_wait(1s);
        patience.note_bytes(bytes_each_second);
        ++waited;
    }
    return waited;
}

TEST(Patience, runs_out_with_silence_and_with_what_drips) {
    EXPECT_EQ(endured(0), 30s);
    EXPECT_EQ(endured(1), 31s);
    EXPECT_LE(endured(512), 61s);
}

TEST(Patience, lasts_for_who_is_slow_but_goes_on) {
    EXPECT_EQ(endured(1024), 1h);
    EXPECT_EQ(endured(100'000), 1h);
}

TEST(Patience, without_a_rate_is_a_deadline_for_all) {
    Patience patience{8s};
    patience.note_wait(5s);
    patience.note_bytes(1 << 20);
    EXPECT_EQ(patience.left(), 3s);
}

}  // namespace
}  // namespace offgrid::test
