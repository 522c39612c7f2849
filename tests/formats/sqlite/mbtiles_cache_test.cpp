#include "formats/base/hash.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/tile/lonlat.h"
#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid::sqlite {
namespace {

namespace fs = std::filesystem;

using test::png_bytes;
using test::TempFolder;
using test::throws;
using test::word_in;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The file as MapCache 1.14 makes it, with a tile (x 0, row 1, z 1), and two blank ones.
constexpr const char* mapcache_mbtiles =
    "create table if not exists images(tile_id text, tile_data blob, primary key(tile_id));"
    "CREATE TABLE  IF NOT EXISTS map (zoom_level integer, tile_column integer, tile_row integer,"
    " tile_id text, foreign key(tile_id) references images(tile_id),"
    " primary key(tile_row,tile_column,zoom_level));"
    "create table if not exists metadata(name text, value text);"
    "create view if not exists tiles AS SELECT map.zoom_level AS zoom_level, map.tile_column AS"
    " tile_column, map.tile_row AS tile_row, images.tile_data AS tile_data FROM map JOIN images ON"
    " images.tile_id = map.tile_id;"
    "insert into images values('0-1-1', x'89504E470D0A1A0A' || 'own'),"
    " ('#1e140aff', x'89504E470D0A1A0A' || 'blank');"
    "insert into map values(1,0,1,'0-1-1'), (1,1,0,'#1e140aff'), (1,1,1,'#1e140aff');";

struct MbtilesCacheTest : testing::Test {
    void put(const TileKey& key, std::string_view word) {
        CacheWriter cache{options, slice};
        cache.put(key, png_bytes(word));
        cache.commit();
    }

    void erase(const TileKey& key) {
        CacheWriter cache{options, slice};
        cache.erase(key);
        cache.commit();
    }

    std::string word_at(const TileKey& key) {
        return word_in(CacheReader{options, slice, *pool}.get(key));
    }

    std::vector<std::string> images() {
        return rows(options.file, "select tile_id from images order by 1");
    }

    std::vector<std::string> metadata() {
        return rows(options.file, "select name, value from metadata order by name");
    }

    /// Of an image in column 0 of zoom 1.
    static std::string id(std::string_view word) {
        return "01-00000000-" + tile_id(png_bytes(word));
    }

