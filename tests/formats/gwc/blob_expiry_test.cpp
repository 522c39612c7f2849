#include "formats/base/hash.h"
#include "formats/gwc/gzip.h"
#include "tests/formats/gwc/blob_support.h"
#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <random>

namespace offgrid::gwc {
namespace {

using sqlite::execute;
using test::throws;
using testing::HasSubstr;

const TilesetId africa = png_of("africa");
constexpr const char* africa_file = "EPSG_4326/africa/image_png/5/tiles-0-0.sqlite";

/// Make the tiles of the file so old.
void age(TestStore& store, std::chrono::seconds age) {
    const auto then = std::chrono::system_clock::now().time_since_epoch() - age;
    execute(
        store.file(africa_file),
        "UPDATE tiles_metadata SET create_time = " +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(then).count()));
}

Expiry after(std::int64_t seconds) {
    return Expiry{{{0, seconds}}};
}

// EX-01
TEST(Expiry, makes_an_old_tile_absent_and_keeps_its_row) {
    TestStore store;
    store.put(africa, {5, 10, 50}, "x");
    age(store, std::chrono::seconds{62});
    EXPECT_EQ(store.get(africa, {5, 10, 50}, after(60)), std::nullopt);
    EXPECT_EQ(store.get(africa, {5, 10, 50}, after(120)), "x");
    EXPECT_EQ(store.get(africa, {5, 10, 50}), "x");
    const auto reader = store.store().open_reader(africa, {.grid = &wide_grid()}, after(60));
    EXPECT_FALSE(reader->exists({5, 10, 20'000 - 1 - 50}));
    int scanned = 0;
    reader->scan(wide_grid().whole(5), [&](const TileKey&, BytesView) { ++scanned; });
    EXPECT_EQ(scanned, 1);
}

// EX-02
TEST(Expiry, does_not_come_where_it_is_unset_or_never) {
    TestStore store;
    store.put(africa, {5, 10, 50}, "x");
    age(store, std::chrono::hours{24 * 365});
    for (const int seconds : {0, -1, -2}) {
        EXPECT_EQ(store.get(africa, {5, 10, 50}, after(seconds)), "x") << seconds;
    }
    EXPECT_EQ(store.get(africa, {5, 10, 50}, after(-4)), std::nullopt);
}

TEST(Expiry, as_the_backend_says_is_two_hours) {
    EXPECT_EQ(after(-4).of(3), std::chrono::seconds{7200});
}

TEST(Expiry, changes_with_the_zoom) {
    const Expiry expiry{{{2, 60}, {5, -1}, {8, -2}}};
    EXPECT_EQ(expiry.of(0), std::chrono::seconds{60});
    EXPECT_EQ(expiry.of(4), std::chrono::seconds{60});
    EXPECT_EQ(expiry.of(5), std::nullopt);
    EXPECT_EQ(expiry.of(20), std::nullopt);
    EXPECT_FALSE(expiry.keeps(7));
    EXPECT_TRUE(expiry.keeps(8));
}

TEST(Expiry, of_tiles_that_are_not_to_be_kept_refuses_them) {
    TestStore store;
    const auto writer = store.store().open_writer(africa, {.grid = &wide_grid()}, after(-1));
    EXPECT_THAT(
        [&] {
            writer->put({5, 0, 0}, as_bytes("x"));
        },
        throws(Errc::denied, HasSubstr("layer 'africa' at zoom 5")));
}

// EX-03
TEST(Expiry, does_not_come_without_create_times) {
    TestStore store;
    store.options.use_create_time = false;
    store.put(africa, {5, 10, 50}, "x");
    EXPECT_THAT(sqlite::rows(store.file(africa_file), "SELECT count(*) FROM tiles_metadata"),
                testing::ElementsAre("0"));
    using namespace std::chrono_literals;
    std::filesystem::last_write_time(store.file(africa_file),
                                     std::filesystem::file_time_type::clock::now() - 100h);
    EXPECT_EQ(store.get(africa, {5, 10, 50}, after(60)), "x");
}

// EX-04
TEST(Expiry, of_a_foreign_tile_goes_by_the_age_of_its_file) {
    TestStore store;
    std::filesystem::create_directories(store.file(africa_file).parent_path());
    execute(store.file(africa_file),
            "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer,"
            " tile_data blob); INSERT INTO tiles VALUES (5, 10, 50, 'foreign')");
    const auto digest = sha256_hex_of_file(store.file(africa_file));
    using namespace std::chrono_literals;
    std::filesystem::last_write_time(store.file(africa_file),
                                     std::filesystem::file_time_type::clock::now() - 1h);
    const auto tile = store.get_tile(africa, {5, 10, 50});
    ASSERT_TRUE(tile && tile->modified);
    const auto age = std::chrono::system_clock::now() - *tile->modified;
    EXPECT_GE(age, 1h);
    EXPECT_LT(age, 61min);
    EXPECT_EQ(store.get(africa, {5, 10, 50}, after(60)), std::nullopt);
    EXPECT_EQ(sha256_hex_of_file(store.file(africa_file)), digest);
}

// --- gzip

TilesetId vectors() {
    return {"planet", "EPSG:4326", "application/vnd.mapbox-vector-tile", {}};
}

/// A store over an MBTiles file of vector tiles that another program wrote.
void make_planet(TestStore& store, BytesView tile, bool gzip_vector) {
    store.options.template_path = "{layer}.mbtiles";
    store.options.gzip_vector = gzip_vector;
    std::filesystem::create_directories(store.root());
    std::string hex;
    for (const auto byte : tile) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        hex += {digits[byte >> 4], digits[byte & 15]};
    }
    execute(store.file("planet.mbtiles"),
            "CREATE TABLE metadata (name text, value text);"
            "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer,"
            " tile_data blob); INSERT INTO tiles VALUES (0, 0, 0, x'" +
                hex + "')");
}

// GZ-01 GZ-02
TEST(GzipVector, gives_back_a_compressed_tile_as_it_is_or_plain) {
    const std::string plain(1000, 'p');
    const auto zipped = gzipped(as_bytes(plain));
    TestStore as_it_is;
    make_planet(as_it_is, zipped, false);
    EXPECT_EQ(as_it_is.get_tile(vectors(), {0, 0, 0})->content, zipped);
    TestStore unzipping;
    make_planet(unzipping, zipped, true);
    EXPECT_EQ(unzipping.get(vectors(), {0, 0, 0}), plain);
}

// GZ-03
TEST(GzipVector, gives_back_what_was_put_and_keeps_it_compressed) {
    TestStore store;
    store.options.gzip_vector = true;
    std::mt19937 random{7};
    for (const std::size_t size : {1, 100, 5000, 60'000, 600'000}) {
        std::string content(size, ' ');
        for (auto& c : content) {
            c = static_cast<char>(random());
        }
        store.put(vectors(), {3, 0, 0}, content);
        EXPECT_EQ(store.get(vectors(), {3, 0, 0}), content) << size;
    }
    EXPECT_THAT(sqlite::rows(store.file(store.files_there().front()),
                             "SELECT DISTINCT hex(substr(tile_data, 1, 2)) FROM tiles"),
                testing::ElementsAre("1F8B"));
}

TEST(GzipVector, keeps_what_is_compressed_already_and_leaves_images_alone) {
    TestStore store;
    store.options.gzip_vector = true;
    const auto zipped = gzipped(as_bytes("tile"));
    store.put(vectors(), {3, 0, 0}, std::string{as_text(zipped)});
    EXPECT_EQ(store.get(vectors(), {3, 0, 0}), "tile");
    store.put(africa, {3, 0, 0}, std::string{as_text(zipped)});
    EXPECT_EQ(store.get_tile(africa, {3, 0, 0})->content, zipped);
}

// GZ-04
TEST(GzipVector, gives_back_what_is_not_compressed_as_it_is) {
    TestStore store;
    make_planet(store, as_bytes("not compressed"), true);
    EXPECT_EQ(store.get(vectors(), {0, 0, 0}), "not compressed");
}

TEST(GzipVector, says_which_tile_is_damaged_and_stops_at_a_bomb) {
    auto damaged = gzipped(as_bytes("tile"));
    damaged.resize(damaged.size() - 4);
    TestStore store;
    make_planet(store, damaged, true);
    EXPECT_THAT(
        [&] {
            store.get(vectors(), {0, 0, 0});
        },
        throws(Errc::corrupt, HasSubstr("cache 's': 0/0/19999")));
    const Bytes bomb = gzipped(Bytes(std::size_t{65} << 20));
    EXPECT_THAT([&] { unzipped(bomb); }, throws(Errc::too_large, HasSubstr("64 MiB")));
}

TEST(Gzip, unzips_several_members_and_none) {
    auto two = gzipped(as_bytes("one "));
    const auto more = gzipped(as_bytes("two"));
    two.insert(two.end(), more.begin(), more.end());
    EXPECT_EQ(as_text(unzipped(two)), "one two");
    EXPECT_EQ(as_text(unzipped(gzipped({}))), "");
    EXPECT_EQ(as_text(unzipped(as_bytes("plain"))), "plain");
}

}  // namespace
}  // namespace offgrid::gwc
