#include "pack/transfer/transfer.h"

#include "tests/support/errors.h"
#include "tests/support/memory_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>
#include <string>
#include <thread>

namespace offgrid {
namespace {

using test::draw;
using test::MemoryReader;
using test::MemoryTiles;
using test::MemoryWriter;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Grid& grid = Grid::google_maps_compatible();

Selection zooms(int min_zoom, int max_zoom) {
    std::vector<TileRange> ranges;
    for (int z = min_zoom; z <= max_zoom; ++z) {
        ranges.push_back(grid.whole(z));
    }
    return {grid, ranges};
}

/// All tiles of zoom 6 in memory: 4096, so that a transfer takes several batches.
MemoryTiles many_tiles() {
    MemoryTiles::Map tiles;
    for (std::int64_t i = 0; i < 4096; ++i) {
        tiles[{6, i / 64, i % 64}] = test::png_bytes(fmt::format("{}", i));
    }
    return MemoryTiles{std::move(tiles)};
}

/// One transfer between two stores in memory, with everything a test may want to change.
struct Fixture {
    explicit Fixture(MemoryTiles source_tiles) : source{std::move(source_tiles).all()} {}

    TransferResult run() {
        const MemoryReader reader{source, read};
        const MemoryReader present{destination};
        TransferJob job{.source = reader, .selection = selection, .is_stopped = is_stopped};
        job.only = only.empty() ? nullptr : &only;
        job.open_writer = [this] { return std::make_unique<MemoryWriter>(destination, write); };
        job.writers = writers;
        job.threads = threads;
        job.lacking_in = is_missing_only ? &present : nullptr;
        job.convert = convert;
        job.tiles_per_second = tiles_per_second;
        job.after = after;
        job.keep_mark = [this](const TransferMark& mark) { marks.push_back(mark); };
        job.keep_failure = [this](const TileKey& key, std::string_view cause) {
            failures.push_back(fmt::format("{}/{}/{} {}", key.z, key.x, key.y, cause));
        };
        return transfer(job);
    }