    TempFolder folder;
    std::unique_ptr<CacheFilePool> pool = make_cache_file_pool(4);
    CacheOptions options = cache_in(folder / "c.mbtiles", CacheSchema::mbtiles);
    TilesetSlice slice = slice_on();
};

TEST_F(MbtilesCacheTest, reads_what_mapcache_wrote) {
    execute(options.file, mapcache_mbtiles);
    EXPECT_EQ(word_at({1, 0, 0}), "own");
    EXPECT_EQ(word_at({1, 1, 1}), "blank");
    EXPECT_EQ(word_at({1, 0, 1}), "(absent)");
}

TEST_F(MbtilesCacheTest, an_image_of_mapcache_goes_with_its_tile) {
    execute(options.file, mapcache_mbtiles);
    put({1, 0, 0}, "new");
    EXPECT_EQ(word_at({1, 0, 0}), "new");
    EXPECT_THAT(images(), testing::UnorderedElementsAre("#1e140aff", id("new")));
    erase({1, 0, 0});
    EXPECT_THAT(images(), ElementsAre("#1e140aff"));
    EXPECT_EQ(word_at({1, 0, 0}), "(absent)");
}

TEST_F(MbtilesCacheTest, an_image_that_tiles_share_stays_until_the_last_one_goes) {
    execute(options.file, mapcache_mbtiles);
    erase({1, 1, 0});
    EXPECT_EQ(word_at({1, 1, 1}), "blank");
    erase({1, 1, 1});
    EXPECT_THAT(images(), ElementsAre("0-1-1"));
}

TEST_F(MbtilesCacheTest, equal_tiles_of_a_column_are_stored_once) {
    put({1, 0, 0}, "same");
    put({1, 0, 1}, "same");
    EXPECT_THAT(images(), ElementsAre(id("same")));
    put({1, 0, 0}, "other");
    put({1, 0, 0}, "other");
    EXPECT_THAT(images(), testing::UnorderedElementsAre(id("other"), id("same")));
    EXPECT_EQ(word_at({1, 0, 1}), "same");
}

TEST_F(MbtilesCacheTest, images_follow_each_other_in_the_order_of_a_scan) {
    put({2, 1, 0}, "first");
    put({2, 2, 0}, "second");
    put({2, 3, 0}, "third");
    EXPECT_THAT(rows(options.file, "select rowid from images order by tile_id"),
                ElementsAre("1", "2", "3"));
}

TEST_F(MbtilesCacheTest, has_the_objects_that_mapcache_would_make) {
    put({0, 0, 0}, "w");
    EXPECT_THAT(rows(options.file,
                     "select type, name from sqlite_master where sql is not null"
                     " order by name"),
                ElementsAre("table|images", "table|map", "table|metadata", "view|tiles"));
    execute(options.file, mapcache_mbtiles);
    EXPECT_EQ(word_at({0, 0, 0}), "w");
    EXPECT_EQ(word_at({1, 0, 0}), "own");
}

// --- Metadata

TEST_F(MbtilesCacheTest, says_of_a_new_file_what_mbtiles_wants) {
    slice.info.name = "Streets";
    slice.info.attribution = "us";
    CacheWriter cache{options, slice};
    cache.put({2, 2, 0}, png_bytes("a"));
    cache.put({1, 1, 0}, png_bytes("b"));
    cache.commit();
    EXPECT_THAT(metadata(),
                ElementsAre("attribution|us", "bounds|0,66.51326044,90,85.05112878",
                            "center|45,75.78219461,1", "format|png", "maxzoom|2", "minzoom|1",
                            "name|Streets", "type|baselayer", "version|1"));
}

TEST_F(MbtilesCacheTest, metadata_grows_with_what_is_put) {
    put({2, 2, 0}, "a");
    put({3, 0, 0}, "b");
    put({0, 0, 0}, "w");
    const auto all = metadata();
    EXPECT_THAT(all, testing::IsSupersetOf(
                         {"minzoom|0", "maxzoom|3", "bounds|-180,-85.05112878,180,85.05112878"}));
}

TEST_F(MbtilesCacheTest, fills_the_metadata_that_mapcache_leaves_empty) {
    execute(options.file, mapcache_mbtiles);
    put({2, 0, 0}, "a");
    EXPECT_THAT(metadata(), testing::IsSupersetOf({"minzoom|1", "maxzoom|2", "format|png"}));
}

TEST_F(MbtilesCacheTest, keeps_what_the_metadata_says_already) {
    put({1, 0, 0}, "a");
    execute(options.file, "update metadata set value='theirs' where name in ('name', 'version')");
    put({1, 1, 0}, "b");
    EXPECT_THAT(metadata(), testing::IsSupersetOf({"name|theirs", "version|theirs"}));
}

TEST_F(MbtilesCacheTest, bounds_grow_when_a_tileset_of_other_bounds_is_added) {
    slice.info.bounds = Box{0, 0, 10, 10};
    put({3, 4, 3}, "a");
    slice.info.bounds = Box{20, 20, 30, 30};
    put({3, 4, 2}, "b");
    EXPECT_THAT(metadata(), testing::Contains("bounds|0,0,30,30"));
}

TEST_F(MbtilesCacheTest, bounds_that_limit_nothing_give_way_to_those_of_the_tiles) {
    slice.info.bounds = to_lonlat(slice.info.grid->srs(), slice.info.grid->extent());
    put({2, 2, 0}, "a");
    EXPECT_THAT(metadata(), testing::Contains("bounds|0,66.51326044,90,85.05112878"));
}

TEST_F(MbtilesCacheTest, an_image_without_a_tile_that_was_there_before_is_left_alone) {
    execute(options.file, mapcache_mbtiles);
    execute(options.file, "insert into images values('theirs', 'x')");
    erase({1, 1, 0});
    erase({1, 1, 1});
    EXPECT_THAT(images(), ElementsAre("0-1-1", "theirs"));
}

TEST_F(MbtilesCacheTest, an_image_without_content_is_no_tile) {
    put({1, 0, 0}, "a");
    execute(options.file, "update images set tile_data=x''");
    const auto files = make_mbtiles_pool(1);
    const MbtilesReader of_file{options.file, Grid::google_maps_compatible(), *files};
    const CacheReader of_cache{options, slice, *pool};
    for (const TileReader* reader :
         {static_cast<const TileReader*>(&of_file), static_cast<const TileReader*>(&of_cache)}) {
        EXPECT_EQ(reader->get({1, 0, 0}), std::nullopt);
        EXPECT_FALSE(reader->exists({1, 0, 0}));
        reader->scan({1, 0, 0, 2, 2}, [](const TileKey&, BytesView) { FAIL(); });
        reader->list({1, 0, 0, 2, 2}, [](const TileKey&, std::uint64_t) { FAIL(); });
    }
}

TEST_F(MbtilesCacheTest, refuses_a_query_that_sets_without_one_that_deletes) {
    options.queries.set = "insert into map values(:z,:x,:y,'a')";
    EXPECT_THAT([&] { CacheWriter(options, slice); },
                throws(Errc::invalid_argument, HasSubstr("cache 'c'")));
}

// --- The other layouts

TEST_F(MbtilesCacheTest, writes_a_flat_file_in_place) {
    options.schema = CacheSchema::mbtiles_flat;
    put({1, 0, 0}, "old");
    put({1, 0, 0}, "new");
    EXPECT_THAT(rows(options.file, "select zoom_level, tile_column, tile_row from tiles"),
                ElementsAre("1|0|1"));
    EXPECT_EQ(word_at({1, 0, 0}), "new");
}

TEST_F(MbtilesCacheTest, writes_the_hash_of_each_tile) {
    options.schema = CacheSchema::mbtiles_hashed;
    CacheWriter cache{options, slice};
    const auto content = as_bytes("same");  // the digest of these bytes is that of `md5sum`
    cache.put({1, 0, 0}, png_bytes("old"));
    cache.put({1, 0, 0}, content);
    cache.commit();
    EXPECT_THAT(rows(options.file, "select tile_row, tile_hash from tiles_with_hash"),
                ElementsAre("1|51037A4A37730F52C8732586D3AAA316"));
    EXPECT_THAT(rows(options.file, "select cast(tile_data as text) from tiles"),
                ElementsAre("same"));
}

TEST_F(MbtilesCacheTest, the_tables_that_are_there_decide) {
    options.schema = CacheSchema::mbtiles_flat;
    put({1, 0, 0}, "flat");
    options.schema = CacheSchema::mbtiles;
    put({1, 1, 0}, "more");
    EXPECT_EQ(word_at({1, 0, 0}), "flat");
    EXPECT_EQ(word_at({1, 1, 0}), "more");
    EXPECT_THAT(rows(options.file, "select name from sqlite_master where name='map'"), IsEmpty());
}

TEST_F(MbtilesCacheTest, does_not_write_into_tables_that_are_only_read) {
    execute(options.file,
            "CREATE TABLE tiles_shallow (zoom_level, tile_column, tile_row, tile_data_id,"
            " PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID;"
            "CREATE TABLE tiles_data (tile_data_id INTEGER PRIMARY KEY, tile_data);"
            "INSERT INTO tiles_shallow VALUES (1, 0, 1, 7);"
            "INSERT INTO tiles_data VALUES (7, x'89504E470D0A1A0A' || 'a');");
    EXPECT_EQ(word_at({1, 0, 0}), "a");
    EXPECT_THAT([&] { put({1, 0, 0}, "b"); }, throws(Errc::unsupported, HasSubstr("c.mbtiles")));
}

TEST_F(MbtilesCacheTest, does_not_write_where_each_tile_would_be_searched_for) {
    execute(options.file,
            "create table tiles(zoom_level, tile_column, tile_row, tile_data);"
            "create table metadata(name, value)");
    EXPECT_THAT([&] { put({1, 0, 0}, "b"); }, throws(Errc::corrupt, HasSubstr("no index")));
}

TEST_F(MbtilesCacheTest, mapcache_counts_rows_from_the_origin_and_mbtiles_from_the_south) {
    const Grid top_left{{.name = "north",
                         .srs = "EPSG:3857",
                         .extent = Grid::google_maps_compatible().extent(),
                         .resolutions = {156543.03392804097, 78271.51696402048},
                         .origin = Grid::Origin::top_left}};
    slice = slice_on(top_left);
    put({1, 0, 0}, "a");
    EXPECT_THAT(rows(options.file, "select tile_row from map"), ElementsAre("0"));
    options = cache_in(folder / "flat.mbtiles", CacheSchema::mbtiles_flat);
    put({1, 0, 0}, "a");
    EXPECT_THAT(rows(options.file, "select tile_row from tiles"), ElementsAre("1"));
    EXPECT_EQ(word_at({1, 0, 0}), "a");
}

}  // namespace
}  // namespace offgrid::sqlite
