// Debian's MapCache, a program of other people, writes SQLite caches that we read, and reads those
// that we write.

#include "formats/image/decode.h"
#include "formats/sqlite/cache_store.h"
#include "tests/support/mapcache.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <map>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using sqlite::CacheOptions;
using sqlite::CacheReader;
using sqlite::CacheSchema;
using sqlite::CacheWriter;
using test::run;
using test::TempFolder;
using testing::HasSubstr;

using Tiles = std::map<TileKey, Bytes>;

/// One cache, as MapCache's configuration and as our options say it.
struct Case {
    std::string name;
    std::string xml;  ///< `FOLDER` stands for the folder
    CacheOptions options;
};

std::ostream& operator<<(std::ostream& out, const Case& some) {
    return out << some.name;
}

const std::vector<Case>& cases() {
    static const std::vector<Case> all{
        {"one_file",
         R"(<cache name="c" type="sqlite3"><dbfile>FOLDER/c.db</dbfile></cache>)",
         {.file = "FOLDER/c.db"}},
        {"pragmas",
         R"(<cache name="c" type="sqlite3"><dbfile>FOLDER/c.db</dbfile>
            <pragma name="journal_mode">WAL</pragma><pragma name="cache_size">500</pragma></cache>)",
         {.file = "FOLDER/c.db", .pragmas = {{"journal_mode", "WAL"}, {"cache_size", "500"}}}},
        {"blocks",
         R"(<cache name="c" type="sqlite3"><dbfile x_fmt="%03d">FOLDER/{tileset}/{grid}/{z}/{x}-{inv_y}.db</dbfile>
            <xcount>3</xcount><ycount>2</ycount></cache>)",
         {.file = "FOLDER/{tileset}/{grid}/{z}/{x}-{inv_y}.db",
          .path = {.xcount = 3, .ycount = 2, .formats = {{"x", "%03d"}}}}},
        {"z_top",
         R"(<cache name="c" type="sqlite3"><dbfile>FOLDER/z{top}-{top_x}-{top_y}.db</dbfile><top>2</top></cache>)",
         {.file = "FOLDER/z{top}-{top_x}-{top_y}.db", .path = {.top = 2}}},
        {"blank",
         R"(<cache name="c" type="sqlite3"><dbfile>FOLDER/c.db</dbfile><detect_blank/></cache>)",
         {.file = "FOLDER/c.db", .marks_blank = true}},
        {"mbtiles",
         R"(<cache name="c" type="mbtiles"><dbfile>FOLDER/c.mbtiles</dbfile></cache>)",
         {.schema = CacheSchema::mbtiles, .file = "FOLDER/c.mbtiles"}},
        {"queries",
         R"(<cache name="c" type="sqlite3"><dbfile>FOLDER/c.db</dbfile><queries>
              <create>create table if not exists t(z int, x int, y int, d blob, primary key(z,x,y))</create>
              <exists>select 1 from t where z=:z and x=:x and y=:inv_y</exists>
              <get>select d from t where z=:z and x=:x and y=:inv_y</get>
              <set>insert or replace into t values(:z,:x,:inv_y,:data)</set>
              <delete>delete from t where z=:z and x=:x and y=:inv_y</delete></queries></cache>)",
         {.file = "FOLDER/c.db",
          .queries = {.create = "create table if not exists t(z int, x int, y int, d blob,"
                                " primary key(z,x,y))",
                      .exists = "select 1 from t where z=:z and x=:x and y=:inv_y",
                      .get = "select d from t where z=:z and x=:x and y=:inv_y",
                      .set = "insert or replace into t values(:z,:x,:inv_y,:data)",
                      .erase = "delete from t where z=:z and x=:x and y=:inv_y"}}}};
    return all;
}

std::string in_folder(std::string text, const fs::path& folder) {
    for (auto at = text.find("FOLDER"); at != std::string::npos; at = text.find("FOLDER")) {
        text.replace(at, 6, folder.string());
    }
    return text;
}

