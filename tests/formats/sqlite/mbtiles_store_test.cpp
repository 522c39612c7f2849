#include "formats/sqlite/mbtiles_store.h"

#include "formats/base/mapped_faults.h"
#include "tests/support/errors.h"
#include "tests/support/shared_data.h"
#include "tests/support/store_contract.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace offgrid::sqlite {
namespace {

using test::draw;
using test::TempFolder;
using test::throws;
using test::word_in;
using testing::HasSubstr;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

/// Run SQL with nothing of ours between it and SQLite, as a foreign program would.
void execute(const std::filesystem::path& path, const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_free(message);
    sqlite3_close(db);
}

constexpr const char* flat_ddl =
    "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data "
    "blob);"
    "CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row);"
    "CREATE TABLE metadata (name text, value text);";

// --- The contract, in both layouts

struct MapImagesStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        test::write_mbtiles(folder / "a.mbtiles", pyramid);
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<MbtilesWriter>(folder / "a.mbtiles", mercator(),
                                               std::map<std::string, std::string>{});
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<MbtilesReader>(folder / "a.mbtiles", mercator(), *pool);
    }

    TempFolder folder;
    std::unique_ptr<MbtilesPool> pool = make_mbtiles_pool(4);
};

struct FlatStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        std::string sql = flat_ddl;
        for (const auto& [key, word] : pyramid) {
            sql +=
                fmt::format("INSERT INTO tiles VALUES ({}, {}, {}, x'89504E470D0A1A0A' || '{}');",
                            key.z, key.x, mercator().flip(key.z, key.y), word);
        }
        execute(folder / "a.mbtiles", sql);
        return std::make_unique<MbtilesReader>(folder / "a.mbtiles", mercator(), *pool);
    }

    TempFolder folder;
    std::unique_ptr<MbtilesPool> pool = make_mbtiles_pool(4);
};

/// Two tables that point at each other, as other programs lay them out.
template <bool by_zoom>
struct JoinedStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        std::string sql =
            by_zoom ? "CREATE TABLE map (zoom_level, tile_column, tile_row, tile_id);"
                      "CREATE UNIQUE INDEX map_index ON map (zoom_level, tile_column, tile_row);"
                      "CREATE TABLE images (zoom_level, tile_data, tile_id);"
                      "CREATE UNIQUE INDEX images_id ON images (zoom_level, tile_id);"
                    : "CREATE TABLE tiles_shallow (zoom_level, tile_column, tile_row, tile_data_id,"
                      " PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID;"
                      "CREATE TABLE tiles_data (tile_data_id INTEGER PRIMARY KEY, tile_data);";
        int id = 0;
        for (const auto& [key, word] : pyramid) {
            ++id;
            const auto row = mercator().flip(key.z, key.y);
            const auto content = fmt::format("x'89504E470D0A1A0A' || '{}'", word);
            sql += by_zoom
                       ? fmt::format(
                             "INSERT INTO map VALUES ({0}, {1}, {2}, '{3}');"
                             // The same id at another zoom is another image.
                             "INSERT INTO images VALUES ({0}, {4}, '{3}'), ({0}+40, 'x', '{3}');",
                             key.z, key.x, row, id, content)
                       : fmt::format(
                             "INSERT INTO tiles_shallow VALUES ({0}, {1}, {2}, {3});"
                             "INSERT INTO tiles_data VALUES ({3}, {4});",
                             key.z, key.x, row, id, content);
        }
        execute(folder / "a.mbtiles", sql);
        return std::make_unique<MbtilesReader>(folder / "a.mbtiles", mercator(), *pool);
    }

    TempFolder folder;
    std::unique_ptr<MbtilesPool> pool = make_mbtiles_pool(4);
};
using TippecanoeStore = JoinedStore<true>;
using PlanetilerStore = JoinedStore<false>;

