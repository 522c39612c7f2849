#include "formats/kv/bdb_store.h"

#include "formats/kv/kv_options.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"
#include "tests/support/store_contract.h"
#include "tests/support/temp_folder.h"

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

BdbOptions in(const TempFolder& folder) {
    return {.name = "b", .base = folder.path()};
}

void write(const BdbOptions& options, const test::Pyramid& pyramid,
           const std::string& tileset = "t") {
    BdbWriter writer{options, slice(tileset)};
    for (const auto& [key, word] : pyramid) {
        writer.put(key, png_bytes(word));
    }
    writer.commit();
}

struct BdbStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        write(in(folder), pyramid);
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<BdbWriter>(in(folder), slice());
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<BdbReader>(in(folder), slice());
    }

    TempFolder folder;
};

/// Without an environment, as a copy on read-only media is read.
struct CopiedBdbStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        write(in(folder), pyramid);
        fs::copy_file(folder / "b.db", copy / "b.db");
        return std::make_unique<BdbReader>(in(copy), slice());
    }

    TempFolder folder;
    TempFolder copy;
};

}  // namespace

namespace test {
INSTANTIATE_TYPED_TEST_SUITE_P(Bdb, StoreContract, BdbStore);
INSTANTIATE_TYPED_TEST_SUITE_P(CopiedBdb, StoreContract, CopiedBdbStore);
}  // namespace test

namespace {

std::vector<TileKey> scanned(const TileReader& reader, const TileRange& range) {
    std::vector<TileKey> tiles;
    reader.scan(range, [&](const TileKey& key, BytesView) { tiles.push_back(key); });
    return tiles;
}

TEST(BdbStore, lays_the_file_out_as_mapcache_does) {
    const TempFolder folder;
    write(in(folder), {{{0, 0, 0}, "w"}});
    const auto dump = run({"db5.3_dump", "-p", (folder / "b.db").string()});
    EXPECT_EQ(dump.exit_code, 0) << dump.err;
    EXPECT_THAT(dump.out, HasSubstr("type=btree\ndb_pagesize=65536\n"));
    EXPECT_THAT(dump.out, HasSubstr("\n t-GoogleMapsCompatible-{dim}-0-0-0.png\\00\n"
                                    " \\89PNG\\0d\\0a\\1a\\0aw"));
    EXPECT_THAT(names_below(folder.path()), testing::Contains("__db.001"));
}

TEST(BdbStore, reads_the_same_order_twice_and_only_its_own_tiles) {
    const TempFolder folder;
    test::Pyramid pyramid;
    for (int x = 0; x < 40; ++x) {
        for (int y = 0; y < 40; ++y) {
            pyramid[{6, x, y}] = fmt::format("{}-{}", x, y);
        }
    }
    write(in(folder), pyramid);
    write(in(folder), draw("z6: a b / c d"), "other");
    const BdbReader reader{in(folder), slice()};
    const auto tiles = scanned(reader, Grid::google_maps_compatible().whole(6));
    EXPECT_EQ(tiles.size(), pyramid.size());
    EXPECT_EQ(tiles, scanned(reader, Grid::google_maps_compatible().whole(6)));
    std::uint64_t bytes = 0;
    reader.list({6, 0, 0, 64, 64}, [&](const TileKey&, std::uint64_t size) { bytes += size; });
    std::uint64_t expected = 0;
    for (const auto& [key, word] : pyramid) {
        expected += png_bytes(word).size();
    }
    EXPECT_EQ(bytes, expected);
}

TEST(BdbStore, may_be_written_while_it_is_scanned) {
    const TempFolder folder;
    write(in(folder), draw("z1: a b / c d"));
    const BdbReader reader{in(folder), slice()};
    BdbWriter writer{in(folder), slice("copy")};
    reader.scan({1, 0, 0, 2, 2},
                [&](const TileKey& key, BytesView content) { writer.put(key, content); });
    writer.commit();
    EXPECT_EQ(word_in(BdbReader(in(folder), slice("copy")).get({1, 1, 1})), "d");
}

TEST(BdbStore, makes_nothing_by_reading_and_finds_what_appears) {
    const TempFolder folder;
    const BdbReader reader{in(folder), slice()};
    EXPECT_EQ(reader.get({0, 0, 0}), std::nullopt);
    EXPECT_FALSE(reader.exists({0, 0, 0}));
    EXPECT_THAT(scanned(reader, {0, 0, 0, 1, 1}), IsEmpty());
    EXPECT_THAT(names_below(folder.path()), IsEmpty());

    write(in(folder), draw("z0: w"));
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "w");
    EXPECT_TRUE(reader.exists({0, 0, 0}));
}

