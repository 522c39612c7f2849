// Which file and row Debian's MapCache takes a deep tile from, and MBTiles files that it did not
// make.

#include "formats/sqlite/cache_store.h"
#include "tests/support/mapcache.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using sqlite::CacheOptions;
using sqlite::CacheReader;
using sqlite::CacheSchema;
using sqlite::CacheWriter;
using test::png_bytes;
using test::run;
using test::TempFolder;

/// A tile as MapCache's tables count it: rows from the south.
TileKey from_south(int z, std::int64_t x, std::int64_t row) {
    return {z, x, Grid::google_maps_compatible().flip(z, row)};
}

struct MapcacheSqliteNames : testing::Test {
    /// What the CGI serves of the cache.
    std::string served(const std::string& cache, const TileKey& key) {
        const auto config = folder_ / "mapcache.xml";
        test::write_file(config, fmt::format(R"(<mapcache>{}
  <tileset name="osm"><cache>c</cache><grid>GoogleMapsCompatible</grid><format>PNG</format></tileset>
  <service type="tms" enabled="true"/><lock_dir>{}</lock_dir></mapcache>)",
                                             cache, folder_.path().string()));
        const auto row = Grid::google_maps_compatible().flip(key.z, key.y);
        const auto answer = test::ask_mapcache(
            config,
            fmt::format("/tms/1.0.0/osm@GoogleMapsCompatible/{}/{}/{}.png", key.z, key.x, row));
        return answer.body.empty() ? answer.headers : answer.body;
    }

    std::string file(const std::string& name) const { return (folder_ / name).string(); }

    void write(const CacheOptions& options, const TileKey& key) {
        CacheWriter writer{options, slice_};
        writer.put(key, tile_);
        writer.commit();
    }

    TempFolder folder_;
    std::unique_ptr<sqlite::CacheFilePool> pool_ = sqlite::make_cache_file_pool(4);
    TilesetSlice slice_{.values = {.tileset = "osm", .extension = "png"}};
    Bytes tile_ = png_bytes("deep");
};

TEST_F(MapcacheSqliteNames, a_deep_tile_of_a_block_is_found_in_the_same_file) {
    const auto key = from_south(15, 3024, 1534);
    write({.name = "c", .file = file("{z}/{x}-{y}.db"), .path = {.xcount = 1000, .ycount = 1000}},
          key);
    EXPECT_TRUE(fs::exists(folder_ / "15/3000-1000.db"));
    EXPECT_TRUE(served(fmt::format(R"(<cache name="c" type="sqlite3"><dbfile>{}</dbfile>
        <xcount>1000</xcount><ycount>1000</ycount></cache>)",
                                   file("{z}/{x}-{y}.db")),
                       key) == as_text(tile_));
}

TEST_F(MapcacheSqliteNames, a_deep_tile_of_a_top_is_found_in_the_same_file) {
    const auto key = from_south(21, 1234567, 1654321);
    write({.name = "c",
           .file = file("z{top}-{top_x}-{top_y}.db"),
           .path = {.top = 8, .formats = {{"top", "%02d"}}}},
          key);
    EXPECT_TRUE(fs::exists(folder_ / "z08-150-201.db"));
    EXPECT_TRUE(served(fmt::format(R"(<cache name="c" type="sqlite3">
        <dbfile top_fmt="%02d">{}</dbfile><top>8</top></cache>)",
                                   file("z{top}-{top_x}-{top_y}.db")),
                       key) == as_text(tile_));
}

TEST_F(MapcacheSqliteNames, we_find_a_deep_tile_of_a_deep_top_where_mapcache_cannot) {
    const auto key = from_south(21, 1048576, 0);
    const CacheOptions options{.name = "c", .file = file("{top_x}.db"), .path = {.top = 12}};
    write(options, key);
    EXPECT_TRUE(fs::exists(folder_ / "2048.db"));
    EXPECT_TRUE(CacheReader(options, slice_, *pool_).exists(key));
    EXPECT_FALSE(served(fmt::format(R"(<cache name="c" type="sqlite3"><dbfile>{}</dbfile>
        <top>12</top></cache>)",
                                    file("{top_x}.db")),
                        key) == as_text(tile_));
}

TEST_F(MapcacheSqliteNames, a_flat_mbtiles_is_read_by_both_when_nothing_is_created) {
    write({.name = "c", .schema = CacheSchema::mbtiles_flat, .file = file("flat.mbtiles")},
          {2, 1, 0});
    const CacheOptions options{.name = "c",
                               .schema = CacheSchema::mbtiles,
                               .file = file("flat.mbtiles"),
                               .queries = {.create = "select 1"}};
    const auto tile = CacheReader(options, slice_, *pool_).get({2, 1, 0});
    ASSERT_TRUE(tile);
    EXPECT_TRUE(served(fmt::format(R"(<cache name="c" type="mbtiles"><dbfile>{}</dbfile>
        <queries><create>select 1</create></queries></cache>)",
                                   file("flat.mbtiles")),
                       {2, 1, 0}) == as_text(tile->content));
}

}  // namespace
}  // namespace offgrid
