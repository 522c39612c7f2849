#include "formats/image/blank.h"
#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"
#include "tests/support/hot_journal.h"
#include "tests/support/shared_data.h"
#include "tests/support/store_contract.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <map>

namespace offgrid::sqlite {
namespace {

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using test::draw;
using test::TempFolder;
using test::throws;
using test::word_in;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The table as MapCache 1.14 makes it.
constexpr const char* mapcache_ddl =
    "create table if not exists tiles(tileset text, grid text, x integer, y integer, z integer,"
    " data blob, dim text, ctime datetime, primary key(tileset,grid,x,y,z,dim));";

/// A row as MapCache writes it; y counts from the south.
std::string row(const std::string& data, int z, int x, int y, const std::string& tileset = "osm",
                const std::string& dim = "") {
    return fmt::format(
        "insert or replace into tiles(tileset,grid,x,y,z,data,dim,ctime)"
        " values('{}','GoogleMapsCompatible',{},{},{},{},'{}','2020-02-03 04:05:06');",
        tileset, x, y, z, data, dim);
}

std::string word(std::string_view text) {
    return fmt::format("x'89504E470D0A1A0A' || '{}'", text);
}

struct CacheReaderTest : testing::Test {
    CacheReader reader() { return CacheReader{options, slice, *pool}; }

    test::Pyramid scanned(int z) {
        test::Pyramid seen;
        const auto& grid = *slice.info.grid;
        reader().scan(grid.whole(z), [&](const TileKey& key, BytesView content) {
            seen[key] = word_in(Tile{{content.begin(), content.end()}});
        });
        return seen;
    }

