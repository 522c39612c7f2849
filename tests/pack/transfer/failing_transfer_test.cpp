#include "pack/transfer/transfer.h"
#include "tests/pack/transfer/transfer_fixture.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::draw;
using test::many_tiles;
using test::MemoryTiles;
using test::TransferFixture;
using test::zooms;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(FailingTransfer, goes_on_past_tiles_that_cannot_be_read_or_written) {
    TransferFixture fixture{MemoryTiles{draw("z1: a b / c d")}};
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

TEST(FailingTransfer, ends_when_a_hundred_tiles_fail_in_a_row) {
    TransferFixture fixture{many_tiles()};
    fixture.write.on_put = [](const TileKey& key) {
        if (key.x >= 10) {
            throw Error{Errc::io, "the disk is gone"};
        }
    };

    const auto result = fixture.run();

    ASSERT_TRUE(result.ended_by);
    EXPECT_THAT(result.ended_by->what(),
                AllOf(HasSubstr("100 failures"), HasSubstr("the disk is gone")));
    EXPECT_EQ(result.counts.failed, 100);
    EXPECT_THAT(fixture.destination.all(), SizeIs(640)) << "what was written is committed";
}

TEST(FailingTransfer, publishes_nothing_of_what_is_built_once) {
    const auto fail_at_10 = [](const TileKey& key) {
        if (key.x >= 10) {
            throw Error{Errc::no_space, "the disk is full"};
        }
    };
    TransferFixture writing{many_tiles()};
    writing.write.on_put = fail_at_10;
    TransferFixture reading{many_tiles()};
    reading.read.on_scan = fail_at_10;
    TransferFixture stopped{many_tiles()};
    stopped.read.on_scan = [&](const TileKey& key) { stopped.is_stopped = key.x >= 10; };
    for (auto* const fixture : {&writing, &reading, &stopped}) {
        fixture->is_built_once = true;

        const auto result = fixture->run();

        EXPECT_TRUE(result.ended_by);
        EXPECT_EQ(result.counts.tiles, 0);
        EXPECT_THAT(fixture->destination.all(), IsEmpty());
        EXPECT_THAT(fixture->marks, IsEmpty()) << "the next run begins anew";
    }
}

TEST(FailingTransfer, counts_failures_in_a_row_apart_for_both_stores) {
    TransferFixture fixture{many_tiles()};
    fixture.read.can_scan = false;
    fixture.selection = zooms(6, 6);
    fixture.write.on_put = [](const TileKey&) { throw Error{Errc::io, "read-only"}; };
    ASSERT_TRUE(fixture.run().ended_by) << "each tile is read without a failure";
}

TEST(FailingTransfer, ends_at_once_when_the_disk_is_full) {
    TransferFixture fixture{many_tiles()};
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

TEST(FailingTransfer, ends_with_the_failure_of_a_commit_and_keeps_no_mark_of_it) {
    TransferFixture fixture{many_tiles()};
    fixture.write.on_commit = [] { throw Error{Errc::busy, "locked"}; };

    const auto result = fixture.run();

    ASSERT_TRUE(result.ended_by);
    EXPECT_THAT(result.ended_by->what(), HasSubstr("locked"));
    EXPECT_THAT(fixture.marks, IsEmpty());
}

TEST(FailingTransfer, ends_with_the_failure_of_a_scan_and_keeps_what_was_read) {
    TransferFixture fixture{many_tiles()};
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

TEST(FailingTransfer, publishes_nothing_of_a_file_that_is_built_once) {
    for (const auto code : {Errc::io, Errc::corrupt}) {
        TransferFixture fixture{many_tiles()};
        fixture.is_built_once = true;
        fixture.read.on_scan = [&](const TileKey& key) {
            if (key.x == 40) {
                throw Error{code, "the source is gone"};
            }
        };
        fixture.write.on_commit = [] { FAIL() << "a part of the tiles is published"; };

        EXPECT_TRUE(fixture.run().ended_by);

        EXPECT_THAT(fixture.destination.all(), IsEmpty());
        EXPECT_THAT(fixture.marks, IsEmpty());
    }
}

TEST(FailingTransfer, retries_the_tiles_of_the_outage_that_ended_it) {
    TransferFixture fixture{many_tiles()};
    fixture.read.can_scan = false;
    fixture.selection = zooms(6, 6);
    bool is_down = true;
    fixture.read.on_get = [&](const TileKey& key) {
        if (is_down && key.y >= 20) {
            throw Error{Errc::io, "connection refused"};
        }
    };
    const auto first = fixture.run();
    ASSERT_TRUE(first.ended_by);
    EXPECT_EQ(first.counts.failed, 100) << "also those of the batch that was given up";

    is_down = false;
    fixture.after = fixture.marks.back();
    const auto second = fixture.run();

    EXPECT_FALSE(second.ended_by);
    EXPECT_EQ(second.counts.tiles, 4096);
    EXPECT_EQ(second.counts.failed, 0);
    EXPECT_EQ(fixture.destination.all(), fixture.source.all());
}

TEST(FailingTransfer, retries_the_tiles_that_a_lost_destination_refused) {
    for (const int writers : {1, 3}) {
        TransferFixture fixture{many_tiles()};
        fixture.selection = zooms(6, 6);
        fixture.writers = writers;
        std::atomic<bool> is_down = true;
        fixture.write.on_put = [&](const TileKey& key) {
            if (is_down && key.x >= 40) {
                throw Error{Errc::io, "connection refused"};
            }
        };
        ASSERT_TRUE(fixture.run().ended_by);

        is_down = false;
        fixture.after = fixture.marks.back();
        const auto second = fixture.run();

        EXPECT_FALSE(second.ended_by);
        EXPECT_EQ(second.counts.failed, 0) << writers;
        EXPECT_EQ(fixture.destination.all(), fixture.source.all()) << writers;
    }
}

TEST(FailingTransfer, that_ends_with_failed_tiles_is_whole) {
    TransferFixture fixture{MemoryTiles{draw("z1: a b / c d")}};
    fixture.write.on_put = [](const TileKey& key) {
        if (key.x == 1) {
            throw Error{Errc::too_large, "refused"};
        }
    };
    const auto result = fixture.run();
    EXPECT_FALSE(result.ended_by);
    EXPECT_EQ(result.counts.failed, 2);
}

TEST(FailingTransfer, counts_no_tile_that_was_never_committed) {
    TransferFixture fixture{many_tiles()};
    fixture.write.on_commit = [] { throw Error{Errc::no_space, "no space left"}; };

    const auto result = fixture.run();

    ASSERT_TRUE(result.ended_by);
    EXPECT_EQ(result.counts.tiles, 0);
    EXPECT_EQ(result.counts.bytes, 0);
}

TEST(FailingTransfer, ends_at_once_when_a_destination_in_files_is_locked_or_none_of_ours) {
    for (const auto code : {Errc::busy, Errc::denied, Errc::corrupt}) {
        TransferFixture fixture{many_tiles()};
        fixture.writes_in_files = true;
        fixture.write.on_put = [&](const TileKey&) { throw Error{code, "not this one"}; };

        const auto result = fixture.run();

        ASSERT_TRUE(result.ended_by);
        EXPECT_STREQ(result.ended_by->what(), "not this one");
        EXPECT_EQ(result.counts.failed, 0) << "it is not the tile that fails";
        EXPECT_THAT(fixture.failures, IsEmpty());
    }
}

TEST(FailingTransfer, goes_on_past_a_server_that_is_busy_and_a_file_that_is_damaged) {
    TransferFixture fixture{MemoryTiles{draw("z1: a b / c d")}};
    fixture.write.on_put = [](const TileKey& key) {
        if (key == TileKey{1, 0, 0}) {
            throw Error{Errc::busy, "503"};
        }
    };
    EXPECT_FALSE(fixture.run().ended_by);

    fixture.writes_in_files = true;
    fixture.write.on_put = [](const TileKey& key) {
        if (key == TileKey{1, 1, 1}) {
            throw Error{Errc::corrupt, "damaged"};
        }
    };
    EXPECT_FALSE(fixture.run().ended_by);
}

}  // namespace
}  // namespace offgrid