class MapcacheSqlitePeer : public testing::TestWithParam<Case> {
protected:
    /// A world of one colour in the south and many in the north, seeded down to zoom 3.
    static constexpr int max_zoom = 3;

    void SetUp() override {
        std::string image = "P6 512 512 255\n";
        for (int row = 0; row < 512; ++row) {
            for (int column = 0; column < 512; ++column) {
                const bool is_north = row < 256;
                image += static_cast<char>(is_north ? column / 2 : 10);
                image += static_cast<char>(is_north ? row : 20);
                image += static_cast<char>(is_north ? (row * column) % 256 : 30);
            }
        }
        test::write_file(folder_ / "world.ppm", image);
        const auto made =
            run({"gdal_translate", "-q", "-a_srs", "EPSG:3857", "-a_ullr", "-20037508.3427892480",
                 "20037508.3427892480", "20037508.3427892480", "-20037508.3427892480",
                 (folder_ / "world.ppm").string(), (folder_ / "world.tif").string()});
        ASSERT_EQ(made.exit_code, 0) << made.err;
    }

    /// `source`: whether MapCache may render what the cache does not have.
    fs::path config(bool has_source) {
        const auto path = folder_ / (has_source ? "seed.xml" : "serve.xml");
        test::write_file(
            path, fmt::format(R"(<mapcache>
  <source name="world" type="gdal"><data>{0}/world.tif</data></source>
  {1}
  <tileset name="osm">{2}<cache>c</cache><grid>GoogleMapsCompatible</grid><format>PNG</format>
    <metatile>1 1</metatile></tileset>
  <service type="tms" enabled="true"/><lock_dir>{0}</lock_dir></mapcache>)",
                              folder_.path().string(), in_folder(GetParam().xml, folder_.path()),
                              has_source ? "<source>world</source>" : ""));
        return path;
    }

    void seed() {
        const auto done = run({"mapcache_seed", "-c", config(true).string(), "-t", "osm", "-g",
                               "GoogleMapsCompatible", "-z", fmt::format("0,{}", max_zoom), "-q"});
        ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
    }

    CacheOptions options() const {
        auto cache = GetParam().options;
        cache.name = "c";
        cache.file = in_folder(cache.file, folder_.path());
        return cache;
    }

    static TilesetSlice slice() { return {.values = {.tileset = "osm", .extension = "png"}}; }

    /// What the CGI serves of the cache alone.
    std::string served(const TileKey& key) {
        const auto row = Grid::google_maps_compatible().flip(key.z, key.y);
        const auto answer = test::ask_mapcache(
            config(false),
            fmt::format("/tms/1.0.0/osm@GoogleMapsCompatible/{}/{}/{}.png", key.z, key.x, row));
        return answer.body.empty() ? answer.headers : answer.body;
    }

    /// Every tile that a look-up finds.
    Tiles looked_up(const CacheReader& reader) {
        Tiles tiles;
        const auto& grid = *reader.info().grid;
        for (int z = 0; z <= max_zoom + 1; ++z) {
            for (std::int64_t x = 0; x < grid.matrix_width(z); ++x) {
                for (std::int64_t y = 0; y < grid.matrix_height(z); ++y) {
                    if (auto tile = reader.get({z, x, y})) {
                        tiles[{z, x, y}] = std::move(tile->content);
                    }
                }
            }
        }
        return tiles;
    }

    TempFolder folder_;
    std::unique_ptr<sqlite::CacheFilePool> pool_ = sqlite::make_cache_file_pool(8);
};