using Layouts = testing::Types<MapImagesStore, FlatStore, TippecanoeStore, PlanetilerStore>;

}  // namespace
}  // namespace offgrid::sqlite

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Mbtiles, StoreContract, sqlite::Layouts);
}  // namespace offgrid::test

namespace offgrid::sqlite {
namespace {

// --- The file as others see it

struct MbtilesTest : testing::Test {
    std::filesystem::path written(std::string_view drawing) {
        test::write_mbtiles(folder / "a.mbtiles", draw(drawing));
        return folder / "a.mbtiles";
    }

    TempFolder folder;
    std::unique_ptr<MbtilesPool> pool = make_mbtiles_pool(4);
};

// PL-02
TEST_F(MbtilesTest, is_read_on_after_all_idle_handles_were_closed) {
    const MbtilesReader reader{written("z0: a"), mercator(), *pool};
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "a");
    pool->close_all_idle();
    EXPECT_EQ(pool->statistics().open, 0U);
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "a");
}

// PL-04
TEST_F(MbtilesTest, has_one_handle_for_two_spellings_of_its_path) {
    const auto file = written("z0: a");
    std::filesystem::create_directory_symlink(folder.path(), folder / "link");
    const MbtilesReader plain{file, mercator(), *pool};
    const MbtilesReader linked{folder / "link/./a.mbtiles", mercator(), *pool};
    EXPECT_EQ(word_in(plain.get({0, 0, 0})), "a");
    EXPECT_EQ(word_in(linked.get({0, 0, 0})), "a");
    EXPECT_EQ(pool->statistics().open, 1U);
}

TEST_F(MbtilesTest, rows_count_from_the_south_in_the_file) {
    Db db{written("z1: a b / c d"), OpenMode::immutable};
    auto select = db.prepare(
        "SELECT tile_row FROM map JOIN images USING (tile_id) WHERE tile_column=0 AND tile_data=?");
    const auto north = test::png_bytes("a");
    ASSERT_TRUE(select.bind(1, north).step());
    EXPECT_EQ(select.integer(0), 1);
}

TEST_F(MbtilesTest, equal_tiles_are_stored_once) {
    Db db{written("z2: s s s s / s a s s"), OpenMode::immutable};
    auto count = db.prepare("SELECT (SELECT count(*) FROM map), (SELECT count(*) FROM images)");
    ASSERT_TRUE(count.step());
    EXPECT_EQ(count.integer(0), 8);
    EXPECT_EQ(count.integer(1), 2);
}

TEST_F(MbtilesTest, the_same_tiles_give_the_same_bytes) {
    test::write_mbtiles(folder / "a/x.mbtiles", draw("z1: a b / c d"));
    test::write_mbtiles(folder / "b/x.mbtiles", draw("z1: a b / c d"));
    EXPECT_EQ(test::read_text(folder / "a/x.mbtiles"), test::read_text(folder / "b/x.mbtiles"));
}

TEST_F(MbtilesTest, a_writer_that_does_not_commit_leaves_nothing) {
    {
        MbtilesWriter writer{folder / "a.mbtiles", mercator(), {}};
        writer.put({0, 0, 0}, test::png_bytes("w"));
        EXPECT_FALSE(std::filesystem::exists(folder / "a.mbtiles"));
    }
    EXPECT_TRUE(test::names_below(folder.path()).empty());
}

TEST_F(MbtilesTest, a_writer_refuses_to_overwrite) {
    const auto path = written("z0: w");
    EXPECT_THAT([&] { MbtilesWriter(path, mercator(), {}); },
                throws(Errc::already_exists, HasSubstr("a.mbtiles")));
}

TEST_F(MbtilesTest, an_erased_tile_takes_its_image_along) {
    {
        MbtilesWriter writer{folder / "a.mbtiles", mercator(), {}};
        writer.put({1, 0, 0}, test::png_bytes("gone"));
        writer.put({1, 1, 0}, test::png_bytes("kept"));
        writer.erase({1, 0, 0});
        writer.commit();
    }
    Db db{folder / "a.mbtiles", OpenMode::immutable};
    auto count = db.prepare("SELECT count(*) FROM images");
    ASSERT_TRUE(count.step());
    EXPECT_EQ(count.integer(0), 1);
}

