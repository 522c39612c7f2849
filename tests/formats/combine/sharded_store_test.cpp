#include "formats/combine/sharded_store.h"

#include "tests/support/errors.h"
#include "tests/support/store_contract.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::draw;
using test::word_in;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

/// The files that a template cuts a pyramid into, written where the reader will look for them.
struct Shards {
    explicit Shards(PathTemplate names_of) : names{std::move(names_of)} {}

    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) {
        std::map<std::string, test::Pyramid> shards;
        for (const auto& tile : pyramid) {
            shards[names.render(mercator(), tile.first)].insert(tile);
        }
        for (const auto& [name, tiles] : shards) {
            test::write_mbtiles(folder / name, tiles);
            files[name] = (folder / name).string();
        }
        return reader();
    }

    std::unique_ptr<TileReader> reader() const {
        return std::make_unique<ShardedReader>(StoreInfo{}, names, PathValues{},
                                               std::make_unique<const ShardMap>(files, *pool),
                                               *pool);
    }

    PathTemplate names;
    test::TempFolder folder;
    ShardMap::Paths files;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(2);
};

const PathTemplate z_top{"z{top}-{top_x}-{top_y}.sqlite3",
                         {.top = 1, .formats = {{"top", "%02d"}}}};

struct ZTopStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        return shards.open(pyramid);
    }
    Shards shards{z_top};
};

/// GeoWebCache's blocks: one file a zoom and block of 2 by 2 tiles.
struct BlockStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        return shards.open(pyramid);
    }
    Shards shards{PathTemplate{"{z}/tiles_{x}_{y}.sqlite", {.xcount = 2, .ycount = 2}}};
};

using Layouts = testing::Types<ZTopStore, BlockStore>;

}  // namespace
}  // namespace offgrid

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Sharded, StoreContract, Layouts);
}  // namespace offgrid::test

namespace offgrid {
namespace {

TEST(ShardedReader, tiles_of_a_file_that_the_package_lacks_are_absent) {
    Shards shards{z_top};
    shards.open(draw("z1: a b / c d"));
    shards.files.erase("z01-0-1.sqlite3");  // the north-west: rows count from the south
    const auto reader = shards.reader();
    EXPECT_EQ(word_in(reader->get({1, 0, 0})), "(absent)");
    EXPECT_EQ(word_in(reader->get({1, 1, 0})), "b");
}

TEST(ShardedReader, a_file_that_should_be_there_and_is_not_is_an_error) {
    Shards shards{z_top};
    const auto reader = shards.open(draw("z1: a b / c d"));
    std::filesystem::remove(shards.folder / "z01-0-1.sqlite3");
    EXPECT_THAT(
        [&] {
            reader->get({1, 0, 0});
        },
        test::throws(Errc::not_found, testing::HasSubstr("z01-0-1.sqlite3")));
}

TEST(ShardedReader, more_files_than_handles_are_served_one_after_the_other) {
    Shards shards{z_top};
    const auto reader = shards.open(draw("z1: a b / c d"));
    for (int n = 0; n < 8; ++n) {
        EXPECT_NE(word_in(reader->get({1, n % 2, n / 2 % 2})), "(absent)");
    }
    EXPECT_LE(shards.pool->statistics().open, 2U);
}

TEST(ShardedReader, does_not_serve_a_tile_from_a_file_that_does_not_cover_it) {
    Shards shards{z_top};
    shards.open(draw("z1: a . / c d"));
    shards.files.erase("z01-0-0.sqlite3");
    std::filesystem::remove(shards.folder / "z01-0-0.sqlite3");
    test::write_mbtiles(shards.folder / "z01-0-0.sqlite3", draw("z1: misplaced . / c ."));
    shards.files["z01-0-0.sqlite3"] = (shards.folder / "z01-0-0.sqlite3").string();
    const auto reader = shards.reader();

    test::Pyramid seen;
    reader->scan(mercator().whole(1), [&](const TileKey& key, BytesView content) {
        seen[key] = word_in(Tile{{content.begin(), content.end()}});
    });

    EXPECT_EQ(seen, draw("z1: a . / c d"));
    EXPECT_EQ(word_in(reader->get({1, 0, 0})), "a");
}

}  // namespace
}  // namespace offgrid
