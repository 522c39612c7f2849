#pragma once

#include "formats/store/tile_store.h"
#include "tests/support/errors.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace offgrid::test {

/// What every store must do, whatever it is made of. A store's test subclasses this, says how it is
/// made and what it cannot do, and instantiates the suite; the names of the cases are the contract.
struct StoreUnderTest {
    virtual ~StoreUnderTest() = default;

    /// A reader of a store that holds the pyramid, each word as `png(word)`.
    virtual std::unique_ptr<TileReader> open(const Pyramid& pyramid) = 0;

    /// A writer of the same store, and the reader of what it wrote; null when the store is
    /// read-only.
    virtual std::unique_ptr<TileWriter> create() { return nullptr; }
    virtual std::unique_ptr<TileReader> reopen() { return nullptr; }

    /// Whether the store can say which tiles it has; one that cannot refuses to scan.
    virtual bool can_scan() const { return true; }

    /// Whether tiles may lie anywhere in the grid; not where they make one image.
    virtual bool reaches_everywhere() const { return true; }

    /// Whether what was put shows at the commit only, and is abandoned without one.
    virtual bool has_transactions() const { return false; }
};

template <typename Store>
class StoreContract : public testing::Test {
protected:
    Store store;
};

TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, gives_back_each_tile_as_it_was_put) {
    const auto reader = this->store.open(draw(R"(z0: w
                                                 z1: a b / c d)"));
    EXPECT_EQ(word_in(reader->get({0, 0, 0})), "w");
    EXPECT_EQ(word_in(reader->get({1, 0, 0})), "a") << "row 0 is the north";
    EXPECT_EQ(word_in(reader->get({1, 1, 0})), "b");
    EXPECT_EQ(word_in(reader->get({1, 0, 1})), "c");
    EXPECT_EQ(word_in(reader->get({1, 1, 1})), "d");
}

TYPED_TEST_P(StoreContract, answers_absence_with_nothing) {
    const auto reader = this->store.open(draw("z1: a . / . d"));
    EXPECT_EQ(reader->get({1, 1, 0}), std::nullopt);
    EXPECT_EQ(reader->get({2, 0, 0}), std::nullopt) << "a zoom that the store does not have";
}

TYPED_TEST_P(StoreContract, answers_addresses_outside_the_grid_with_nothing) {
    const auto reader = this->store.open(draw("z1: a b / c d"));
    for (const TileKey key :
         {TileKey{1, 2, 0}, TileKey{1, 0, 2}, TileKey{1, -1, 0}, TileKey{1, 0, -1},
          TileKey{-1, 0, 0}, TileKey{31, 0, 0}, TileKey{99, 0, 0}}) {
        EXPECT_EQ(reader->get(key), std::nullopt) << key.z << "/" << key.x << "/" << key.y;
    }
}

TYPED_TEST_P(StoreContract, scans_every_tile_of_a_range_and_no_other) {
    const auto reader = this->store.open(draw(R"(z1: w w / w w
                                                 z2: a b c d / e f g h / . . k l / m n o p)"));
    ASSERT_EQ(reader->can_scan(), this->store.can_scan());
    if (!reader->can_scan()) {
        EXPECT_THAT(
            [&] {
                reader->scan({2, 1, 1, 4, 3}, [](const TileKey&, BytesView) {});
            },
            throws(Errc::unsupported, testing::_));
        return;
    }
    Pyramid seen;
    reader->scan({2, 1, 1, 4, 3}, [&](const TileKey& key, BytesView content) {
        seen[key] = word_in(Tile{{content.begin(), content.end()}});
    });
    EXPECT_EQ(seen, draw("z2@1,1: f g h / . k l"));
}

TYPED_TEST_P(StoreContract, scans_nothing_in_an_empty_range) {
    const auto reader = this->store.open(draw("z1: a b / c d"));
    if (!reader->can_scan()) {
        return;
    }
    reader->scan({1, 1, 1, 1, 1}, [](const TileKey&, BytesView) { FAIL(); });
}

TYPED_TEST_P(StoreContract, keeps_large_and_small_tiles_whole) {
    const std::string large(300'000, 'x');
    const auto reader = this->store.open({{{1, 0, 0}, large}, {{1, 1, 0}, "s"}});
    EXPECT_EQ(word_in(reader->get({1, 0, 0})), large);
    EXPECT_EQ(word_in(reader->get({1, 1, 0})), "s");
}

TYPED_TEST_P(StoreContract, reaches_the_deepest_zoom) {
    if (!this->store.reaches_everywhere()) {
        return;
    }
    const std::int64_t last = (std::int64_t{1} << 30) - 1;
    const auto reader = this->store.open(
        {{{1, 0, 0}, "w"}, {{30, 0, last}, "south-west"}, {{30, last, 0}, "north-east"}});
    EXPECT_EQ(word_in(reader->get({30, 0, last})), "south-west");
    EXPECT_EQ(word_in(reader->get({30, last, 0})), "north-east");
}

TYPED_TEST_P(StoreContract, serves_several_threads_at_once) {
    const auto reader = this->store.open(draw("z2: a b c d / e f g h / i j k l / m n o p"));
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 400; ++n) {
                const TileKey key{2, n % 4, n / 4 % 4};
                wrong += word_in(reader->get(key)) !=
                         std::string(1, static_cast<char>('a' + key.x + 4 * key.y));
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, 0);
}

TYPED_TEST_P(StoreContract, a_later_put_wins_and_an_erased_tile_is_absent) {
    auto writer = this->store.create();
    if (!writer) {
        SUCCEED() << "read-only";
        return;
    }
    writer->put({1, 0, 0}, png_bytes("old"));
    writer->put({1, 0, 0}, png_bytes("new"));
    writer->put({1, 1, 0}, png_bytes("gone"));
    writer->erase({1, 1, 0});
    writer->erase({1, 1, 1});
    writer->commit();

    const auto reader = this->store.reopen();
    EXPECT_EQ(word_in(reader->get({1, 0, 0})), "new");
    EXPECT_EQ(reader->get({1, 1, 0}), std::nullopt);
}

TYPED_TEST_P(StoreContract, says_of_each_tile_whether_it_is_there) {
    const auto reader = this->store.open(draw("z1: a . / . d"));
    EXPECT_TRUE(reader->exists({1, 0, 0}));
    EXPECT_FALSE(reader->exists({1, 1, 0}));
    EXPECT_FALSE(reader->exists({1, 2, 0})) << "outside the grid";
    EXPECT_FALSE(reader->exists({99, 0, 0}));
}

TYPED_TEST_P(StoreContract, lists_the_tiles_of_a_scan_in_the_same_order) {
    const auto reader = this->store.open(draw("z2: a b c d / e . g h / . . k l / m n o p"));
    if (!reader->can_scan()) {
        return;
    }
    std::vector<std::pair<TileKey, std::uint64_t>> scanned;
    std::vector<std::pair<TileKey, std::uint64_t>> listed;
    reader->scan({2, 0, 0, 4, 3}, [&](const TileKey& key, BytesView content) {
        scanned.emplace_back(key, content.size());
    });
    reader->list({2, 0, 0, 4, 3},
                 [&](const TileKey& key, std::uint64_t bytes) { listed.emplace_back(key, bytes); });
    EXPECT_EQ(scanned.size(), 9U);
    EXPECT_TRUE(listed == scanned);
}

TYPED_TEST_P(StoreContract, scans_nothing_at_a_zoom_outside_the_grid) {
    const auto reader = this->store.open(draw("z1: a b / c d"));
    if (!reader->can_scan()) {
        return;
    }
    for (const int z : {-1, 31, 99}) {
        EXPECT_NO_THROW(reader->scan({z, 0, 0, 2, 2}, [](const TileKey&, BytesView) { FAIL(); }))
            << z;
    }
}

TYPED_TEST_P(StoreContract, abandons_what_was_not_committed) {
    if (!this->store.has_transactions()) {
        return;
    }
    {
        auto writer = this->store.create();
        writer->put({1, 0, 0}, png_bytes("kept"));
        writer->commit();
        writer->put({1, 0, 0}, png_bytes("given up"));
        writer->put({1, 1, 0}, png_bytes("given up"));
    }
    const auto reader = this->store.reopen();
    EXPECT_EQ(word_in(reader->get({1, 0, 0})), "kept");
    EXPECT_EQ(reader->get({1, 1, 0}), std::nullopt);
}

TYPED_TEST_P(StoreContract, a_tile_that_is_refused_leaves_the_older_one) {
    auto writer = this->store.create();
    if (!writer) {
        SUCCEED() << "read-only";
        return;
    }
    writer->put({1, 0, 0}, png_bytes("older"));
    for (const TileKey key : {TileKey{1, 2, 0}, TileKey{99, 0, 0}, TileKey{-1, 0, 0}}) {
        EXPECT_THROW(writer->put(key, png_bytes("nowhere")), Error) << key.z << '/' << key.x;
    }
    try {
        writer->put({1, 0, 0}, {});
    } catch (const Error&) {
        writer->put({1, 1, 0}, png_bytes("after"));
        writer->commit();
        const auto reader = this->store.reopen();
        EXPECT_EQ(word_in(reader->get({1, 0, 0})), "older");
        EXPECT_EQ(word_in(reader->get({1, 1, 0})), "after");
        return;
    }
    ADD_FAILURE() << "a tile without content was taken";
}

REGISTER_TYPED_TEST_SUITE_P(
    StoreContract, gives_back_each_tile_as_it_was_put, answers_absence_with_nothing,
    answers_addresses_outside_the_grid_with_nothing, scans_every_tile_of_a_range_and_no_other,
    scans_nothing_in_an_empty_range, keeps_large_and_small_tiles_whole, reaches_the_deepest_zoom,
    serves_several_threads_at_once, a_later_put_wins_and_an_erased_tile_is_absent,
    says_of_each_tile_whether_it_is_there, lists_the_tiles_of_a_scan_in_the_same_order,
    scans_nothing_at_a_zoom_outside_the_grid, abandons_what_was_not_committed,
    a_tile_that_is_refused_leaves_the_older_one);

}  // namespace offgrid::test
