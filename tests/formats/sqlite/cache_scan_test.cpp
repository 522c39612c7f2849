#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace offgrid::sqlite {
namespace {

using test::TempFolder;
using test::throws;
using test::word_in;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

/// Tables as someone made them.
struct Tables {
    const char* name;
    CacheSchema schema;
    const char* ddl;
    const char* insert;  ///< rows `t` of z, x, y and content
    const char* erase;
};

std::ostream& operator<<(std::ostream& out, const Tables& tables) {
    return out << tables.name;
}

constexpr const char* insert_tiles =
    "insert into tiles select 'osm', 'GoogleMapsCompatible', x, y, z, d, '', '2020-02-03' from t";
constexpr const char* insert_flat =
    "insert into tiles(zoom_level, tile_column, tile_row, tile_data) select z, x, y, d from t";
constexpr const char* insert_map =
    "insert into map(zoom_level, tile_column, tile_row, tile_id)"
    " select z, x, y, z||'/'||x||'/'||y from t where x is not null;"
    "insert into images(tile_id, tile_data)"
    " select z||'/'||x||'/'||y, d from t where x is not null";

const Tables tables_of_mapcache{
    "tiles", CacheSchema::tiles,
    "create table tiles(tileset text, grid text, x integer, y integer, z integer, data blob,"
    " dim text, ctime datetime, primary key(tileset,grid,x,y,z,dim))",
    insert_tiles, "delete from tiles where z={} and x={} and y={}"};

const Tables flat{"flat", CacheSchema::mbtiles, mbtiles_flat_ddl, insert_flat,
                  "delete from tiles where zoom_level={} and tile_column={} and tile_row={}"};

const Tables flat_without_index{
    "without_index", CacheSchema::mbtiles,
    "create table tiles(zoom_level, tile_column, tile_row, tile_data)", insert_flat,
    "delete from tiles where zoom_level={} and tile_column={} and tile_row={}"};

/// All that can be scanned in slices.
const Tables sliced[] = {
    tables_of_mapcache,
    flat,
    {"rows_first", CacheSchema::mbtiles,
     "create table tiles(zoom_level, tile_column, tile_row, tile_data);"
     "create unique index i on tiles(zoom_level, tile_row, tile_column)",
     insert_flat, "delete from tiles where zoom_level={} and tile_column={} and tile_row={}"},
    {"hashed", CacheSchema::mbtiles_hashed, mbtiles_flat_with_hash_ddl,
     "insert into tiles_with_hash(zoom_level, tile_column, tile_row, tile_data)"
     " select z, x, y, d from t where x is not null",
     "delete from tiles_with_hash where zoom_level={} and tile_column={} and tile_row={}"},
    {"map", CacheSchema::mbtiles, mbtiles_ddl, insert_map,
     "delete from map where zoom_level={} and tile_column={} and tile_row={}"},
    {"map_of_mapcache", CacheSchema::mbtiles,
     "create table images(tile_id text, tile_data blob, primary key(tile_id));"
     "create table map (zoom_level integer, tile_column integer, tile_row integer, tile_id text,"
     " foreign key(tile_id) references images(tile_id),"
     " primary key(tile_row,tile_column,zoom_level))",
     insert_map, "delete from map where zoom_level={} and tile_column={} and tile_row={}"}};

struct CacheScanTest : testing::Test {
    void make(const Tables& made) {
        tables = made;
        options.schema = made.schema;
        execute(options.file, made.ddl);
    }

    /// Add the rows that a query finds: z, x, y and content.
    void insert(const std::string& query) const {
        execute(options.file,
                fmt::format("create temp table t(z, x, y, d); insert into t {}; begin; {}; commit",
                            query, tables.insert));
    }

    /// The content of each tile is its column and row.
    static std::string square(int z, int side) {
        return fmt::format(
            "with recursive n(n) as (values(0) union all select n + 1 from n where n < {1} - 1)"
            " select {0}, c.n, r.n, cast(c.n || '-' || r.n as blob) from n c, n r order by 3, 2",
            z, side);
    }

    void erase(int z, int x, int y) const {
        execute(options.file, fmt::format(fmt::runtime(tables.erase), z, x, y));
    }

    CacheReader reader() { return CacheReader{options, slice, *pool}; }

