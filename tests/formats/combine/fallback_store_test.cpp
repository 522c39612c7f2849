#include "formats/combine/fallback_store.h"

#include "tests/support/errors.h"
#include "tests/support/scripted_store.h"
#include "tests/support/store_contract.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::draw;
using test::png_bytes;
using test::ScriptedStore;
using test::throws;
using test::word_in;
using testing::HasSubstr;

/// Two stores of which the first always fails.
struct HalfBroken : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        second.tiles.assign(pyramid);
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<FallbackWriter>(test::writers_of(second));
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<FallbackReader>(test::readers_of(first, second));
    }

    ScriptedStore first{.failure = Errc::io};
    ScriptedStore second;
};

}  // namespace
}  // namespace offgrid

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Fallback, StoreContract, HalfBroken);
}  // namespace offgrid::test

namespace offgrid {
namespace {

TEST(FallbackReader, takes_absence_for_an_answer) {
    ScriptedStore first;
    ScriptedStore second{.tiles = draw("z0: w")};
    const FallbackReader reader{test::readers_of(first, second)};
    EXPECT_EQ(reader.get({0, 0, 0}), std::nullopt);
    EXPECT_FALSE(reader.exists({0, 0, 0}));
    EXPECT_EQ(second.calls, 0);
}

TEST(FallbackReader, goes_on_to_the_next_store_after_a_failure) {
    ScriptedStore first{.tiles = draw("z0: w"), .failure = Errc::corrupt};
    ScriptedStore second{.tiles = draw("z0: v")};
    const FallbackReader reader{test::readers_of(first, second)};
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "v");
    EXPECT_TRUE(reader.exists({0, 0, 0}));
}

TEST(FallbackReader, throws_the_first_failure_when_all_fail) {
    ScriptedStore first{.failure = Errc::corrupt};
    ScriptedStore second{.failure = Errc::io};
    const FallbackReader reader{test::readers_of(first, second)};
    EXPECT_THAT([&] { reader.get({0, 0, 0}); }, throws(Errc::corrupt, "told to fail"));
    EXPECT_THAT([&] { reader.exists({0, 0, 0}); }, throws(Errc::corrupt, "told to fail"));
}

TEST(FallbackReader, scans_the_first_store_that_can_and_does_not_fail_at_once) {
    ScriptedStore first{.tiles = draw("z0: a"), .can_scan = false};
    ScriptedStore second{.tiles = draw("z0: b"), .failure = Errc::io};
    ScriptedStore third{.tiles = draw("z0: c")};
    const FallbackReader reader{test::readers_of(first, second, third)};
    EXPECT_TRUE(reader.can_scan());
    EXPECT_EQ(test::scanned(reader, 0), draw("z0: c"));
    EXPECT_EQ(test::listed(reader, 0), 1U);
}

TEST(FallbackReader, does_not_visit_a_tile_twice_when_a_scan_fails_in_the_middle) {
    ScriptedStore first{.tiles = draw("z1: a b / c d"), .failure = Errc::io, .failing_after = 2};
    ScriptedStore second{.tiles = draw("z1: a b / c d")};
    const FallbackReader reader{test::readers_of(first, second)};
    int visited = 0;
    EXPECT_THAT(
        [&] {
            reader.scan({1, 0, 0, 2, 2}, [&](const auto&, auto) { ++visited; });
        },
        throws(Errc::io, "told to fail"));
    EXPECT_EQ(visited, 2);
}

TEST(FallbackReader, says_so_when_no_store_can_scan) {
    ScriptedStore store{.can_scan = false};
    const FallbackReader reader{test::readers_of(store)};
    EXPECT_FALSE(reader.can_scan());
    EXPECT_THAT([&] { test::scanned(reader, 0); }, throws(Errc::unsupported, HasSubstr("list")));
}

TEST(FallbackWriter, writes_the_others_when_one_fails_and_throws_the_first_failure) {
    ScriptedStore first;
    ScriptedStore second{.failure = Errc::no_space};
    ScriptedStore third{.failure = Errc::io, .failures_left = 1};
    FallbackWriter writer{test::writers_of(first, second, third)};
    EXPECT_THAT(
        [&] {
            writer.put({0, 0, 0}, png_bytes("w"));
        },
        throws(Errc::no_space, "told to fail"));
    EXPECT_THAT(
        [&] {
            writer.put({1, 0, 0}, png_bytes("x"));
        },
        throws(Errc::no_space, "told to fail"));
    EXPECT_THAT([&] { writer.erase({0, 0, 0}); }, throws(Errc::no_space, "told to fail"));
    EXPECT_THAT([&] { writer.commit(); }, throws(Errc::no_space, "told to fail"));
    EXPECT_EQ(first.tiles.drawn(), draw("z1: x"));
    EXPECT_EQ(third.tiles.drawn(), draw("z1: x"));
    EXPECT_EQ(third.commits, 1);
}

}  // namespace
}  // namespace offgrid