TEST_F(MbtilesTest, info_comes_from_the_metadata) {
    execute(written("z1: a"),
            "DELETE FROM metadata; INSERT INTO metadata VALUES ('name','Kenya'), ('format','png'),"
            "('minzoom','1'), ('maxzoom','7'), ('bounds','33.9, -4.7, 41.9, 5.5'), "
            "('attribution','us')");
    const MbtilesReader reader{folder / "a.mbtiles", mercator(), *pool};
    EXPECT_EQ(reader.info().name, "Kenya");
    EXPECT_EQ(reader.info().format, TileFormat::png);
    EXPECT_EQ(reader.info().min_zoom, 1);
    EXPECT_EQ(reader.info().max_zoom, 7);
    EXPECT_EQ(reader.info().bounds, (Box{33.9, -4.7, 41.9, 5.5}));
    EXPECT_EQ(reader.info().attribution, "us");
}

TEST_F(MbtilesTest, zooms_come_from_the_tiles_where_the_metadata_does_not_say) {
    for (const auto* sql :
         {"DROP TABLE metadata", "DELETE FROM metadata",
          "DELETE FROM metadata; INSERT INTO metadata VALUES ('minzoom','x'), ('bounds','1,2,3')",
          "UPDATE metadata SET value='99' WHERE name='maxzoom'; DELETE FROM metadata WHERE "
          "name='bounds'"}) {
        std::filesystem::remove(folder / "a.mbtiles");
        execute(written("z2: a z4: b"), sql);
        const auto fresh_pool = make_mbtiles_pool(1);
        const MbtilesReader reader{folder / "a.mbtiles", mercator(), *fresh_pool};
        EXPECT_EQ(reader.info().min_zoom, 2) << sql;
        EXPECT_EQ(reader.info().max_zoom, 4) << sql;
        EXPECT_EQ(reader.info().bounds, std::nullopt) << sql;
    }
}

TEST_F(MbtilesTest, bounds_that_are_not_on_earth_are_not_known) {
    for (const auto* bounds :
         {"-inf,-90,inf,90", "nan,0,1,1", "-20037508,-20037508,20037508,20037508", "5,5,5,5"}) {
        std::filesystem::remove(folder / "a.mbtiles");
        execute(written("z0: w"),
                fmt::format("UPDATE metadata SET value='{}' WHERE name='bounds'", bounds));
        const auto fresh_pool = make_mbtiles_pool(1);
        EXPECT_EQ(MbtilesReader(folder / "a.mbtiles", mercator(), *fresh_pool).info().bounds,
                  std::nullopt)
            << bounds;
    }
}

TEST_F(MbtilesTest, a_row_without_content_is_absent) {
    execute(written("z1: a b"), "DELETE FROM images WHERE rowid=1");
    const MbtilesReader reader{folder / "a.mbtiles", mercator(), *pool};
    EXPECT_EQ(reader.get({1, 0, 0}), std::nullopt);
    EXPECT_EQ(word_in(reader.get({1, 1, 0})), "b");
}

// --- Files that are out to hurt