    MemoryTiles source;
    MemoryTiles destination;
    Selection selection = zooms(0, 8);
    std::vector<TileKey> only;
    MemoryReader::Options read;
    MemoryWriter::Hooks write;
    int writers = 1;
    int threads = 1;
    bool is_missing_only = false;
    std::function<Bytes(BytesView, std::size_t)> convert;
    double tiles_per_second = 0;
    std::optional<TransferMark> after;
    std::atomic<bool> is_stopped = false;
    std::vector<TransferMark> marks;
    std::vector<std::string> failures;
};

TEST(Transfer, copies_every_selected_tile_as_it_is) {
    Fixture fixture{MemoryTiles{draw("z0: w z1: a b / . d z2: deep")}};
    fixture.selection = zooms(0, 1);

    const auto result = fixture.run();

    EXPECT_EQ(fixture.destination.all(), MemoryTiles{draw("z0: w z1: a b / . d")}.all());
    EXPECT_EQ(result.counts, (TransferCounts{.tiles = 4, .bytes = 4 * 9}));
    EXPECT_FALSE(result.ended_by);
}

TEST(Transfer, copies_the_same_with_several_writers) {
    Fixture fixture{many_tiles()};
    fixture.writers = 4;

    EXPECT_EQ(fixture.run().counts.tiles, 4096);
    EXPECT_EQ(fixture.destination.all(), fixture.source.all());
    EXPECT_EQ(fixture.marks.back().counts.tiles, 4096);
}

TEST(Transfer, asks_a_source_that_cannot_be_scanned_for_each_tile) {
    Fixture fixture{MemoryTiles{draw("z2: a . . . / . b . . / . . c . / . . . d")}};
    fixture.read.can_scan = false;
    fixture.selection = zooms(2, 2);
    fixture.threads = 3;

    EXPECT_EQ(fixture.run().counts, (TransferCounts{.tiles = 4, .bytes = 36, .absent = 12}));
    EXPECT_EQ(fixture.destination.all(), fixture.source.all());
}

TEST(Transfer, leaves_alone_what_the_destination_has_when_asked) {
    Fixture fixture{MemoryTiles{draw("z1: a b / c d")}};
    fixture.destination.apply({{{1, 1, 0}, test::png_bytes("older")}});
    fixture.is_missing_only = true;

    EXPECT_EQ(fixture.run().counts, (TransferCounts{.tiles = 3, .bytes = 27, .present = 1}));
    EXPECT_EQ(fixture.destination.all(), MemoryTiles{draw("z1: a older / c d")}.all());
}

TEST(Transfer, does_not_ask_for_a_tile_that_the_destination_has) {
    Fixture fixture{MemoryTiles{draw("z1: a b / c d")}};
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
    Fixture fixture{many_tiles()};
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

TEST(Transfer, goes_on_past_tiles_that_cannot_be_read_or_written) {
    Fixture fixture{MemoryTiles{draw("z1: a b / c d")}};
    fixture.read.can_scan = false;
    fixture.selection = zooms(1, 1);
    fixture.read.on_get = [](const TileKey& key) {
        if (key == TileKey{1, 0, 0}) {
            throw Error{Errc::corrupt, "damaged"};
        }
    };
    fixture.write.on_put = [](const TileKey& key) {
        if (key == TileKey{1, 1, 1}) {
            throw Error{Errc::io, "refused"};
        }
    };

    const auto result = fixture.run();

    EXPECT_FALSE(result.ended_by);
    EXPECT_EQ(result.counts, (TransferCounts{.tiles = 2, .bytes = 18, .failed = 2}));
    EXPECT_EQ(fixture.destination.all(), MemoryTiles{draw("z1: . b / c .")}.all());
    EXPECT_THAT(fixture.failures, ElementsAre("1/0/0 damaged", "1/1/1 refused"));
}

TEST(Transfer, ends_when_a_hundred_tiles_fail_in_a_row) {
    Fixture fixture{many_tiles()};
    fixture.write.on_put = [](const TileKey& key) {
        if (key.x >= 10) {
            throw Error{Errc::io, "the disk is gone"};
        }
    };

    const auto result = fixture.run();

    ASSERT_TRUE(result.ended_by);
    EXPECT_THAT(result.ended_by->what(),
                AllOf(HasSubstr("100 tiles failed"), HasSubstr("the disk is gone")));
    EXPECT_EQ(result.counts.failed, 100);
    EXPECT_THAT(fixture.destination.all(), SizeIs(640)) << "what was written is committed";
}

TEST(Transfer, counts_failures_in_a_row_apart_for_both_stores) {
    Fixture fixture{many_tiles()};
    fixture.read.can_scan = false;
    fixture.selection = zooms(6, 6);
    fixture.write.on_put = [](const TileKey&) { throw Error{Errc::io, "read-only"}; };
    ASSERT_TRUE(fixture.run().ended_by) << "each tile is read without a failure";
}

TEST(Transfer, ends_at_once_when_the_disk_is_full) {
    Fixture fixture{many_tiles()};
    fixture.write.on_put = [](const TileKey& key) {
        if (key.x == 1) {
            throw Error{Errc::no_space, "no space left"};
        }
    };

    const auto result = fixture.run();

    ASSERT_TRUE(result.ended_by);
    EXPECT_EQ(result.ended_by->code(), Errc::no_space);
    EXPECT_THAT(fixture.failures, IsEmpty()) << "it is not the tile that fails";
    EXPECT_THAT(fixture.destination.all(), SizeIs(64));
}

TEST(Transfer, ends_with_the_failure_of_a_commit_and_keeps_no_mark_of_it) {
    Fixture fixture{many_tiles()};
    fixture.write.on_commit = [] { throw Error{Errc::busy, "locked"}; };

    const auto result = fixture.run();

    ASSERT_TRUE(result.ended_by);
    EXPECT_THAT(result.ended_by->what(), HasSubstr("locked"));
    EXPECT_THAT(fixture.marks, IsEmpty());
}

TEST(Transfer, ends_with_the_failure_of_a_scan_and_keeps_what_was_read) {
    Fixture fixture{many_tiles()};
    fixture.read.on_scan = [](const TileKey& key) {
        if (key == TileKey{6, 32, 0}) {
            throw Error{Errc::corrupt, "malformed"};
        }
    };

    const auto result = fixture.run();

    ASSERT_TRUE(result.ended_by);
    EXPECT_STREQ(result.ended_by->what(), "cannot read zoom 6: malformed");
    EXPECT_THAT(fixture.destination.all(), SizeIs(2048));
    EXPECT_EQ(fixture.marks.back().last, (TileKey{6, 31, 63}));
}

TEST(Transfer, goes_on_after_the_mark_and_copies_the_rest) {
    for (const bool can_scan : {true, false}) {
        Fixture fixture{many_tiles()};
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
    Fixture fixture{MemoryTiles{draw("z0: w z1: a b / c d")}};
    fixture.selection = zooms(0, 1);
    fixture.after = TransferMark{.last = {1, 7, 7}};

    const auto result = fixture.run();

    EXPECT_TRUE(result.has_started_zoom_again);
    EXPECT_EQ(fixture.destination.all(), MemoryTiles{draw("z1: a b / c d")}.all());
}

/// Ends a transfer at a put, as a kill would: nothing after it is committed.
TransferMark mark_when_killed_at(Fixture& fixture, std::int64_t column) {
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
        Fixture fixture{many_tiles()};
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
    Fixture fixture{many_tiles()};
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
    Fixture fixture{MemoryTiles{draw("z1: a b / c d")}};
    fixture.only = {{1, 0, 0}, {1, 1, 1}, {2, 3, 3}};

    EXPECT_EQ(fixture.run().counts, (TransferCounts{.tiles = 2, .bytes = 18, .absent = 1}));
    EXPECT_EQ(fixture.destination.all(), MemoryTiles{draw("z1: a . / . d")}.all());
}

TEST(Transfer, converts_tiles_on_several_threads_each_with_its_number) {
    Fixture fixture{many_tiles()};
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
    Fixture fixture{MemoryTiles{draw("z2: a b c d / e f g h")}};
    fixture.tiles_per_second = 40;
    const auto start = std::chrono::steady_clock::now();

    EXPECT_EQ(fixture.run().counts.tiles, 8);

    EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds{90})
        << "eight tiles, less the tenth of a second that may be made up for";
}

}  // namespace
}  // namespace offgrid
