#include "formats/kv/lmdb_store.h"

#include "formats/kv/kv_options.h"
#include "tests/support/errors.h"
#include "tests/support/mapcache.h"
#include "tests/support/process.h"
#include "tests/support/store_contract.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::draw;
using test::names_below;
using test::png_bytes;
using test::run;
using test::TempFolder;
using test::throws;
using test::word_in;
using test::write_file;
using testing::HasSubstr;
using testing::IsEmpty;

TilesetSlice slice(const std::string& tileset = "t") {
    return {.values = {.tileset = tileset, .extension = "png"}};
}

LmdbOptions in(const fs::path& folder) {
    return {.name = "l", .base = folder};
}

void write(const LmdbOptions& options, const test::Pyramid& pyramid,
           const std::string& tileset = "t") {
    LmdbWriter writer{options, slice(tileset)};
    for (const auto& [key, word] : pyramid) {
        writer.put(key, png_bytes(word));
    }
    writer.commit();
}

struct LmdbStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        write(in(folder.path()), pyramid);
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<LmdbWriter>(in(folder.path()), slice());
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<LmdbReader>(in(folder.path()), slice());
    }

    TempFolder folder;
};

}  // namespace

namespace test {
INSTANTIATE_TYPED_TEST_SUITE_P(Lmdb, StoreContract, LmdbStore);
}  // namespace test

namespace {

std::vector<TileKey> scanned(const TileReader& reader, const TileRange& range) {
    std::vector<TileKey> tiles;
    reader.scan(range, [&](const TileKey& key, BytesView) { tiles.push_back(key); });
    return tiles;
}

TEST(LmdbStore, lays_the_environment_out_as_mapcache_does) {
    const TempFolder folder;
    write(in(folder.path()), {{{0, 0, 0}, "w"}});
    EXPECT_THAT(names_below(folder.path()), testing::ElementsAre("data.mdb", "lock.mdb"));
    const auto dump = run({"mdb_dump", "-p", folder.path().string()});
    EXPECT_EQ(dump.exit_code, 0) << dump.err;
    EXPECT_THAT(dump.out, HasSubstr("mapsize=262144000\n"));
    EXPECT_THAT(dump.out, HasSubstr("\n t-GoogleMapsCompatible-{dim}-0-0-0.png\\00\n"
                                    " \\89PNG\\0d\\0a\\1a\\0aw"));
}

TEST(LmdbStore, reads_the_same_order_twice_and_only_its_own_tiles) {
    const TempFolder folder;
    test::Pyramid pyramid;
    for (int x = 0; x < 40; ++x) {
        for (int y = 0; y < 40; ++y) {
            pyramid[{6, x, y}] = std::string(2'000, 'x');
        }
    }
    write(in(folder.path()), pyramid);
    write(in(folder.path()), draw("z6: a b / c d"), "other");
    const LmdbReader reader{in(folder.path()), slice()};
    const auto tiles = scanned(reader, Grid::google_maps_compatible().whole(6));
    EXPECT_EQ(tiles.size(), pyramid.size());
    EXPECT_EQ(tiles, scanned(reader, Grid::google_maps_compatible().whole(6)));
}

TEST(LmdbStore, publishes_what_was_put_only_by_commit) {
    const TempFolder folder;
    const LmdbReader reader{in(folder.path()), slice()};
    {
        LmdbWriter writer{in(folder.path()), slice()};
        writer.put({0, 0, 0}, png_bytes("abandoned"));
        EXPECT_EQ(reader.get({0, 0, 0}), std::nullopt);
    }
    EXPECT_EQ(reader.get({0, 0, 0}), std::nullopt);
    write(in(folder.path()), draw("z0: w"));
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "w");
    EXPECT_TRUE(reader.exists({0, 0, 0}));
}

TEST(LmdbStore, may_be_written_while_it_is_scanned) {
    const TempFolder folder;
    write(in(folder.path()), draw("z1: a b / c d"));
    const LmdbReader reader{in(folder.path()), slice()};
    auto larger = in(folder.path());
    larger.max_bytes *= 2;
    reader.scan({1, 0, 0, 2, 2}, [&](const TileKey& key, BytesView content) {
        LmdbWriter writer{larger, slice("copy")};
        writer.put(key, content);
        writer.commit();
        larger.max_bytes *= 2;
    });
    EXPECT_EQ(word_in(LmdbReader(in(folder.path()), slice("copy")).get({1, 1, 1})), "d");
}

TEST(LmdbStore, makes_nothing_by_reading) {
    const TempFolder folder;
    const LmdbReader reader{in(folder.path()), slice()};
    EXPECT_EQ(reader.get({0, 0, 0}), std::nullopt);
    EXPECT_THAT(scanned(reader, {0, 0, 0, 1, 1}), IsEmpty());
    EXPECT_THAT(names_below(folder.path()), IsEmpty());
}

TEST(LmdbStore, keeps_every_other_tile_when_one_does_not_fit) {
    const TempFolder folder;
    auto small = in(folder.path());
    small.max_bytes = 1 << 20;
    {
        LmdbWriter writer{small, slice()};
        writer.put({1, 0, 0}, png_bytes("first"));
        EXPECT_THAT(
            [&] {
                writer.put({1, 1, 0}, png_bytes(std::string(2 << 20, 'x')));
            },
            throws(Errc::no_space, HasSubstr("max_size allows 1048576 bytes")));
        writer.put({1, 0, 1}, png_bytes("last"));
        writer.commit();
    }
    const LmdbReader reader{small, slice()};
    EXPECT_EQ(word_in(reader.get({1, 0, 0})), "first");
    EXPECT_EQ(reader.get({1, 1, 0}), std::nullopt);
    EXPECT_EQ(word_in(reader.get({1, 0, 1})), "last");
}

TEST(LmdbStore, reads_on_when_another_process_makes_it_larger) {
    const TempFolder folder;
    auto small = in(folder.path());
    small.max_bytes = 1 << 20;
    write(small, draw("z0: w"));
    const LmdbReader reader{small, slice()};
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "w");