TEST_F(MbtilesTest, refuses_a_schema_that_could_cost_anything) {
    const std::pair<const char*, const char*> cases[] = {
        {"CREATE TABLE t (n)", "no table 'tiles'"},
        {"CREATE TABLE tiles (zoom_level, tile_column)", "no table 'tiles'"},
        // A view over a recursion cost 12 s and 900 MB a request in a plain reader.
        {"CREATE VIEW tiles AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r) "
         "SELECT 0 AS zoom_level,"
         " 0 AS tile_column, 0 AS tile_row, zeroblob(n) AS tile_data FROM r",
         "no table 'tiles'"},
        {"CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data AS "
         "(zeroblob(1000000000)))",
         "computed columns"},
        {"CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data);"
         "CREATE TRIGGER boom AFTER INSERT ON tiles BEGIN DELETE FROM tiles; END",
         "trigger 'boom'"},
        // The text in the schema may say anything.
        {"PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES ('table', 'tiles', 'tiles', "
         "0,"
         " 'CREATE/**/ VIRTUAL TABLE tiles USING rtree(id, zoom_level, tile_column, +tile_row, "
         "+tile_data)')",
         "virtual table"},
        {"CREATE VIRTUAL TABLE tiles USING fts5(zoom_level, tile_column, tile_row, tile_data)",
         "virtual table"},
    };
    int n = 0;
    for (const auto& [sql, why] : cases) {
        const auto path = folder / (std::to_string(n++) + ".mbtiles");
        execute(path, sql);
        EXPECT_THAT([&] { MbtilesFile{path}; }, throws(Errc::corrupt, HasSubstr(why))) << sql;
    }
}

TEST_F(MbtilesTest, gives_up_on_a_schema_that_takes_too_long_to_read) {
    execute(folder / "a.mbtiles",
            std::string{flat_ddl} +
                "PRAGMA writable_schema=ON;"
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 1000000)"
                " INSERT INTO sqlite_schema SELECT 'view', 'v'||i, 'v'||i, 0, 'CREATE VIEW "
                "v'||i||' AS SELECT 1' FROM n");
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THROW(MbtilesFile{folder / "a.mbtiles"}, Error);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{30});
}

TEST_F(MbtilesTest, scan_rows_refuses_rows_that_are_no_tiles) {
    execute(folder / "a.mbtiles",
            std::string{flat_ddl} + "INSERT INTO tiles VALUES (0, 'x', 0, 'content')");
    execute(folder / "b.mbtiles",
            std::string{flat_ddl} + "INSERT INTO tiles VALUES (0, 0, 0, NULL)");
    const auto visit = [](std::int64_t, std::int64_t, std::int64_t, BytesView) {};
    EXPECT_THAT([&] { MbtilesFile(folder / "a.mbtiles").scan_rows(visit); },
                throws(Errc::corrupt, HasSubstr("address is not a number")));
    EXPECT_THAT([&] { MbtilesFile(folder / "b.mbtiles").scan_rows(visit); },
                throws(Errc::corrupt, HasSubstr("no content for its tile 0/0/0")));
}

/// Every damaged file there is: an Error or an answer, in bounded time.
TEST_F(MbtilesTest, survives_every_damaged_file) {
    for (const auto* kind : {"bad/sqlite", "bad/mbtiles", "bad/pmtiles", "bad/zip"}) {
        for (const auto& path : test::shared_files(kind)) {
            try {
                const MbtilesReader reader{path, mercator(), *pool};
                reader.get({0, 0, 0});
                reader.scan(mercator().whole(0), [](const TileKey&, BytesView) {});
            } catch (const Error& error) {
                EXPECT_THAT(error.what(), HasSubstr(path.filename().string()));
            }
        }
    }
}

TEST_F(MbtilesTest, reads_the_files_that_others_wrote) {
    const std::pair<const char*, TileFormat> cases[] = {
        {"tiles/mbtiles/geography-class-png.mbtiles", TileFormat::png},
        {"tiles/mbtiles/geography-class-jpg.mbtiles", TileFormat::jpeg},
        {"tiles/mbtiles/geography-class-webp.mbtiles", TileFormat::webp},
        {"tiles/mbtiles/world_cities.mbtiles", TileFormat::pbf}};
    for (const auto& [name, format] : cases) {
        if (const auto path = test::shared_data(name)) {
            const MbtilesReader reader{*path, mercator(), *pool};
            const auto tile = reader.get({0, 0, 0});
            ASSERT_TRUE(tile) << name;
            EXPECT_EQ(sniff_format(tile->content), format) << name;
        }
    }
}