    /// How often each tile is visited, by column and row as they are in the file.
    std::map<std::string, int> visits(
        const TileRange& range, const std::function<void()>& visit = [] {}) {
        const auto cache = reader();
        std::map<std::string, int> seen;
        cache.scan(range, [&](const TileKey& key, BytesView content) {
            const std::string word{content.begin(), content.end()};
            EXPECT_EQ(word, fmt::format("{}-{}", key.x, grid.flip(key.z, key.y)));
            ++seen[word];
            visit();
        });
        std::map<std::string, int> listed;
        cache.list(range, [&](const TileKey& key, std::uint64_t bytes) {
            const auto word = fmt::format("{}-{}", key.x, grid.flip(key.z, key.y));
            EXPECT_EQ(bytes, word.size());
            ++listed[word];
        });
        EXPECT_EQ(listed, seen);
        return seen;
    }

    std::map<TileKey, int> listed_with_file() {
        const auto cache = reader();
        std::map<TileKey, int> seen;
        cache.files()->list_tiles(options.file,
                                  [&](const TileKey& key, std::uint64_t) { ++seen[key]; });
        return seen;
    }

    const Grid& grid = Grid::google_maps_compatible();
    TempFolder folder;
    std::unique_ptr<CacheFilePool> pool = make_cache_file_pool(4);
    Tables tables{};
    CacheOptions options = cache_in(folder / "c.db");
    TilesetSlice slice = slice_on();
};

struct SlicedScanTest : CacheScanTest, testing::WithParamInterface<Tables> {};

INSTANTIATE_TEST_SUITE_P(Tables, SlicedScanTest, testing::ValuesIn(sliced),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST_P(SlicedScanTest, visits_each_tile_of_a_range_once) {
    make(GetParam());
    insert(square(6, 40));
    insert("select 5, x, y, d from (select 1 x, 2 y, 'other zoom' d)");
    EXPECT_THAT(visits(grid.whole(6)), AllOf(SizeIs(1600), Each(Pair(testing::_, 1))));
    EXPECT_THAT(visits({6, 3, 26, 38, 61}), AllOf(SizeIs(35 * 35), Each(Pair(testing::_, 1))));
}

TEST_P(SlicedScanTest, lists_each_tile_of_a_file_once) {
    make(GetParam());
    insert(square(6, 30));
    insert(square(4, 16));
    insert(
        "select 40, 1, -9223372036854775807 - 1, 'beyond' union all"
        " select -3, 9223372036854775807, 9223372036854775807, 'beyond'");
    EXPECT_THAT(listed_with_file(),
                AllOf(SizeIs(30 * 30 + 16 * 16 + 2), Each(Pair(testing::_, 1))));
}

TEST_P(SlicedScanTest, others_write_while_a_tile_is_visited) {
    make(GetParam());
    insert(square(6, 40));
    int visited = 0;
    const auto seen = visits(grid.whole(6), [&] {
        if (++visited == 100) {
            erase(6, 39, 39);
            insert("select 6, 63, 63, cast('63-63' as blob)");
        }
    });
    EXPECT_EQ(rows(options.file, "pragma integrity_check"), std::vector<std::string>{"ok"});
    EXPECT_EQ(seen.count("39-39"), 0U) << "was erased before it was read";
    EXPECT_EQ(seen.at("63-63"), 1);
    EXPECT_THAT(seen, AllOf(SizeIs(1600), Each(Pair(testing::_, 1))));
}

TEST_P(SlicedScanTest, passes_over_addresses_that_are_no_integers) {
    make(GetParam());
    insert(square(6, 25));
    insert(
        "select 6, 'text', 3, 'd' union all select 6, 3, 'text', 'd' union all"
        " select 6, 3.5, 7, 'd' union all select 6, 7, 3.5, 'd' union all"
        " select 6, x'2A', 7, 'd' union all select 6, NULL, 7, 'd' union all"
        " select 6, 9223372036854775807, -9223372036854775807, 'd' union all"
        " select 6, 1e300, -1e300, 'd'");
    insert(
        "select 6, 60 + 1.0 / (x + 2), y + 0.5, 'd' from"
        " (with recursive n(n) as (values(0) union all select n + 1 from n where n < 29)"
        " select c.n x, r.n y from n c, n r)");
    EXPECT_THAT(visits(grid.whole(6)), AllOf(SizeIs(625), Each(Pair(testing::_, 1))));
}

TEST_P(SlicedScanTest, an_address_that_is_no_integer_ends_a_listing_after_the_tiles_before_it) {
    make(GetParam());
    insert(square(6, 25));
    insert("select 6, 'text', 'text', 'd'");
    const auto cache = reader();
    int listed = 0;
    EXPECT_THAT(
        [&] {
            cache.files()->list_tiles(options.file,
                                      [&](const TileKey&, std::uint64_t) { ++listed; });
        },
        throws(Errc::corrupt, AllOf(HasSubstr("cache 'c'"), HasSubstr("c.db"),
                                    HasSubstr("address is not a number"))));
    EXPECT_EQ(listed, 625);
}

TEST_F(CacheScanTest, a_tile_without_an_address_is_not_passed_over_in_a_listing) {
    make(tables_of_mapcache);
    insert(square(6, 25));
    insert("select 6, 3, NULL, 'd'");
    EXPECT_THAT([&] { listed_with_file(); },
                throws(Errc::corrupt, HasSubstr("address is not a number")));
}

TEST_F(CacheScanTest, a_tile_that_is_replaced_meanwhile_is_visited_once) {
    make(tables_of_mapcache);
    insert(square(6, 40));
    int visited = 0;
    const auto seen = visits(grid.whole(6), [&] {
        if (++visited % 400 == 0) {
            execute(options.file,
                    "create temp table t as select * from tiles;"
                    "insert or replace into tiles select * from t order by random()");
        }
    });
    EXPECT_THAT(seen, AllOf(SizeIs(1600), Each(Pair(testing::_, 1))));
}

TEST_F(CacheScanTest, waits_between_tiles_for_the_locks_of_others_as_long_as_a_writer) {
    make(flat);
    insert(square(6, 40));
    options.read_timeout = std::chrono::hours{1};
    options.write_timeout = std::chrono::milliseconds{20};
    Db other{options.file, OpenMode::update};
    int visited = 0;
    const auto cache = reader();
    EXPECT_THAT(
        [&] {
            cache.scan(grid.whole(6), [&](const TileKey&, BytesView) {
                if (++visited == 1) {
                    other.execute("begin exclusive");
                }
            });
        },
        throws(Errc::busy, AllOf(HasSubstr("cache 'c'"), HasSubstr("locked"))));
    EXPECT_GT(visited, 1) << "what was read before";
}

TEST_F(CacheScanTest, visits_what_no_index_finds_in_order) {
    make(flat_without_index);
    insert(square(6, 40));
    insert("select 6, NULL, 1, 'd'");
    EXPECT_THAT(visits({6, 3, 26, 38, 61}), AllOf(SizeIs(35 * 35), Each(Pair(testing::_, 1))));
}

TEST_F(CacheScanTest, visits_images_that_no_index_finds) {
    make({"", CacheSchema::mbtiles,
          "create table images(tile_id, tile_data);"
          "create table map(zoom_level, tile_column, tile_row, tile_id);"
          "create unique index i on map(zoom_level, tile_column, tile_row)",
          insert_map, ""});
    insert(square(6, 40));
    EXPECT_THAT(visits(grid.whole(6)), AllOf(SizeIs(1600), Each(Pair(testing::_, 1))));
}

TEST_F(CacheScanTest, an_address_that_occurs_often_does_not_stop_the_scan) {
    make({"", CacheSchema::mbtiles,
          "create table tiles(zoom_level, tile_column, tile_row, tile_data);"
          "create index i on tiles(zoom_level, tile_column, tile_row)",
          insert_flat, ""});
    insert("select 6, 5, 5, cast('5-5' as blob) from (" + square(6, 40) + ")");
    insert("select 6, 5, 6, cast('5-6' as blob)");
    const auto seen = visits(grid.whole(6));
    EXPECT_THAT(seen, ElementsAre(Pair("5-5", testing::Ge(1)), Pair("5-6", 1)));
}

TEST_F(CacheScanTest, tiles_larger_than_a_slice_come_whole) {
    make(flat);
    insert("select 1, x, 0, randomblob(3000000 + x) from (select 0 x union all select 1)");
    const auto cache = reader();
    std::map<TileKey, Bytes> seen;
    cache.scan(grid.whole(1), [&](const TileKey& key, BytesView content) {
        seen[key] = {content.begin(), content.end()};
    });
    ASSERT_THAT(seen, SizeIs(2));
    for (const auto& [key, content] : seen) {
        EXPECT_EQ(content, cache.get(key)->content);
        EXPECT_EQ(content.size(), static_cast<std::size_t>(3'000'000 + key.x));
    }
}

}  // namespace
}  // namespace offgrid::sqlite