TEST_P(MapcacheSqlitePeer, what_mapcache_seeds_is_read_whole) {
    seed();
    const CacheReader reader{options(), slice(), *pool_};
    const auto tiles = looked_up(reader);
    EXPECT_EQ(tiles.size(), 1U + 4 + 16 + 64);
    for (const TileKey key : {TileKey{0, 0, 0}, TileKey{2, 1, 0}, TileKey{3, 7, 2}}) {
        EXPECT_TRUE(as_text(tiles.at(key)) == served(key)) << key.z << '/' << key.x << '/' << key.y;
    }
    // The image for a blank mark is another program's, but of the same pixels.
    EXPECT_TRUE(decode_tile(tiles.at({3, 0, 7})).rgba ==
                decode_tile(as_bytes(served({3, 0, 7}))).rgba);
    if (!reader.can_scan()) {
        return;
    }
    Tiles scanned;
    std::size_t listed = 0;
    for (int z = 0; z <= max_zoom + 1; ++z) {
        const auto whole = reader.info().grid->whole(z);
        reader.scan(whole, [&](const TileKey& key, BytesView content) {
            scanned[key] = {content.begin(), content.end()};
        });
        reader.list(whole, [&](const TileKey&, std::uint64_t) { ++listed; });
    }
    EXPECT_TRUE(scanned == tiles);
    EXPECT_EQ(listed, tiles.size());
    std::size_t in_files = 0;
    for (const auto& file : reader.files()->list()) {
        reader.files()->list_tiles(file, [&](const TileKey&, std::uint64_t) { ++in_files; });
    }
    EXPECT_EQ(in_files, tiles.size());
}

TEST_P(MapcacheSqlitePeer, what_we_write_is_served_and_changed_by_mapcache) {
    seed();
    const auto tiles = looked_up(CacheReader{options(), slice(), *pool_});
    std::vector<fs::path> databases;
    for (const auto& entry : fs::recursive_directory_iterator{folder_.path()}) {
        if (entry.is_regular_file() && entry.path().extension().string().find("db") == 1) {
            databases.push_back(entry.path());
        }
    }
    for (const auto& path : databases) {
        fs::remove(path);
    }
    fs::remove(folder_ / "c.mbtiles");
    {
        CacheWriter writer{options(), slice()};
        for (const auto& [key, content] : tiles) {
            writer.put(key, content);
        }
        writer.commit();
    }
    for (const TileKey key : {TileKey{0, 0, 0}, TileKey{1, 1, 0}, TileKey{2, 1, 0},
                              TileKey{3, 7, 2}, TileKey{3, 0, 3}}) {
        EXPECT_TRUE(served(key) == as_text(tiles.at(key))) << key.z << '/' << key.x << '/' << key.y;
    }
    EXPECT_TRUE(decode_tile(as_bytes(served({3, 0, 7}))).rgba ==
                decode_tile(tiles.at({3, 0, 7})).rgba);
    seed();  // finds all of it there
    EXPECT_TRUE(looked_up(CacheReader{options(), slice(), *pool_}) == tiles);
    if (options().schema == CacheSchema::mbtiles) {
        const auto info = run({"gdalinfo", (folder_ / "c.mbtiles").string()});
        EXPECT_EQ(info.exit_code, 0) << info.err;
        EXPECT_THAT(info.out, HasSubstr("Driver: MBTiles"));
        EXPECT_THAT(info.out, HasSubstr("Size is 2048, 2048"));
    }
}

TEST_P(MapcacheSqlitePeer, both_change_the_same_files) {
    seed();
    const TileKey key{3, 7, 2};
    const auto before = looked_up(CacheReader{options(), slice(), *pool_});
    {
        CacheWriter writer{options(), slice()};
        writer.erase(key);
        writer.put({3, 6, 2}, before.at({3, 0, 0}));
        writer.commit();
    }
    EXPECT_EQ(CacheReader(options(), slice(), *pool_).get(key), std::nullopt);
    EXPECT_TRUE(served({3, 6, 2}) == as_text(before.at({3, 0, 0})));
    seed();  // renders the missing tile again, and no other
    const CacheReader reader{options(), slice(), *pool_};
    EXPECT_TRUE(reader.get(key)->content == before.at(key));
    EXPECT_TRUE(reader.get({3, 6, 2})->content == before.at({3, 0, 0}));
}

INSTANTIATE_TEST_SUITE_P(Caches, MapcacheSqlitePeer, testing::ValuesIn(cases()),
                         [](const auto& some) { return some.param.name; });

}  // namespace
}  // namespace offgrid