    std::string entries = "VERSION=3\nformat=print\ntype=btree\nmapsize=16777216\nHEADER=END\n";
    for (int x = 0; x < 8; ++x) {
        entries += fmt::format(" t-GoogleMapsCompatible-{{dim}}-3-0-{}.png\\00\n {}\n", x,
                               std::string(500'000, 'x'));
    }
    const auto loaded = run({"mdb_load", folder.path().string()},
                            {.input = entries + "DATA=END\n", .cwd = {}, .environment = {}});
    ASSERT_EQ(loaded.exit_code, 0) << loaded.err;
    EXPECT_EQ(reader.get({3, 7, 7})->content.size(), 500'000 - 8);
    write(small, draw("z1: a . / . ."));
    EXPECT_EQ(word_in(reader.get({1, 0, 0})), "a");
}

TEST(LmdbStore, refuses_a_second_writer_that_would_wait_for_ever) {
    const TempFolder folder;
    LmdbWriter one{in(folder.path()), slice()};
    auto impatient = in(folder.path());
    impatient.timeout = std::chrono::milliseconds{50};
    LmdbWriter other{impatient, slice("other")};
    one.put({0, 0, 0}, png_bytes("w"));
    EXPECT_THAT(
        [&] {
            other.put({0, 0, 0}, png_bytes("o"));
        },
        throws(Errc::busy, HasSubstr("another writer")));
    one.commit();
    other.put({0, 0, 0}, png_bytes("o"));
    other.commit();
    EXPECT_EQ(word_in(LmdbReader(in(folder.path()), slice("other")).get({0, 0, 0})), "o");
}

TEST(LmdbStore, refuses_files_of_others) {
    const TempFolder folder;
    write_file(folder / "data.mdb", std::string(200'000, 'x'));
    EXPECT_THAT(([&] {
                    LmdbReader{in(folder.path()), slice()};
                }),
                throws(Errc::corrupt, HasSubstr("cache 'l'")));
    EXPECT_THAT(([&] {
                    LmdbWriter{in(folder.path()), slice()};
                }),
                throws(Errc::corrupt, HasSubstr("cache 'l'")));
}

TEST(LmdbStore, refuses_a_file_that_is_cut_off) {
    const TempFolder folder;
    test::Pyramid pyramid;
    for (int x = 0; x < 16; ++x) {
        pyramid[{4, x, 0}] = std::string(100'000, 'x');
    }
    write(in(folder.path()), pyramid);
    fs::resize_file(folder / "data.mdb", fs::file_size(folder / "data.mdb") / 2);
    EXPECT_THAT(([&] {
                    LmdbReader{in(folder.path()), slice()};
                }),
                throws(Errc::corrupt, HasSubstr("data.mdb is cut off")));
}

TEST(LmdbStore, refuses_a_folder_that_is_not_there) {
    EXPECT_THAT(([] {
                    LmdbReader{in("/nonexistent"), slice()};
                }),
                throws(Errc::not_found, HasSubstr("cache 'l': there is no folder /nonexistent")));
}

TEST(LmdbStore, refuses_a_key_that_is_too_long) {
    const TempFolder folder;
    const auto long_name = slice(std::string(500, 'n'));
    LmdbWriter writer{in(folder.path()), long_name};
    EXPECT_THAT(
        [&] {
            writer.put({0, 0, 0}, png_bytes("w"));
        },
        throws(Errc::invalid_argument, HasSubstr("510 bytes")));
}

// --- MapCache

constexpr const char* config = R"(
  <cache name="l" type="lmdb"><base>{}</base></cache>
  <tileset name="seeded"><source>map</source><cache>l</cache><grid>GoogleMapsCompatible</grid>
    <format>PNG</format></tileset>
  <tileset name="t"><cache>l</cache><grid>GoogleMapsCompatible</grid><format>PNG</format></tileset>)";

TEST(LmdbPeer, reads_what_mapcache_has_seeded) {
    const TempFolder folder;
    const auto xml = test::write_mapcache_config(
        folder.path(), fmt::format(fmt::runtime(config), folder.path().string()));
    const auto seeded = run({"mapcache_seed", "-c", xml.string(), "-t", "seeded", "-g",
                             "GoogleMapsCompatible", "-z", "0,2", "-q"});
    ASSERT_EQ(seeded.exit_code, 0) << seeded.out << seeded.err;
    const LmdbReader reader{in(folder.path()), slice("seeded")};
    EXPECT_EQ(scanned(reader, {2, 0, 0, 4, 4}).size(), 16U);
    for (const TileKey key : {TileKey{0, 0, 0}, TileKey{1, 1, 0}, TileKey{2, 2, 1}}) {
        const auto row = Grid::google_maps_compatible().row_from_origin(key);
        const auto served = test::ask_mapcache(
            xml,
            fmt::format("/tms/1.0.0/seeded@GoogleMapsCompatible/{}/{}/{}.png", key.z, key.x, row));
        const auto tile = reader.get(key);
        ASSERT_TRUE(tile);
        EXPECT_EQ(as_text(tile->content), served.body) << served.headers;
        EXPECT_GT(tile->modified, std::chrono::system_clock::now() - std::chrono::hours{1});
    }
}

TEST(LmdbPeer, writes_what_mapcache_serves) {
    const TempFolder folder;
    const auto xml = test::write_mapcache_config(
        folder.path(), fmt::format(fmt::runtime(config), folder.path().string()));
    write(in(folder.path()), draw("z1: a b / c d"));
    EXPECT_EQ(test::ask_mapcache(xml, "/tms/1.0.0/t@GoogleMapsCompatible/1/1/1.png").body,
              test::png("b"))
        << "row 1 from the south is the north";
}

}  // namespace
}  // namespace offgrid