    TempFolder folder;
    std::unique_ptr<CacheFilePool> pool = make_cache_file_pool(4);
    CacheOptions options = cache_in(folder / "c.db");
    TilesetSlice slice = slice_on();
};

// --- What MapCache wrote

TEST_F(CacheReaderTest, counts_rows_from_the_origin_of_the_grid) {
    execute(folder / "c.db", mapcache_ddl + row(word("south"), 1, 0, 0));
    EXPECT_EQ(word_in(reader().get({1, 0, 1})), "south");

    const Grid top_left{{.name = "GoogleMapsCompatible",
                         .srs = "EPSG:3857",
                         .extent = Grid::google_maps_compatible().extent(),
                         .resolutions = {156543.03392804097, 78271.51696402048},
                         .origin = Grid::Origin::top_left}};
    slice = slice_on(top_left);
    EXPECT_EQ(word_in(reader().get({1, 0, 0})), "south") << "row 0 is the north on this grid";
    EXPECT_EQ(scanned(1), draw("z1: south"));
}

TEST_F(CacheReaderTest, reads_a_file_whose_writer_was_killed_in_a_commit) {
    execute(folder / "c.db", mapcache_ddl + row(word("kept"), 0, 0, 0));
    test::leave_hot_journal(folder / "c.db");
    EXPECT_EQ(word_in(reader().get({0, 0, 0})), "kept");
}

TEST_F(CacheReaderTest, sees_the_tiles_of_its_slice_only) {
    slice.values.dimensions = {{"time", "a.b/c"}, {"style", "v2"}};
    execute(folder / "c.db", mapcache_ddl + row(word("mine"), 1, 0, 0, "osm", "v2#a.b/c") +
                                 row(word("older"), 1, 0, 0, "osm", "v1#a.b/c") +
                                 row(word("plain"), 1, 1, 0) +
                                 row(word("other"), 1, 0, 0, "sat", "v2#a.b/c"));
    EXPECT_EQ(word_in(reader().get({1, 0, 1})), "mine");
    EXPECT_EQ(scanned(1), draw("z1@0,1: mine"));
}

TEST_F(CacheReaderTest, tells_when_a_tile_was_written) {
    execute(folder / "c.db", mapcache_ddl + row(word("w"), 0, 0, 0) + row(word("b"), 1, 0, 0) +
                                 "update tiles set ctime='garbage' where z=1");
    const auto modified = reader().get({0, 0, 0})->modified;
    ASSERT_TRUE(modified);
    EXPECT_EQ(std::chrono::system_clock::to_time_t(*modified), 1580702706);
    EXPECT_EQ(reader().get({1, 0, 1})->modified, std::nullopt);
}

TEST_F(CacheReaderTest, gives_an_image_for_a_blank_mark) {
    execute(folder / "c.db", mapcache_ddl + row("x'231E140AFF'", 1, 0, 1) +
                                 row("x'2319326480'", 1, 1, 1) + row("x'231E140AFF00'", 1, 0, 0));
    const auto cache = reader();
    EXPECT_EQ(cache.get({1, 0, 0})->content, blank_png({{30, 20, 10, 255}}, 256, 256));
    EXPECT_EQ(cache.get({1, 0, 1})->content.size(), 6U) << "six bytes are a tile";

    std::map<TileKey, Bytes> seen;
    cache.scan({1, 0, 0, 2, 1}, [&](const TileKey& key, BytesView content) {
        seen[key] = {content.begin(), content.end()};
    });
    EXPECT_EQ(seen, (std::map<TileKey, Bytes>{
                        {{1, 0, 0}, blank_png({{0x1E, 0x14, 0x0A, 0xFF}}, 256, 256)},
                        {{1, 1, 0}, blank_png({{0x19, 0x32, 0x64, 0x80}}, 256, 256)}}));
    cache.list({1, 0, 0, 1, 1},
               [](const TileKey&, std::uint64_t bytes) { EXPECT_EQ(bytes, 5U) << "as stored"; });
}

TEST_F(CacheReaderTest, a_row_without_content_is_absent) {
    execute(folder / "c.db",
            mapcache_ddl + row("NULL", 1, 0, 1) + row("''", 1, 1, 1) + row("'text'", 1, 0, 0));
    const auto cache = reader();
    EXPECT_EQ(cache.get({1, 0, 0}), std::nullopt);
    EXPECT_EQ(cache.get({1, 1, 0}), std::nullopt) << "how MapCache binds no bytes";
    EXPECT_FALSE(cache.exists({1, 0, 0}));
    EXPECT_FALSE(cache.exists({1, 1, 0}));
    EXPECT_TRUE(cache.exists({1, 0, 1}));
    EXPECT_EQ(as_text(cache.get({1, 0, 1})->content), "text");
    int listed = 0;
    cache.list({1, 0, 0, 2, 2}, [&](const TileKey& key, std::uint64_t) {
        EXPECT_EQ(key, (TileKey{1, 0, 1}));
        ++listed;
    });
    EXPECT_EQ(listed, 1);
}

TEST_F(CacheReaderTest, skips_addresses_that_no_look_up_finds) {
    execute(folder / "c.db",
            mapcache_ddl + row(word("a"), 1, 0, 1) +
                "insert into tiles select tileset,grid,0.5,y,z,data,dim,ctime from tiles;"
                "insert into tiles select tileset,grid,9,y,z,data,dim,ctime from tiles where x=0;");
    EXPECT_EQ(scanned(1), draw("z1: a"));
}

// --- The operator's statements

TEST_F(CacheReaderTest, runs_the_statements_of_the_operator_as_they_are) {
    execute(
        folder / "c.db",
        "create table t(z,x,y,d); insert into t values(2,1,0,x'89504E470D0A1A0A' || 'a');"
        "create view tiles as select z zoom_level, x tile_column, y tile_row, d tile_data from t");
    options.queries.get =
        "select tile_data, 1000 from tiles where tile_column=:x and tile_row=:y and zoom_level=:z";
    const auto cache = reader();
    const auto tile = cache.get({2, 1, 3});
    EXPECT_EQ(word_in(tile), "a");
    EXPECT_EQ(tile->modified, std::chrono::system_clock::from_time_t(1000));
    EXPECT_TRUE(cache.exists({2, 1, 3}));
    EXPECT_FALSE(cache.exists({2, 1, 2}));
}

TEST_F(CacheReaderTest, binds_every_name_that_mapcache_binds) {
    execute(folder / "c.db", "create table t(n)");
    slice.values.dimensions = {{"time", "now"}};
    options.queries.get =
        "select :z||' '||:x||' '||:y||' '||:inv_x||' '||:inv_y||' '||:dim||' '||:grid||' '||"
        ":tileset";
    EXPECT_EQ(as_text(reader().get({3, 2, 6})->content), "3 2 1 5 6 now GoogleMapsCompatible osm");
}

TEST_F(CacheReaderTest, cannot_list_what_the_operator_keeps_elsewhere) {
    options.queries.get = "select 1";
    const auto cache = reader();
    EXPECT_FALSE(cache.can_scan());
    EXPECT_EQ(cache.files(), nullptr);
    EXPECT_THAT(
        [&] {
            cache.scan({0, 0, 0, 1, 1}, [](const TileKey&, BytesView) {});
        },
        throws(Errc::unsupported, HasSubstr("cache 'c'")));
}

TEST_F(CacheReaderTest, names_the_statement_that_does_not_compile) {
    execute(folder / "c.db", mapcache_ddl);
    options.queries.get = "selekt 1";
    EXPECT_THAT(
        [&] {
            reader().get({0, 0, 0});
        },
        throws(Errc::corrupt, AllOf(HasSubstr("cache 'c': query 'get'"),
                                    HasSubstr("near \"selekt\""), HasSubstr("c.db"))));
}

TEST_F(CacheReaderTest, a_statement_cannot_change_the_file) {
    execute(folder / "c.db", mapcache_ddl + row(word("w"), 0, 0, 0));
    options.queries.get = "delete from tiles";
    EXPECT_THAT([&] { reader().get({0, 0, 0}); }, throws(Errc::io, HasSubstr("readonly")));
    EXPECT_THAT(rows(folder / "c.db", "select count(*) from tiles"), ElementsAre("1"));
}

// --- Files that are missing, foreign, locked or swapped

TEST_F(CacheReaderTest, a_missing_file_has_no_tiles_and_stays_missing) {
    EXPECT_EQ(reader().get({0, 0, 0}), std::nullopt);
    EXPECT_THAT(scanned(0), IsEmpty());
    EXPECT_THAT(test::names_below(folder.path()), IsEmpty());
}

TEST_F(CacheReaderTest, a_file_that_is_just_being_made_has_no_tiles) {
    test::write_file(folder / "c.db", "");
    EXPECT_EQ(reader().get({0, 0, 0}), std::nullopt);
    EXPECT_EQ(fs::file_size(folder / "c.db"), 0U);
}

TEST_F(CacheReaderTest, refuses_a_file_of_another_schema) {
    const std::pair<const char*, const char*> cases[] = {
        {"create table other(n)", "no such table: tiles"},
        {"create table tiles(zoom_level, tile_column, tile_row, tile_data)", "no column tileset"},
        {"create view tiles as select 'osm' tileset, 'g' grid, 0 x, 0 y, 0 z, 'd' data, '' dim,"
         " 0 ctime",
         "no such table: tiles"},
        {"create table tiles(tileset, grid, x, y, z, data as (zeroblob(1000000000)), dim, ctime)",
         "computed columns"}};
    for (const auto& [ddl, cause] : cases) {
        fs::remove(folder / "c.db");
        execute(folder / "c.db", ddl);
        EXPECT_THAT(
            [&] {
                reader().get({0, 0, 0});
            },
            throws(Errc::corrupt,
                   AllOf(HasSubstr("cache 'c'"), HasSubstr("c.db"), HasSubstr(cause))));
        EXPECT_THAT([&] { scanned(0); }, throws(Errc::corrupt, HasSubstr(cause)));
    }
}

TEST_F(CacheReaderTest, refuses_what_is_no_database) {
    test::write_file(folder / "c.db", "this is not a database, however long it may be");
    EXPECT_THAT(
        [&] {
            reader().get({0, 0, 0});
        },
        throws(Errc::corrupt, HasSubstr("not a database")));
}

TEST_F(CacheReaderTest, a_locked_file_is_busy_after_the_timeout) {
    execute(folder / "c.db", mapcache_ddl + row(word("w"), 0, 0, 0));
    Db other{folder / "c.db", OpenMode::update};
    other.execute("begin exclusive");
    options.read_timeout = 20ms;
    EXPECT_THAT(
        [&] {
            reader().get({0, 0, 0});
        },
        throws(Errc::busy, AllOf(HasSubstr("cache 'c'"), HasSubstr("c.db"), HasSubstr("locked"))));
    other.execute("commit");
    EXPECT_EQ(word_in(reader().get({0, 0, 0})), "w");
}

TEST_F(CacheReaderTest, sees_what_others_write_meanwhile) {
    execute(folder / "c.db", mapcache_ddl + row(word("old"), 0, 0, 0));
    const auto cache = reader();
    EXPECT_EQ(word_in(cache.get({0, 0, 0})), "old");
    execute(folder / "c.db", row(word("new"), 0, 0, 0));
    EXPECT_EQ(word_in(cache.get({0, 0, 0})), "new");
}

TEST_F(CacheReaderTest, opens_a_file_anew_that_was_replaced) {
    execute(folder / "c.db", mapcache_ddl + row(word("old"), 0, 0, 0));
    execute(folder / "d.db", mapcache_ddl + row(word("new"), 0, 0, 0));
    const auto cache = reader();
    EXPECT_EQ(word_in(cache.get({0, 0, 0})), "old");
    fs::rename(folder / "d.db", folder / "c.db");
    EXPECT_EQ(word_in(cache.get({0, 0, 0})), "new");
    EXPECT_EQ(pool->statistics().open, 1U);
    fs::remove(folder / "c.db");
    EXPECT_EQ(cache.get({0, 0, 0}), std::nullopt);
}

TEST_F(CacheReaderTest, closes_its_files_with_the_reader) {
    execute(folder / "c.db", mapcache_ddl + row(word("w"), 0, 0, 0));
    reader().get({0, 0, 0});
    EXPECT_EQ(pool->statistics().open, 0U);
}

TEST_F(CacheReaderTest, reads_a_file_in_wal_mode_while_it_is_written) {
    Db other{folder / "c.db", OpenMode::update};
    other.execute("pragma journal_mode=wal");
    other.execute((mapcache_ddl + row(word("w"), 0, 0, 0)).c_str());
    other.execute(("begin;" + row(word("not yet"), 0, 0, 0)).c_str());
    EXPECT_EQ(word_in(reader().get({0, 0, 0})), "w");
}

TEST_F(CacheReaderTest, damaged_files_give_errors_or_nothing) {
    for (const auto* name : {"bad/sqlite", "bad/mbtiles"}) {
        for (const auto& file : test::shared_files(name)) {
            for (const auto schema : {CacheSchema::tiles, CacheSchema::mbtiles}) {
                fs::copy_file(file, folder / "c.db", fs::copy_options::overwrite_existing);
                options.schema = schema;
                const auto look = [&](const auto& action) {
                    try {
                        action();
                    } catch (const Error& error) {
                        EXPECT_THAT(error.what(), HasSubstr("cache 'c'")) << file;
                    }
                };
                for (int z = 0; z < 4; ++z) {
                    look([&] { reader().get({z, 0, 0}); });
                    look([&] { scanned(z); });
                }
                look([&] {
                    reader().files()->list_tiles(options.file,
                                                 [](const TileKey&, std::uint64_t) {});
                });
            }
        }
    }
}

// --- Many files

struct ManyFilesTest : CacheReaderTest {
    ManyFilesTest() {
        options.file = (folder / "{top}-{top_x}-{top_y}.db").string();
        options.path.top = 2;
    }

