#include "formats/combine/multitier_store.h"

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
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

MultitierReader::OpenKeeper keeper_of(ScriptedStore& store) {
    return [&store] { return store.writer(); };
}

MultitierReader multitier(std::vector<ScriptedStore*> stores,
                          std::vector<std::string>* warnings = nullptr) {
    std::vector<MultitierReader::Tier> tiers;
    for (auto* const store : stores) {
        tiers.push_back({store->reader(), store == stores.back() ? nullptr : keeper_of(*store)});
    }
    return {std::move(tiers), [warnings](const std::string& message) {
                if (warnings != nullptr) {
                    warnings->push_back(message);
                }
            }};
}

/// Two tiers of which the slower one has the tiles. Nothing is kept, so that threads may read.
struct TwoTiers : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        slow.tiles.assign(pyramid);
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<MultitierWriter>(test::writers_of(fast, slow));
    }
    std::unique_ptr<TileReader> reopen() override {
        std::vector<MultitierReader::Tier> tiers;
        tiers.push_back({fast.reader(), nullptr});
        tiers.push_back({slow.reader(), nullptr});
        return std::make_unique<MultitierReader>(std::move(tiers), nullptr);
    }

    ScriptedStore fast;
    ScriptedStore slow;
};

}  // namespace
}  // namespace offgrid

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Multitier, StoreContract, TwoTiers);
}  // namespace offgrid::test

namespace offgrid {
namespace {

TEST(MultitierReader, keeps_what_a_slower_tier_has_in_all_faster_ones) {
    ScriptedStore fast;
    ScriptedStore middle;
    ScriptedStore slow{.tiles = draw("z0: w")};
    const auto reader = multitier({&fast, &middle, &slow});
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "w");
    EXPECT_EQ(fast.tiles.drawn(), draw("z0: w"));
    EXPECT_EQ(middle.tiles.drawn(), draw("z0: w"));
    EXPECT_EQ(fast.commits, 1);

    slow.calls = 0;
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "w");
    EXPECT_EQ(slow.calls, 0);
}

TEST(MultitierReader, keeps_nothing_where_it_has_no_keeper) {
    ScriptedStore fast;
    ScriptedStore slow{.tiles = draw("z0: w")};
    std::vector<MultitierReader::Tier> tiers;
    tiers.push_back({fast.reader(), nullptr});
    tiers.push_back({slow.reader(), nullptr});
    const MultitierReader reader{std::move(tiers), nullptr};
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "w");
    EXPECT_TRUE(fast.tiles.all().empty());
}

TEST(MultitierReader, does_not_take_a_failure_for_absence) {
    ScriptedStore fast{.failure = Errc::io};
    ScriptedStore slow{.tiles = draw("z0: w")};
    const auto reader = multitier({&fast, &slow});
    EXPECT_THAT([&] { reader.get({0, 0, 0}); }, throws(Errc::io, "told to fail"));
    EXPECT_THAT([&] { reader.exists({0, 0, 0}); }, throws(Errc::io, "told to fail"));
}

TEST(MultitierReader, knows_a_tile_of_any_tier_and_keeps_none_for_that) {
    ScriptedStore fast;
    ScriptedStore slow{.tiles = draw("z0: w")};
    const auto reader = multitier({&fast, &slow});
    EXPECT_TRUE(reader.exists({0, 0, 0}));
    EXPECT_FALSE(reader.exists({1, 0, 0}));
    EXPECT_TRUE(fast.tiles.all().empty());
}

TEST(MultitierReader, gives_a_tile_that_cannot_be_kept_and_warns_once) {
    /// Reads well and writes badly.
    ScriptedStore fast;
    ScriptedStore full{.failure = Errc::no_space};
    ScriptedStore slow{.tiles = draw("z1: a b / c d")};
    std::vector<MultitierReader::Tier> tiers;
    tiers.push_back({fast.reader(), keeper_of(full)});
    tiers.push_back({slow.reader(), nullptr});
    std::vector<std::string> warnings;
    const MultitierReader reader{std::move(tiers),
                                 [&](const std::string& message) { warnings.push_back(message); }};
    EXPECT_EQ(word_in(reader.get({1, 0, 0})), "a");
    EXPECT_EQ(word_in(reader.get({1, 1, 0})), "b");
    EXPECT_THAT(warnings, ElementsAre(AllOf(HasSubstr("tile 1/0/0 cannot be kept"),
                                            HasSubstr("told to fail"))));
}

