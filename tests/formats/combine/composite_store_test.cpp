#include "formats/combine/composite_store.h"

#include "formats/sqlite/mbtiles_store.h"
#include "tests/support/errors.h"
#include "tests/support/scripted_store.h"
#include "tests/support/store_contract.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::draw;
using test::word_in;

/// A pyramid cut at zoom 1 over two MBTiles files.
struct SplitStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        test::Pyramid low;
        test::Pyramid high;
        for (const auto& tile : pyramid) {
            (tile.first.z == 0 ? low : high).insert(tile);
        }
        std::vector<CompositeReader::Part> parts;
        parts.push_back({0, 0, part("low", low)});
        parts.push_back({1, 30, part("high", high)});
        return std::make_unique<CompositeReader>(StoreInfo{}, std::move(parts));
    }

    std::unique_ptr<TileReader> part(const std::string& name, const test::Pyramid& pyramid) {
        test::write_mbtiles(folder / name, pyramid);
        return std::make_unique<sqlite::MbtilesReader>(folder / name,
                                                       Grid::google_maps_compatible(), *pool);
    }

    test::TempFolder folder;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(4);
};

}  // namespace
}  // namespace offgrid

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Composite, StoreContract, SplitStore);
}  // namespace offgrid::test

namespace offgrid {
namespace {

TEST(CompositeReader, asks_the_first_part_whose_span_has_the_zoom) {
    SplitStore split;
    std::vector<CompositeReader::Part> parts;
    parts.push_back({0, 0, split.part("a", draw("z0: first z1: not-asked"))});
    parts.push_back({0, 1, split.part("b", draw("z0: second z1: asked"))});
    const CompositeReader reader{StoreInfo{}, std::move(parts)};
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "first");
    EXPECT_EQ(word_in(reader.get({1, 0, 0})), "asked");
    EXPECT_EQ(word_in(reader.get({2, 0, 0})), "(absent)");
}

TEST(CompositeReader, cannot_scan_when_a_part_cannot) {
    test::ScriptedStore low{.tiles = draw("z0: w")};
    test::ScriptedStore high{.can_scan = false};
    std::vector<CompositeReader::Part> parts;
    parts.push_back({0, 0, low.reader()});
    parts.push_back({1, 2, high.reader()});
    const CompositeReader reader{StoreInfo{}, std::move(parts)};
    EXPECT_FALSE(reader.can_scan());
    EXPECT_TRUE(reader.exists({0, 0, 0}));
    EXPECT_EQ(test::listed(reader, 0), 1U);
}

TEST(CompositeReader, is_unchanging_when_all_parts_are) {
    SplitStore split;
    EXPECT_TRUE(split.open(draw("z0: a z1: b"))->is_unchanging());

    test::ScriptedStore other{.tiles = draw("z1: b")};
    std::vector<CompositeReader::Part> parts;
    parts.push_back({0, 0, split.part("low2", draw("z0: a"))});
    parts.push_back({1, 1, other.reader()});
    EXPECT_FALSE((CompositeReader{StoreInfo{}, std::move(parts)}.is_unchanging()));
}

TEST(CompositeReader, does_not_take_a_zoom_that_no_cache_is_for_for_absence) {
    test::ScriptedStore low{.tiles = draw("z0: w")};
    std::vector<CompositeReader::Part> parts;
    parts.push_back({0, 2, low.reader()});
    const CompositeReader reader{StoreInfo{.max_zoom = 4}, std::move(parts), "all"};
    const auto no_cache = test::throws(Errc::not_found, "cache 'all': no cache for zoom 3");
    EXPECT_THAT([&] { reader.get({3, 0, 0}); }, no_cache);
    EXPECT_THAT([&] { reader.exists({3, 0, 0}); }, no_cache) << "MapCache takes this for present";
    EXPECT_EQ(test::listed(reader, 3), 0U);
    EXPECT_EQ(word_in(reader.get({1, 0, 0})), "(absent)");
    EXPECT_EQ(word_in(reader.get({5, 0, 0})), "(absent)") << "beyond the tileset's zooms";
    EXPECT_EQ(word_in(reader.get({3, 0, 99})), "(absent)") << "outside the grid";
}

TEST(CompositeReader, answers_nothing_for_a_zoom_that_a_package_lacks) {
    test::ScriptedStore low{.tiles = draw("z0: w")};
    std::vector<CompositeReader::Part> parts;
    parts.push_back({0, 2, low.reader()});
    const CompositeReader reader{StoreInfo{.max_zoom = 4}, std::move(parts)};
    EXPECT_EQ(word_in(reader.get({3, 0, 0})), "(absent)");
    EXPECT_FALSE(reader.exists({3, 0, 0}));
}

TEST(CompositeWriter, writes_the_store_of_the_zoom_and_commits_all) {
    test::ScriptedStore low;
    test::ScriptedStore high;
    CompositeWriter writer{"c", {{0, 0, 0}, {1, 2, 1}, {3, 3, 0}}, test::writers_of(low, high)};
    writer.put({0, 0, 0}, test::png_bytes("a"));
    writer.put({2, 0, 0}, test::png_bytes("b"));
    writer.put({3, 0, 0}, test::png_bytes("c"));
    writer.erase({9, 0, 0});
    writer.commit();
    EXPECT_EQ(low.tiles.drawn(), draw("z0: a z3: c"));
    EXPECT_EQ(high.tiles.drawn(), draw("z2: b"));
    EXPECT_EQ(low.commits, 1);
    EXPECT_EQ(high.commits, 1);
}

TEST(CompositeWriter, refuses_a_tile_that_no_store_is_for) {
    test::ScriptedStore store;
    CompositeWriter writer{"c", {{0, 2, 0}}, test::writers_of(store)};
    EXPECT_THAT(
        [&] {
            writer.put({3, 0, 0}, test::png_bytes("w"));
        },
        test::throws(Errc::invalid_argument, "cache 'c' has no cache for zoom 3"));
}

TEST(CompositeWriter, commits_the_others_when_one_fails) {
    test::ScriptedStore low{.failure = Errc::io};
    test::ScriptedStore high;
    CompositeWriter writer{"c", {{0, 0, 0}, {1, 2, 1}}, test::writers_of(low, high)};
    EXPECT_THAT([&] { writer.commit(); }, test::throws(Errc::io, "told to fail"));
    EXPECT_EQ(high.commits, 1);
}

}  // namespace
}  // namespace offgrid
