#include "formats/combine/composite_store.h"

#include "formats/sqlite/mbtiles_store.h"
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

}  // namespace
}  // namespace offgrid
