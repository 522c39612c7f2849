#include "formats/base/hash.h"
#include "formats/sqlite/mbtiles_schema.h"
#include "tests/formats/gwc/blob_support.h"
#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

namespace offgrid::gwc {
namespace {

using sqlite::execute;
using sqlite::rows;
using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const TilesetId africa = png_of("africa");
constexpr const char* africa_file = "EPSG_4326/africa/image_png/5/tiles-0-0.sqlite";

/// An MBTiles file of another program in the place of `africa_file`.
void make_foreign(TestStore& store, const std::string& sql) {
    std::filesystem::create_directories(store.file(africa_file).parent_path());
    execute(store.file(africa_file), sql);
}

constexpr const char* foreign_tile =
    "CREATE TABLE metadata (name text, value text);"
    "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data "
    "blob);"
    "INSERT INTO tiles VALUES (5, 10, 50, 'foreign');";

// ST-01
TEST(BlobStore, gives_back_what_was_put_until_it_is_erased) {
    TestStore store;
    store.put(africa, {5, 10, 50}, "IMAGE-10-50-5");
    const auto tile = store.get_tile(africa, {5, 10, 50});
    ASSERT_TRUE(tile);
    EXPECT_EQ(as_text(tile->content), "IMAGE-10-50-5");
    EXPECT_LT(std::chrono::system_clock::now() - *tile->modified, std::chrono::minutes{1});
    store.erase(africa, {5, 10, 50});
    EXPECT_EQ(store.get(africa, {5, 10, 50}), std::nullopt);
}

// ST-02
TEST(BlobStore, makes_files_with_the_tables_of_geowebcache) {
    TestStore store;
    store.put(africa, {5, 10, 50}, "x");
    EXPECT_THAT(
        rows(store.file(africa_file),
             "SELECT sql FROM sqlite_schema WHERE type='table' ORDER BY name"),
        ElementsAre(
            "CREATE TABLE grid_data (zoom_level integer, tile_column integer, tile_row integer, "
            "key_name text, key_json text, CONSTRAINT pk_griddata PRIMARY KEY(zoom_level, "
            "tile_column,tile_row,key_name))",
            "CREATE TABLE grids (zoom_level integer, tile_column integer, tile_row integer, grid "
            "blob, CONSTRAINT pk_grids PRIMARY KEY(zoom_level, tile_column,tile_row))",
            "CREATE TABLE metadata (name text, value text, CONSTRAINT pk_metadata PRIMARY "
            "KEY(name))",
            "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, "
            "tile_data blob, CONSTRAINT pk_tiles PRIMARY KEY(zoom_level, tile_column,tile_row))",
            "CREATE TABLE tiles_metadata (zoom_level integer, tile_column integer, tile_row "
            "integer, "
            "create_time integer, CONSTRAINT pk_tiles PRIMARY KEY(zoom_level, "
            "tile_column,tile_row))"));
    EXPECT_THAT(rows(store.file(africa_file), "PRAGMA application_id"), ElementsAre("0"));
    EXPECT_THAT(rows(store.file(africa_file), "PRAGMA journal_mode"), ElementsAre("delete"));
}

// ST-03
TEST(BlobStore, counts_rows_from_the_south_whatever_the_grid_starts_with) {
    TestStore store;
    store.put(africa, {5, 10, 50}, "x");
    EXPECT_THAT(
        rows(store.file(africa_file), "SELECT zoom_level, tile_column, tile_row FROM tiles"),
        ElementsAre("5|10|50"));
    const Grid northern{{.name = "north",
                         .srs = "EPSG:3857",
                         .extent = {0, 0, 1024, 1024},
                         .resolutions = {1},
                         .origin = Grid::Origin::top_left}};
    store.options.row_range_count = 2;
    store.reopen();
    const auto writer = store.store().open_writer(png_of("a", "north"), {.grid = &northern});
    writer->put({0, 3, 0}, as_bytes("north-east"));
    writer->commit();
    EXPECT_THAT(rows(store.file("north/a/image_png/0/tiles-0-2.sqlite"),
                     "SELECT tile_column, tile_row FROM tiles"),
                ElementsAre("3|3"));
}

// ST-04
TEST(BlobStore, makes_nothing_by_reading) {
    TestStore store;
    EXPECT_EQ(store.get(africa, {5, 10, 50}), std::nullopt);
    EXPECT_FALSE(store.store().layer_exists("africa"));
    EXPECT_EQ(store.store().metadata().get("africa", "key"), std::nullopt);
    EXPECT_THAT(store.store().metadata().parameter_sets("africa"), IsEmpty());
    EXPECT_EQ(store.store().remove_layer("africa"), Removed{});
    store.erase(africa, {5, 10, 50});
    EXPECT_FALSE(std::filesystem::exists(store.root()));
}

// ST-05
TEST(BlobStore, leaves_a_foreign_file_as_it_is_when_it_is_read) {
    TestStore store;
    make_foreign(store, foreign_tile);
    const auto before = sha256_hex_of_file(store.file(africa_file));
    EXPECT_EQ(store.get(africa, {5, 10, 50}), "foreign");
    EXPECT_EQ(sha256_hex_of_file(store.file(africa_file)), before);
    EXPECT_THAT(store.files_there(), ElementsAre(africa_file));
}

// ST-06
TEST(BlobStore, reads_a_file_whose_tiles_are_a_view) {
    TestStore store;
    make_foreign(store, std::string{sqlite::mbtiles_ddl} +
                            "INSERT INTO images VALUES ('i', 'of a view');"
                            "INSERT INTO map VALUES (5, 10, 50, 'i');");
    EXPECT_EQ(store.get(africa, {5, 10, 50}), "of a view");
}

// ST-07
TEST(BlobStore, puts_a_tile_once_into_the_tables_behind_a_view) {
    TestStore store;
    make_foreign(store, std::string{sqlite::mbtiles_ddl} +
                            "INSERT INTO images VALUES ('i', 'old');"
                            "INSERT INTO map VALUES (5, 10, 50, 'i');");
    store.put(africa, {5, 10, 50}, "new");
    EXPECT_EQ(store.get(africa, {5, 10, 50}), "new");
    EXPECT_THAT(rows(store.file(africa_file), "SELECT count(*) FROM map"), ElementsAre("1"));
}

// ST-07
TEST(BlobStore, refuses_to_write_where_no_key_keeps_a_tile_from_being_there_twice) {
    TestStore store;
    make_foreign(store, foreign_tile);
    EXPECT_THAT(
        [&] {
            store.put(africa, {5, 10, 50}, "new");
        },
        throws(Errc::corrupt, HasSubstr("no index finds a tile")));
    EXPECT_THAT(rows(store.file(africa_file), "SELECT count(*) FROM tiles"), ElementsAre("1"));
}

TEST(BlobStore, keeps_the_time_of_a_tile_in_a_foreign_file_that_it_writes) {
    TestStore store;
    make_foreign(store, std::string{foreign_tile} +
                            "CREATE UNIQUE INDEX i ON tiles (zoom_level, tile_column, tile_row);");
    store.put(africa, {5, 10, 50}, "new");
    store.put(africa, {5, 11, 50}, "other");
    EXPECT_THAT(rows(store.file(africa_file), "SELECT tile_column FROM tiles_metadata ORDER BY 1"),
                ElementsAre("10", "11"));
}

// ST-08
TEST(BlobStore, takes_an_empty_file_for_one_that_is_not_there) {
    TestStore store;
    std::filesystem::create_directories(store.file(africa_file).parent_path());
    test::write_file(store.file(africa_file), "");
    EXPECT_EQ(store.get(africa, {5, 10, 50}), std::nullopt);
    store.put(africa, {5, 10, 50}, "recovered");
    EXPECT_EQ(store.get(africa, {5, 10, 50}), "recovered");
}

// ST-08
TEST(BlobStore, says_of_a_file_that_is_no_database_what_is_wrong_with_it) {
    TestStore store;
    std::filesystem::create_directories(store.file(africa_file).parent_path());
    test::write_file(store.file(africa_file), std::string(5000, 'x'));
    EXPECT_THAT(
        [&] {
            store.get(africa, {5, 10, 50});
        },
        throws(Errc::corrupt, AllOf(HasSubstr("tiles-0-0.sqlite"), HasSubstr("not a database"))));
}

/// Put tiles of ever deeper zooms into one file until the end, and say so after each.
[[noreturn]] void put_until_killed(TestStore& store, int said) {
    for (std::int64_t i = 0;; ++i) {
        store.put(africa, {static_cast<int>(i % 20), i % 500, 1}, "tile");
        if (::write(said, ".", 1) != 1) {
            ::_exit(1);
        }
    }
}

// ST-09
TEST(BlobStore, keeps_tile_time_and_zooms_together_when_it_is_killed) {
    for (const int puts : {1, 7, 30}) {
        TestStore store;
        store.options.template_path = "{layer}.sqlite";
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const auto child = ::fork();
        if (child == 0) {
            put_until_killed(store, pipe[1]);
        }
        for (int i = 0; i < puts; ++i) {
            char dot = 0;
            ASSERT_EQ(::read(pipe[0], &dot, 1), 1);
        }
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        ::close(pipe[0]);
        ::close(pipe[1]);

        EXPECT_EQ(store.get(africa, {0, 0, 1}), "tile");
        const auto file = store.file("africa.sqlite");
        EXPECT_THAT(rows(file,
                         "SELECT count(*) FROM tiles LEFT JOIN tiles_metadata USING "
                         "(zoom_level, tile_column, tile_row) WHERE create_time IS NULL"),
                    ElementsAre("0"));
        EXPECT_EQ(rows(file, "SELECT value FROM metadata WHERE name='maxzoom'"),
                  rows(file, "SELECT max(zoom_level) FROM tiles"));
        EXPECT_THAT(rows(file, "PRAGMA integrity_check"), ElementsAre("ok"));
    }
}

// PL-01
TEST(BlobStore, closes_files_that_nobody_reads_when_nearly_as_many_are_open_as_may_be) {
    TestStore store;
    store.options.pool_size = 10;
    store.options.pool_reaper_interval_ms = 1;
    store.options.column_range_count = 1;
    const auto reader = store.store().open_reader(africa, {.grid = &wide_grid()});
    for (std::int64_t x = 0; x < 40; ++x) {
        store.put(africa, {5, x, 0}, "x");
        EXPECT_TRUE(reader->exists({5, x, 19'999}));
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (store.store().pool_statistics().open > 9 && std::chrono::steady_clock::now() < end) {
        std::this_thread::yield();
    }
    EXPECT_EQ(store.store().pool_statistics().open, 9U);
    EXPECT_TRUE(reader->exists({5, 0, 19'999}));
}

// PL-03
TEST(BlobStore, loses_no_tile_of_many_threads_in_one_file_or_several) {
    for (const auto& [name, pool_size] :
         {std::pair{"{layer}.sqlite", 1000}, {"{layer}-{z}.sqlite", 10}, {"{layer}.sqlite", 1}}) {
        TestStore store;
        store.options.template_path = name;
        store.options.pool_size = pool_size;
        auto& blobs = store.store();
        std::vector<std::thread> threads;
        std::atomic<int> wrong = 0;
        for (int n = 0; n < 10; ++n) {
            threads.emplace_back([&, n] {
                const auto writer = blobs.open_writer(africa, {.grid = &wide_grid()});
                const auto reader = blobs.open_reader(africa, {.grid = &wide_grid()});
                for (int i = 0; i < 500; ++i) {
                    writer->put({i % 5, n, i}, as_bytes("tile"));
                    if (i % 50 == 49) {
                        writer->commit();
                        wrong += reader->get({i % 5, n, i}).has_value() ? 0 : 1;
                    }
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        EXPECT_EQ(wrong, 0);
        std::size_t found = 0;
        for (int z = 0; z < 5; ++z) {
            blobs.open_reader(africa, {.grid = &wide_grid()})
                ->list({z, 0, 0, 10, 500}, [&](const TileKey&, std::uint64_t) { ++found; });
        }
        EXPECT_EQ(found, 5000U) << name;
    }
}

TEST(BlobStore, is_one_store_however_its_root_is_spelled) {
    TestStore store;
    store.options.root_directory = (store.root() / ".." / "root/").string();
    EXPECT_EQ(std::filesystem::path{store.store().options().root_directory},
              std::filesystem::weakly_canonical(store.root()));
}

TEST(BlobStore, refuses_options_that_are_none) {
    const auto open = [](auto change) {
        TestStore store;
        change(store.options);
        store.store();
    };
    EXPECT_THROW(open([](BlobStoreOptions& o) { o.root_directory = ""; }), Error);
    EXPECT_THROW(open([](BlobStoreOptions& o) { o.root_directory = "/tmp/{z}"; }), Error);
    EXPECT_THROW(open([](BlobStoreOptions& o) { o.pool_size = 0; }), Error);
    EXPECT_THROW(open([](BlobStoreOptions& o) { o.executor_concurrency = 0; }), Error);
    EXPECT_THROW(open([](BlobStoreOptions& o) { o.row_range_count = 0; }), Error);
}

TEST(BlobStore, refuses_names_that_no_file_can_have) {
    TestStore store;
    for (const auto* layer : {"", "..", "a{z}"}) {
        EXPECT_THROW(store.put(png_of(layer), {0, 0, 0}, "x"), Error) << layer;
    }
}

// --- suitability

/// The seven shapes of a root.
void make_shape(const std::filesystem::path& root, int shape) {
    if (shape > 0) {
        std::filesystem::create_directories(root);
    }
    if (shape == 3 || shape == 4) {
        test::write_file(root / "file", "x");
    }
    if (shape == 5 || shape == 6) {
        std::filesystem::create_directories(root / "folder");
    }
    if (shape == 2 || shape == 4 || shape == 6) {
        test::write_file(root / "metadata.sqlite", "");
    }
}

// SU-01
TEST(Suitability, of_a_root_is_asked_in_three_ways) {
    const std::string existing = "1110101";  // for each shape: is it accepted?
    const std::string empty = "1100000";
    for (int shape = 0; shape < 7; ++shape) {
        const test::TempFolder folder;
        const auto root = folder / "root";
        make_shape(root, shape);
        const auto suits = [&](Suitability wanted) {
            try {
                check_suitability(root.string(), wanted);
                return '1';
            } catch (const Error& error) {
                EXPECT_THAT(error.what(), HasSubstr("not empty"));
                return '0';
            }
        };
        const auto index = static_cast<std::size_t>(shape);
        EXPECT_EQ(suits(Suitability::none), '1') << shape;
        EXPECT_EQ(suits(Suitability::existing), existing[index]) << shape;
        EXPECT_EQ(suits(Suitability::empty), empty[index]) << shape;
    }
}

}  // namespace
}  // namespace offgrid::gwc