/// GDAL wrote the same tiles as folders in both row orders and as MBTiles.
TEST_F(MbtilesTest, puts_the_north_where_gdal_has_it) {
    const auto mbtiles = test::shared_data("derived/bahamas_png.mbtiles");
    const auto xyz = test::shared_data("derived/bahamas_xyz/8/72/109.png");
    if (!mbtiles || !xyz) {
        GTEST_SKIP();
    }
    const MbtilesReader reader{*mbtiles, mercator(), *pool};
    EXPECT_TRUE(reader.get({8, 72, 109}));
    EXPECT_FALSE(reader.get({8, 72, mercator().flip(8, 109)}));
}

/// A file that is large enough to be mapped, in a pool that maps it.
struct MappedMbtiles : testing::Test {
    MappedMbtiles() {
        MbtilesWriter writer{path, mercator(), {}};
        for (int x = 0; x < 16; ++x) {
            writer.put({4, x, 0}, content_of(x));
        }
        writer.put({4, 0, 1}, as_bytes("small"));
        writer.commit();
    }

    static Bytes content_of(int x) { return Bytes(20'000, static_cast<std::uint8_t>('a' + x)); }

    const MappedFaults faults{};
    const TempFolder folder{};
    const std::filesystem::path path = folder / "a.mbtiles";
    const std::unique_ptr<MbtilesPool> pool = make_mbtiles_pool(1, PageAccess::mapped);
};

TEST_F(MappedMbtiles, give_what_was_put) {
    const MbtilesReader tiles{path, mercator(), *pool};

    EXPECT_EQ(tiles.get({4, 0, 0})->content, content_of(0));
    EXPECT_EQ(tiles.get({4, 15, 0})->content, content_of(15));
    EXPECT_EQ(as_text(tiles.get({4, 0, 1})->content), "small");
    EXPECT_FALSE(tiles.get({4, 1, 1}));
    std::size_t scanned = 0;
    tiles.scan(mercator().whole(4), [&](const TileKey& key, BytesView content) {
        scanned += key.y == 1 || std::ranges::equal(content, content_of(static_cast<int>(key.x)));
    });
    EXPECT_EQ(scanned, 17U);
}

TEST_F(MappedMbtiles, fail_while_the_file_is_cut_off_and_recover_when_it_is_put_back) {
    const MbtilesReader tiles{path, mercator(), *pool};
    ASSERT_TRUE(tiles.get({4, 0, 0}));
    std::filesystem::copy_file(path, folder / "kept");

    std::filesystem::resize_file(path, 0);
    const auto read = [&] { tiles.get({4, 0, 0}); };
    EXPECT_THAT(read, throws(Errc::io, HasSubstr("a.mbtiles has become shorter")));
    EXPECT_THROW(read(), Error);

    std::filesystem::rename(folder / "kept", path);
    EXPECT_EQ(tiles.get({4, 0, 0})->content, content_of(0));
}

TEST_F(MappedMbtiles, fail_while_the_file_is_overwritten_and_recover_when_it_is_put_back) {
    const MbtilesReader tiles{path, mercator(), *pool};
    ASSERT_TRUE(tiles.get({4, 0, 0}));
    std::filesystem::copy_file(path, folder / "kept");

    std::fstream{path, std::ios::in | std::ios::out | std::ios::binary}
        << std::string(std::filesystem::file_size(path), '\xA5');
    const auto read = [&] { tiles.get({4, 0, 0}); };
    EXPECT_THAT(read, throws(Errc::corrupt, HasSubstr("a.mbtiles")));
    EXPECT_THROW(read(), Error);

    std::filesystem::rename(folder / "kept", path);
    EXPECT_EQ(tiles.get({4, 0, 0})->content, content_of(0));
}

}  // namespace
}  // namespace offgrid::sqlite