TEST(BdbStore, sees_what_others_write_to_a_copied_file) {
    const TempFolder folder;
    const TempFolder copy;
    write(in(folder), draw("z1: a b / . ."));
    fs::copy_file(folder / "b.db", copy / "b.db");
    const BdbReader reader{in(copy), slice()};
    EXPECT_EQ(word_in(reader.get({1, 0, 0})), "a");
    EXPECT_THAT(names_below(copy.path()), testing::ElementsAre("b.db"));

    write(in(copy), draw("z1: new . / c ."));
    EXPECT_EQ(word_in(reader.get({1, 0, 0})), "new");
    EXPECT_EQ(word_in(reader.get({1, 0, 1})), "c");
}

TEST(BdbStore, expands_the_mark_of_a_blank_tile) {
    const TempFolder folder;
    {
        BdbWriter writer{in(folder), slice()};
        writer.put({0, 0, 0}, as_bytes("#\x01\x02\x03\xff"));
        writer.commit();
    }
    const BdbReader reader{in(folder), slice()};
    const auto tile = reader.get({0, 0, 0});
    ASSERT_TRUE(tile);
    EXPECT_THAT(as_text(tile->content), testing::StartsWith("\x89PNG"));
    reader.list({0, 0, 0, 1, 1}, [](const TileKey&, std::uint64_t size) { EXPECT_EQ(size, 5U); });
}

TEST(BdbStore, refuses_files_of_others) {
    const TempFolder folder;
    write_file(folder / "b.db", std::string(200'000, 'x'));
    EXPECT_THAT(([&] {
                    BdbReader{in(folder), slice()};
                }),
                throws(Errc::corrupt, HasSubstr("b.db is no B-tree of Berkeley DB")));

    const TempFolder hashed;
    const auto made = run({"db5.3_load", "-T", "-t", "hash", (hashed / "b.db").string()},
                          {.input = "key\nvalue\n", .cwd = {}, .environment = {}});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_THAT(([&] {
                    BdbReader{in(hashed), slice()};
                }),
                throws(Errc::corrupt, HasSubstr("cache 'b'")));
    EXPECT_THAT(([&] {
                    BdbWriter{in(hashed), slice()};
                }),
                throws(Errc::corrupt, HasSubstr("cache 'b'")));
}

TEST(BdbStore, refuses_a_folder_that_is_not_there) {
    EXPECT_THAT(([] {
                    BdbReader{{.name = "b", .base = "/nonexistent"}, slice()};
                }),
                throws(Errc::not_found, HasSubstr("cache 'b': there is no folder /nonexistent")));
}

TEST(BdbStore, calls_a_value_without_a_tile_corrupt) {
    const TempFolder folder;
    const auto made =
        run({"db5.3_load", "-t", "btree", (folder / "b.db").string()},
            {.input = "VERSION=3\nformat=print\ntype=btree\nHEADER=END\n"
                      " t-GoogleMapsCompatible-{dim}-0-0-0.png\\00\n short\nDATA=END\n",
             .cwd = {},
             .environment = {}});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    const BdbReader reader{in(folder), slice()};
    EXPECT_THAT(
        [&] {
            reader.get({0, 0, 0});
        },
        throws(Errc::corrupt, HasSubstr("t-GoogleMapsCompatible-{dim}-0-0-0.png")));
    EXPECT_THAT([&] { scanned(reader, {0, 0, 0, 1, 1}); }, throws(Errc::corrupt, HasSubstr("'b'")));
}

}  // namespace
}  // namespace offgrid