TEST(MultitierReader, leaves_no_transaction_open_when_a_tile_cannot_be_kept) {
    ScriptedStore fast;
    ScriptedStore full{.failure = Errc::no_space, .failures_left = 1};
    ScriptedStore slow{.tiles = draw("z1: a b / c d")};
    std::vector<MultitierReader::Tier> tiers;
    tiers.push_back({fast.reader(), keeper_of(full)});
    tiers.push_back({slow.reader(), nullptr});
    const MultitierReader reader{std::move(tiers), nullptr};
    reader.get({1, 0, 0});
    reader.get({1, 1, 0});
    reader.get({1, 0, 1});
    EXPECT_EQ(full.writers, 2) << "another after the failure, the same after a success";
    EXPECT_EQ(full.tiles.drawn(), draw("z1: . b / c ."));
}

/// Reads other tiles while it writes one, as other threads would.
struct ReadingWriter final : TileWriter {
    explicit ReadingWriter(std::function<void()> read) : read_while_putting{std::move(read)} {}
    void put(const TileKey&, BytesView) override { read_while_putting(); }
    void erase(const TileKey&) override {}
    void commit() override {}

    std::function<void()> read_while_putting;
};

TEST(MultitierReader, makes_nobody_wait_for_a_tier_that_is_slow_to_write) {
    ScriptedStore fast;
    ScriptedStore slow{.tiles = draw("z1: a b / c d")};
    const MultitierReader* reading = nullptr;
    std::string word;
    std::vector<MultitierReader::Tier> tiers;
    tiers.push_back({fast.reader(), [&] {
                         return std::make_unique<ReadingWriter>([&] {
                             word = word_in(reading->get({1, 1, 0}));
                         });
                     }});
    tiers.push_back({slow.reader(), nullptr});
    const MultitierReader reader{std::move(tiers), nullptr};
    reading = &reader;
    EXPECT_EQ(word_in(reader.get({1, 0, 0})), "a");
    EXPECT_EQ(word, "b");
}

TEST(MultitierReader, scans_the_last_tier) {
    ScriptedStore fast{.tiles = draw("z0: old"), .can_scan = false};
    ScriptedStore slow{.tiles = draw("z0: w")};
    const auto reader = multitier({&fast, &slow});
    EXPECT_TRUE(reader.can_scan());
    EXPECT_EQ(test::scanned(reader, 0), draw("z0: w"));
    EXPECT_EQ(test::listed(reader, 0), 1U);
}

TEST(MultitierWriter, writes_the_last_tier_and_erases_in_all) {
    ScriptedStore fast{.tiles = draw("z0: old z1: old")};
    ScriptedStore slow;
    MultitierWriter writer{test::writers_of(fast, slow)};
    writer.put({0, 0, 0}, png_bytes("new"));
    writer.erase({1, 0, 0});
    writer.commit();
    EXPECT_EQ(fast.tiles.drawn(), draw("z0: old"));
    EXPECT_EQ(slow.tiles.drawn(), draw("z0: new"));
    EXPECT_EQ(slow.commits, 1);
}

TEST(MultitierWriter, erases_in_the_other_tiers_when_one_fails) {
    ScriptedStore fast{.failure = Errc::io};
    ScriptedStore slow{.tiles = draw("z0: w")};
    MultitierWriter writer{test::writers_of(fast, slow)};
    EXPECT_THAT([&] { writer.erase({0, 0, 0}); }, throws(Errc::io, "told to fail"));
    EXPECT_THAT([&] { writer.commit(); }, throws(Errc::io, "told to fail"));
    EXPECT_TRUE(slow.tiles.all().empty());
}

}  // namespace
}  // namespace offgrid
