#include "formats/combine/retry_store.h"

#include "tests/support/errors.h"
#include "tests/support/scripted_store.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using namespace std::chrono_literals;
using test::draw;
using test::png_bytes;
using test::ScriptedStore;
using test::throws;
using test::word_in;
using testing::ElementsAre;
using testing::IsEmpty;

/// Three further attempts after 100 ms, and the waits that were asked for.
struct Patience {
    std::vector<std::chrono::milliseconds> waits;
    RetryOptions options{
        .retries = 3, .delay = 100ms, .sleep = [this](auto delay) { waits.push_back(delay); }};
};

TEST(RetryReader, tries_again_with_doubled_delays_until_it_succeeds) {
    Patience patience;
    ScriptedStore store{.tiles = draw("z0: w"), .failure = Errc::busy, .failures_left = 3};
    const RetryReader reader{store.reader(), patience.options};
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "w");
    EXPECT_THAT(patience.waits, ElementsAre(100ms, 200ms, 400ms));
}

TEST(RetryReader, throws_the_failure_when_all_attempts_are_used) {
    Patience patience;
    ScriptedStore store{.failure = Errc::io};
    const RetryReader reader{store.reader(), patience.options};
    EXPECT_THAT([&] { reader.exists({0, 0, 0}); }, throws(Errc::io, "told to fail"));
    EXPECT_EQ(store.calls, 4);
}

TEST(RetryReader, does_not_repeat_what_would_fail_again) {
    Patience patience;
    ScriptedStore store{.failure = Errc::corrupt};
    const RetryReader reader{store.reader(), patience.options};
    EXPECT_THAT([&] { reader.get({0, 0, 0}); }, throws(Errc::corrupt, "told to fail"));
    EXPECT_EQ(store.calls, 1);
    EXPECT_THAT(patience.waits, IsEmpty());
}

TEST(RetryReader, starts_a_scan_again_that_failed_before_its_first_tile) {
    Patience patience;
    ScriptedStore store{.tiles = draw("z1: a b / c d"), .failure = Errc::io, .failures_left = 1};
    const RetryReader reader{store.reader(), patience.options};
    EXPECT_EQ(test::scanned(reader, 1), draw("z1: a b / c d"));
    EXPECT_EQ(test::listed(reader, 1), 4U);
}

TEST(RetryReader, visits_no_tile_twice) {
    Patience patience;
    ScriptedStore store{.tiles = draw("z1: a b / c d"), .failure = Errc::io, .failing_after = 1};
    const RetryReader reader{store.reader(), patience.options};
    EXPECT_THAT([&] { test::scanned(reader, 1); }, throws(Errc::io, "told to fail"));
    EXPECT_THAT(patience.waits, IsEmpty());
}

TEST(RetryWriter, tries_again_to_put_and_to_erase) {
    Patience patience;
    ScriptedStore store{.tiles = draw("z1: a b / c d"), .failure = Errc::io, .failures_left = 1};
    RetryWriter writer{store.writer(), patience.options};
    writer.put({0, 0, 0}, png_bytes("w"));
    store.failures_left = 1;
    writer.erase({1, 0, 0});
    writer.commit();
    EXPECT_EQ(store.tiles.drawn(), draw("z0: w z1: . b / c d"));
    EXPECT_EQ(store.commits, 1);
    EXPECT_THAT(patience.waits, ElementsAre(100ms, 100ms));
}

TEST(RetryWriter, does_not_take_a_lost_transaction_for_a_commit) {
    Patience patience;
    ScriptedStore store;
    RetryWriter writer{store.writer(), patience.options};
    writer.put({0, 0, 0}, png_bytes("w"));
    store.failure = Errc::io;
    store.failures_left = 1;
    EXPECT_THAT([&] { writer.commit(); }, throws(Errc::io, "told to fail"));
    EXPECT_TRUE(store.tiles.all().empty());
    EXPECT_THAT(patience.waits, IsEmpty());
}

}  // namespace
}  // namespace offgrid