    std::vector<TileKey> keys_in(const std::string& name) {
        std::vector<TileKey> keys;
        const auto cache = reader();
        cache.files()->list_tiles((folder / name).string(),
                                  [&](const TileKey& key, std::uint64_t) { keys.push_back(key); });
        return keys;
    }
};

TEST_F(ManyFilesTest, reads_each_tile_from_the_file_that_the_template_names) {
    execute(folder / "2-0-0.db", mapcache_ddl + row(word("w"), 0, 0, 0) + row(word("a"), 3, 1, 1));
    execute(folder / "2-3-0.db", mapcache_ddl + row(word("b"), 3, 7, 1));
    EXPECT_EQ(word_in(reader().get({0, 0, 0})), "w");
    EXPECT_EQ(word_in(reader().get({3, 1, 6})), "a");
    EXPECT_EQ(word_in(reader().get({3, 7, 6})), "b");
    EXPECT_EQ(reader().get({3, 4, 4}), std::nullopt) << "its file is not there";
    EXPECT_EQ(scanned(3), draw("z3@1,6: a . . . . . b"));
}

TEST_F(ManyFilesTest, a_scan_does_not_touch_files_beyond_its_range) {
    execute(folder / "2-0-0.db", mapcache_ddl + row(word("a"), 3, 1, 1));
    test::write_file(folder / "2-3-3.db", "no database");
    std::vector<TileKey> seen;
    reader().list({3, 0, 4, 4, 8}, [&](const TileKey& key, std::uint64_t) { seen.push_back(key); });
    EXPECT_THAT(seen, ElementsAre(TileKey{3, 1, 6}));
}

TEST_F(ManyFilesTest, a_misplaced_tile_is_only_listed_with_its_file) {
    execute(folder / "2-0-0.db", mapcache_ddl + row(word("lost"), 3, 7, 7) +
                                     row(word("beyond"), 40, 1, 2) + row(word("out"), 1, -3, 5));
    EXPECT_EQ(reader().get({3, 7, 0}), std::nullopt);
    EXPECT_THAT(scanned(3), IsEmpty());
    EXPECT_THAT(keys_in("2-0-0.db"), testing::UnorderedElementsAre(
                                         TileKey{3, 7, 0}, TileKey{40, 1, 2}, TileKey{1, -3, -4}));
}

TEST_F(ManyFilesTest, lists_its_files_by_name) {
    for (const auto* name : {"2-3-0.db", "2-0-0.db", "3-0-0.db", "2-0-0.db-journal"}) {
        test::write_file(folder / name, "");
    }
    const auto cache = reader();
    EXPECT_THAT(cache.files()->list(),
                ElementsAre((folder / "2-0-0.db").string(), (folder / "2-3-0.db").string()));
}

TEST_F(ManyFilesTest, finds_a_deep_tile_where_32_bits_put_it) {
    options.path.top = 12;
    // MapCache puts column 1048576 of zoom 21 into pyramid 0; it belongs into 2048.
    execute(folder / "12-0-0.db", mapcache_ddl + row(word("wrapped"), 21, 1048576, 0));
    const TileKey key{21, 1048576, (1 << 21) - 1};
    EXPECT_EQ(word_in(reader().get(key)), "wrapped");
    EXPECT_EQ(scanned(21), (test::Pyramid{{key, "wrapped"}}));

    execute(folder / "12-2048-0.db", mapcache_ddl + row(word("right"), 21, 1048576, 0));
    EXPECT_EQ(word_in(reader().get(key)), "right");
    EXPECT_EQ(scanned(21), (test::Pyramid{{key, "right"}}));
}

}  // namespace
}  // namespace offgrid::sqlite
