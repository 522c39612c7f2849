#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid::sqlite {
namespace {

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using test::png_bytes;
using test::TempFolder;
using test::throws;
using test::word_in;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

struct CacheWriterTest : testing::Test {
    CacheWriter writer() { return CacheWriter{options, slice}; }

    void put(const TileKey& key, std::string_view word) {
        auto cache = writer();
        cache.put(key, png_bytes(word));
        cache.commit();
    }

    std::string word_at(const TileKey& key) {
        return word_in(CacheReader{options, slice, *pool}.get(key));
    }

    TempFolder folder;
    std::unique_ptr<CacheFilePool> pool = make_cache_file_pool(4);
    CacheOptions options = cache_in(folder / "c.db");
    TilesetSlice slice = slice_on();
};

TEST_F(CacheWriterTest, writes_the_row_that_mapcache_writes) {
    slice.values.dimensions = {{"time", "a.b/c"}, {"style", "v2"}};
    put({1, 0, 1}, "w");
    EXPECT_THAT(
        rows(folder / "c.db", "select tileset, grid, x, y, z, dim, typeof(data), ctime from tiles"),
        ElementsAre(MatchesRegex("osm.GoogleMapsCompatible.0.0.1.v2#a.b/c.blob."
                                 "20..-..-.. ..:..:..")));
    EXPECT_THAT(rows(folder / "c.db", "select sql from sqlite_master where type='table'"),
                ElementsAre("CREATE TABLE tiles(tileset text, grid text, x integer, y integer,"
                            " z integer, data blob, dim text, ctime datetime,"
                            " primary key(tileset,grid,x,y,z,dim))"));
}

TEST_F(CacheWriterTest, shows_nothing_before_the_commit) {
    put({0, 0, 0}, "old");
    {
        auto cache = writer();
        cache.put({0, 0, 0}, png_bytes("new"));
        EXPECT_EQ(word_at({0, 0, 0}), "old");
    }
    EXPECT_EQ(word_at({0, 0, 0}), "old") << "abandoned";
}

TEST_F(CacheWriterTest, goes_on_after_a_commit) {
    auto cache = writer();
    for (const auto* word : {"one", "two"}) {
        cache.put({0, 0, 0}, png_bytes(word));
        cache.commit();
        EXPECT_EQ(word_at({0, 0, 0}), word);
    }
}

TEST_F(CacheWriterTest, leaves_the_tiles_of_other_slices_alone) {
    put({0, 0, 0}, "osm");
    slice.values.tileset = "sat";
    put({0, 0, 0}, "sat");
    {
        auto cache = writer();
        cache.erase({0, 0, 0});
        cache.commit();
    }
    EXPECT_EQ(word_at({0, 0, 0}), "(absent)");
    slice.values.tileset = "osm";
    EXPECT_EQ(word_at({0, 0, 0}), "osm");
}

TEST_F(CacheWriterTest, marks_a_tile_of_one_colour_where_it_is_asked_to) {
    auto cache = writer();
    cache.put({0, 0, 0}, blank_tile());
    options.marks_blank = true;
    cache.commit();
    auto marking = writer();
    marking.put({1, 0, 0}, blank_tile());
    marking.put({1, 1, 0}, as_bytes("no image at all"));
    EXPECT_THAT(
        [&] {
            marking.put({1, 1, 0}, png_bytes("damaged"));
        },
        throws(Errc::corrupt, HasSubstr("cache 'c'")));
    marking.commit();
    EXPECT_THAT(rows(folder / "c.db", "select z, length(data) from tiles where x=0 order by z"),
                ElementsAre(fmt::format("0|{}", blank_tile().size()), "1|5"));
    EXPECT_THAT(rows(folder / "c.db", "select hex(data) from tiles where z=1 and x=0"),
                ElementsAre("231E140AFF"));
    EXPECT_THAT(rows(folder / "c.db", "select cast(data as text) from tiles where z=1 and x=1"),
                ElementsAre("no image at all"));
}

TEST_F(CacheWriterTest, refuses_what_is_no_tile) {
    auto cache = writer();
    EXPECT_THAT(
        [&] {
            cache.put({1, 2, 0}, png_bytes("x"));
        },
        throws(Errc::invalid_argument, HasSubstr("cache 'c': tile 1/2/0 is not in")));
    EXPECT_THAT(
        [&] {
            cache.put({1, 0, 0}, {});
        },
        throws(Errc::invalid_argument, HasSubstr("tile 1/0/0 has no content")));
    EXPECT_THAT([&] { cache.erase({-1, 0, 0}); }, throws(Errc::invalid_argument, HasSubstr("c")));
    EXPECT_FALSE(fs::exists(folder / "c.db"));
}

TEST_F(CacheWriterTest, erasing_makes_no_file) {
    auto cache = writer();
    cache.erase({0, 0, 0});
    cache.commit();
    EXPECT_THAT(test::names_below(folder.path()), IsEmpty());
}

// --- Pragmas and the operator's statements

TEST_F(CacheWriterTest, sets_pragmas_where_they_have_an_effect) {
    options.pragmas = {{"journal_mode", "WAL"}, {"user_version", "7"}, {"page_size", "8192"}};
    put({0, 0, 0}, "w");
    EXPECT_THAT(rows(folder / "c.db",
                     "select * from pragma_journal_mode, pragma_user_version, pragma_page_size"),
                ElementsAre("wal|7|8192"));
    EXPECT_EQ(word_at({0, 0, 0}), "w");
}

TEST_F(CacheWriterTest, refuses_a_pragma_that_is_more_than_a_word) {
    const std::pair<const char*, const char*> cases[] = {
        {"user_version=1;drop table tiles;--", "1"},
        {"user_version", "1;drop table tiles"},
        {"user_version", ""},
        {"", "1"},
        {"user_version", "-"}};
    for (const auto& [name, value] : cases) {
        options.pragmas = {{name, value}};
        EXPECT_THAT([&] { writer(); },
                    throws(Errc::invalid_argument, HasSubstr("cache 'c': pragma")))
            << value;
    }
}

TEST_F(CacheWriterTest, runs_the_statements_of_the_operator_as_they_are) {
    options.queries = {
        .create =
            "create table if not exists t(z,x,y,d); create table if not exists n(n);"
            "create trigger if not exists count after insert on t begin insert into n"
            " values(1); end",
        .get = "select d from t where z=:z and x=:x and y=:inv_y",
        .set = "insert into t values(:z,:x,:inv_y,:data)",
        .erase = "delete from t where z=:z and x=:x and y=:inv_y"};
    put({2, 1, 3}, "a");
    put({2, 2, 3}, "gone");
    {
        auto cache = writer();
        cache.erase({2, 2, 3});
        cache.commit();
    }
    EXPECT_EQ(word_at({2, 1, 3}), "a");
    EXPECT_THAT(rows(folder / "c.db", "select z, x, y from t"), ElementsAre("2|1|3"));
    EXPECT_THAT(rows(folder / "c.db", "select count(*) from n"), ElementsAre("2"));
}

TEST_F(CacheWriterTest, names_the_statement_that_does_not_run) {
    options.queries.create = "create tabel t(n)";
    EXPECT_THAT(
        [&] {
            put({0, 0, 0}, "w");
        },
        throws(Errc::corrupt,
               AllOf(HasSubstr("cache 'c': query 'create'"), HasSubstr("near \"tabel\""))));
    EXPECT_THAT(test::names_below(folder.path()), IsEmpty()) << "no half-made file stays";

    options.queries = {.set = "insert into nowhere values(:data)"};
    EXPECT_THAT(
        [&] {
            put({0, 0, 0}, "w");
        },
        throws(Errc::corrupt, AllOf(HasSubstr("query 'set'"), HasSubstr("nowhere"))));
}

// --- Files that are foreign, locked, swapped or full

TEST_F(CacheWriterTest, leaves_a_file_of_another_schema_as_it_is) {
    for (const auto* ddl : {"create table other(n)", "create table tiles(zoom_level, tile_data)"}) {
        fs::remove(folder / "c.db");
        execute(folder / "c.db", ddl);
        const auto before = test::read_text(folder / "c.db");
        for (const auto schema : {CacheSchema::tiles, CacheSchema::mbtiles}) {
            options.schema = schema;
            options.pragmas = {{"user_version", "7"}};
            EXPECT_THAT(
                [&] {
                    put({0, 0, 0}, "w");
                },
                throws(Errc::corrupt, HasSubstr("cache 'c'")));
            EXPECT_EQ(test::read_text(folder / "c.db"), before);
        }
    }
}

TEST_F(CacheWriterTest, a_locked_file_is_busy_and_what_was_put_before_stays) {
    put({0, 0, 0}, "w");
    options.write_timeout = 20ms;
    auto cache = writer();
    {
        Db other{folder / "c.db", OpenMode::update};
        other.execute("begin immediate");
        EXPECT_THAT(
            [&] {
                cache.put({1, 0, 0}, png_bytes("a"));
            },
            throws(Errc::busy, AllOf(HasSubstr("cache 'c'"), HasSubstr("locked"))));
    }
    cache.put({1, 0, 0}, png_bytes("a"));
    {
        Db other{folder / "c.db", OpenMode::shared};
        auto reading = other.prepare("select data from tiles");
        ASSERT_TRUE(reading.step());
        EXPECT_THAT([&] { cache.commit(); }, throws(Errc::busy, HasSubstr("locked")));
    }
    cache.commit();
    EXPECT_EQ(word_at({1, 0, 0}), "a");
}

TEST_F(CacheWriterTest, writes_to_the_file_that_has_the_name_now) {
    auto cache = writer();
    cache.put({0, 0, 0}, png_bytes("first"));
    cache.commit();
    fs::rename(folder / "c.db", folder / "moved.db");
    cache.put({1, 0, 0}, png_bytes("second"));
    cache.commit();
    EXPECT_THAT(rows(folder / "c.db", "select z from tiles"), ElementsAre("1"));
    EXPECT_THAT(rows(folder / "moved.db", "select z from tiles"), ElementsAre("0"));
}

TEST_F(CacheWriterTest, is_still_good_after_a_file_was_replaced_by_another_schema) {
    auto cache = writer();
    cache.put({0, 0, 0}, png_bytes("first"));
    cache.commit();
    execute(folder / "other.db", "create table other(n)");
    fs::rename(folder / "other.db", folder / "c.db");
    for (int attempt = 0; attempt < 2; ++attempt) {
        EXPECT_THAT(
            [&] {
                cache.put({1, 0, 0}, png_bytes("a"));
            },
            throws(Errc::corrupt, HasSubstr("no such table: tiles")));
    }
    cache.commit();
    fs::remove(folder / "c.db");
    cache.put({1, 0, 0}, png_bytes("a"));
    cache.commit();
    EXPECT_EQ(word_at({1, 0, 0}), "a");
}

TEST_F(CacheWriterTest, tells_of_tiles_that_a_full_disk_took) {
    // As a full disk: SQLite takes no page more than these.
    options.pragmas = {{"max_page_count", "40"}};
    auto cache = writer();
    const std::string large(30'000, 'x');
    cache.put({1, 0, 0}, png_bytes("kept"));
    cache.commit();
    bool is_full = false;
    for (std::int64_t x = 0; x < 8 && !is_full; ++x) {
        try {
            cache.put({3, x, 0}, png_bytes(large));
        } catch (const Error& error) {
            is_full = error.code() == Errc::no_space;
        }
    }
    ASSERT_TRUE(is_full);
    bool has_told = false;
    try {
        cache.commit();
    } catch (const Error& error) {
        has_told = error.code() == Errc::no_space;
        EXPECT_THAT(error.what(), AllOf(HasSubstr("cache 'c'"), HasSubstr("is lost")));
    }
    const auto kept = rows(folder / "c.db", "select count(*) from tiles where z=3");
    EXPECT_TRUE(has_told ? kept.front() == "0" : kept.front() != "0")
        << "a commit that does not throw has kept the tiles that were taken";
    cache.put({1, 1, 0}, png_bytes("after"));
    cache.commit();
    EXPECT_EQ(word_at({1, 0, 0}), "kept");
    EXPECT_EQ(word_at({1, 1, 0}), "after");
}

// --- Many files

TEST_F(CacheWriterTest, makes_the_folders_and_files_that_the_template_names) {
    options.file = (folder / "{tileset}/{z}/{div_x}.db").string();
    options.path.xcount = 4;
    auto cache = writer();
    cache.put({3, 0, 0}, png_bytes("a"));
    cache.put({3, 5, 0}, png_bytes("b"));
    cache.commit();
    EXPECT_THAT(test::names_below(folder.path()),
                ElementsAre("osm/", "osm/3/", "osm/3/0.db", "osm/3/1.db"));
    EXPECT_EQ(word_at({3, 5, 0}), "b");
}

TEST_F(CacheWriterTest, keeps_few_of_many_files_open_and_loses_none) {
    options.file = (folder / "{x}.db").string();
    options.path.xcount = 1;
    auto cache = writer();
    for (std::int64_t x = 0; x < 400; ++x) {
        cache.put({9, x, 0}, png_bytes(std::to_string(x)));
    }
    EXPECT_EQ(word_at({9, 0, 0}), "0") << "committed early, to make room";
    EXPECT_EQ(word_at({9, 399, 0}), "(absent)");
    cache.commit();
    for (std::int64_t x = 0; x < 400; ++x) {
        EXPECT_EQ(word_at({9, x, 0}), std::to_string(x));
    }
}

TEST_F(CacheWriterTest, commits_by_itself_before_memory_grows_and_leaves_readers_alone) {
    auto cache = writer();
    const std::string megabyte(std::size_t{1} << 20, 'x');
    cache.put({7, 0, 0}, png_bytes("first"));
    EXPECT_EQ(word_at({7, 0, 0}), "(absent)") << "read without waiting for a lock";
    for (std::int64_t x = 1; x <= 80; ++x) {
        cache.put({7, x, 0}, png_bytes(megabyte));
    }
    EXPECT_EQ(word_at({7, 0, 0}), "first");
}

}  // namespace
}  // namespace offgrid::sqlite
