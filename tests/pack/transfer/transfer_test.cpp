#include "pack/transfer/transfer.h"

#include "tests/pack/transfer/transfer_fixture.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <set>
#include <string>

namespace offgrid {
namespace {

using test::draw;
using test::many_tiles;
using test::MemoryTiles;
using test::TransferFixture;
using test::zooms;
using testing::AllOf;
using testing::SizeIs;

TEST(Transfer, copies_every_selected_tile_as_it_is) {
    TransferFixture fixture{MemoryTiles{draw("z0: w z1: a b / . d z2: deep")}};
    fixture.selection = zooms(0, 1);

    const auto result = fixture.run();

    EXPECT_EQ(fixture.destination.all(), MemoryTiles{draw("z0: w z1: a b / . d")}.all());
    EXPECT_EQ(result.counts, (TransferCounts{.tiles = 4, .bytes = 4 * 9}));
    EXPECT_FALSE(result.ended_by);
}

TEST(Transfer, copies_the_same_with_several_writers) {
    TransferFixture fixture{many_tiles()};
    fixture.writers = 4;

    EXPECT_EQ(fixture.run().counts.tiles, 4096);
    EXPECT_EQ(fixture.destination.all(), fixture.source.all());
    EXPECT_EQ(fixture.marks.back().counts.tiles, 4096);
}

TEST(Transfer, commits_a_file_that_is_built_once_in_the_end) {
    TransferFixture fixture{many_tiles()};
    fixture.is_built_once = true;
    int commits = 0;
    fixture.write.on_commit = [&] { ++commits; };

    EXPECT_EQ(fixture.run().counts.tiles, 4096);

    EXPECT_EQ(commits, 1);
    EXPECT_EQ(fixture.destination.all(), fixture.source.all());
}

TEST(Transfer, asks_a_source_that_cannot_be_scanned_for_each_tile) {
    TransferFixture fixture{MemoryTiles{draw("z2: a . . . / . b . . / . . c . / . . . d")}};
    fixture.read.can_scan = false;
    fixture.selection = zooms(2, 2);
    fixture.threads = 3;

    EXPECT_EQ(fixture.run().counts, (TransferCounts{.tiles = 4, .bytes = 36, .absent = 12}));
    EXPECT_EQ(fixture.destination.all(), fixture.source.all());
}

TEST(Transfer, leaves_alone_what_the_destination_has_when_asked) {
    TransferFixture fixture{MemoryTiles{draw("z1: a b / c d")}};
    fixture.destination.apply({{{1, 1, 0}, test::png_bytes("older")}});
    fixture.is_missing_only = true;

    EXPECT_EQ(fixture.run().counts, (TransferCounts{.tiles = 3, .bytes = 27, .present = 1}));
    EXPECT_EQ(fixture.destination.all(), MemoryTiles{draw("z1: a older / c d")}.all());
}

TEST(Transfer, does_not_ask_for_a_tile_that_the_destination_has) {
    TransferFixture fixture{MemoryTiles{draw("z1: a b / c d")}};
    fixture.destination.apply({{{1, 1, 0}, test::png_bytes("older")}});
    fixture.is_missing_only = true;
    fixture.selection = zooms(1, 1);
    std::set<TileKey> asked;
    fixture.read.can_scan = false;
    fixture.read.on_get = [&](const TileKey& key) { asked.insert(key); };

    fixture.run();

    EXPECT_THAT(asked, AllOf(SizeIs(3), testing::Not(testing::Contains(TileKey{1, 1, 0}))));
}

TEST(Transfer, looks_up_the_destination_only_after_what_was_written_is_committed) {
    TransferFixture fixture{many_tiles()};
    fixture.is_missing_only = true;
    std::atomic<int> uncommitted = 0;
    int lookups_amid_writes = 0;
    fixture.write.on_put = [&](const TileKey&) { ++uncommitted; };
    fixture.write.on_commit = [&] { uncommitted = 0; };
    fixture.convert = [&](BytesView tile, std::size_t) {  // runs right after the look-up
        lookups_amid_writes += uncommitted != 0;
        return Bytes{tile.begin(), tile.end()};
    };

    EXPECT_EQ(fixture.run().counts.tiles, 4096);
    EXPECT_EQ(lookups_amid_writes, 0);
}

TEST(Transfer, goes_on_after_the_mark_and_copies_the_rest) {
    for (const bool can_scan : {true, false}) {
        TransferFixture fixture{many_tiles()};
        fixture.read.can_scan = can_scan;
        fixture.selection = zooms(6, 6);
        // A scan goes down the columns here, asking along the rows.
        fixture.after = TransferMark{.last = can_scan ? TileKey{6, 31, 63} : TileKey{6, 63, 31},
                                     .counts = {.tiles = 2048}};

        const auto result = fixture.run();

        EXPECT_EQ(result.counts.tiles, 4096) << "with those before";
        EXPECT_FALSE(result.has_started_zoom_again);
        EXPECT_EQ(fixture.marks.back().counts.tiles, result.counts.tiles);
        const auto all = fixture.destination.all();
        EXPECT_EQ(all.contains({6, 63, 63}), true);
        EXPECT_EQ(all.contains({6, 0, 0}), false) << "what is done is not done again";
    }
}

TEST(Transfer, starts_a_zoom_again_when_its_mark_is_not_there_any_more) {
    TransferFixture fixture{MemoryTiles{draw("z0: w z1: a b / c d")}};
    fixture.selection = zooms(0, 1);
    fixture.after = TransferMark{.last = {1, 7, 7}};

    const auto result = fixture.run();

    EXPECT_TRUE(result.has_started_zoom_again);
    EXPECT_EQ(fixture.destination.all(), MemoryTiles{draw("z1: a b / c d")}.all());
}

/// Ends a transfer at a put, as a kill would: nothing after it is committed.
TransferMark mark_when_killed_at(TransferFixture& fixture, std::int64_t column) {
    fixture.write.on_commit = [&fixture, column] {
        if (fixture.destination.all().size() >= static_cast<std::size_t>(64 * column)) {
            throw Error{Errc::io, "killed"};
        }
    };
    EXPECT_TRUE(fixture.run().ended_by);
    fixture.write.on_commit = {};
    return fixture.marks.empty() ? TransferMark{} : fixture.marks.back();
}

TEST(Transfer, that_was_ended_and_goes_on_copies_everything_whatever_the_number_of_writers) {
    for (const int writers : {1, 2, 5}) {
        TransferFixture fixture{many_tiles()};
        fixture.selection = zooms(6, 6);
        fixture.writers = writers;
        fixture.is_missing_only = writers == 1;  // commits each batch then
        const auto mark = mark_when_killed_at(fixture, 20);
        ASSERT_GT(mark.counts.tiles, 0);

        fixture.after = mark;
        const auto result = fixture.run();

        EXPECT_FALSE(result.ended_by);
        EXPECT_EQ(fixture.destination.all(), fixture.source.all()) << writers;
    }
}

TEST(Transfer, commits_what_it_has_when_it_is_stopped) {
    TransferFixture fixture{many_tiles()};
    fixture.write.on_put = [&](const TileKey& key) {
        fixture.is_stopped = key == TileKey{6, 40, 0};
    };

    const auto result = fixture.run();

    ASSERT_TRUE(result.ended_by);
    EXPECT_EQ(result.ended_by->code(), Errc::interrupted);
    EXPECT_EQ(fixture.destination.all().size(), static_cast<std::size_t>(result.counts.tiles));
    EXPECT_EQ(result.counts.tiles, 40 * 64 + 1);
    EXPECT_EQ(fixture.marks.back().counts.tiles, 2048) << "the last whole batch";
}

TEST(Transfer, does_only_the_tiles_that_are_named) {
    TransferFixture fixture{MemoryTiles{draw("z1: a b / c d")}};
    fixture.only = {{1, 0, 0}, {1, 1, 1}, {2, 3, 3}};

    EXPECT_EQ(fixture.run().counts, (TransferCounts{.tiles = 2, .bytes = 18, .absent = 1}));
    EXPECT_EQ(fixture.destination.all(), MemoryTiles{draw("z1: a . / . d")}.all());
}

TEST(Transfer, converts_tiles_on_several_threads_each_with_its_number) {
    TransferFixture fixture{many_tiles()};
    fixture.threads = 3;
    std::array<std::atomic<int>, 3> at_a_time{};
    std::atomic<int> clashes = 0;
    fixture.convert = [&](BytesView tile, std::size_t thread) {
        clashes += ++at_a_time.at(thread) > 1;
        Bytes longer{tile.begin(), tile.end()};
        longer.push_back('!');
        --at_a_time.at(thread);
        return longer;
    };

    EXPECT_EQ(fixture.run().counts.tiles, 4096);
    EXPECT_EQ(clashes, 0);
    EXPECT_EQ(test::word_in(fixture.destination.get({6, 1, 2})), "66!");
}

TEST(Transfer, keeps_to_the_rate) {
    TransferFixture fixture{MemoryTiles{draw("z2: a b c d / e f g h")}};
    fixture.tiles_per_second = 40;
    const auto start = std::chrono::steady_clock::now();

    EXPECT_EQ(fixture.run().counts.tiles, 8);

    EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds{90})
        << "eight tiles, less the tenth of a second that may be made up for";
}

}  // namespace
}  // namespace offgrid
