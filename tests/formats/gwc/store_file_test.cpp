#include "formats/gwc/store_file.h"

#include "formats/sqlite/sqlite.h"
#include "tests/formats/gwc/blob_support.h"
#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid::gwc {
namespace {

using sqlite::rows;
using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;

const TilesetId asia = png_of("asia");
constexpr const char* asia_file = "EPSG_4326/asia/image_png/5/tiles-0-0.sqlite";

TEST(StoreFile, that_has_gone_is_not_made_anew) {
    const test::TempFolder folder;
    const auto path = (folder / "gone.sqlite").string();
    const std::vector<SouthRange> all{{0, 0, 0, 9, 9}};
    EXPECT_EQ(remove_tiles(path, all, WhenEmpty::remove_file).tiles, 0);
    rename_layer_in(path, "a", "b");
    EXPECT_FALSE(while_nobody_writes(path, [] { FAIL() << "there is nothing to do it to"; }));
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(StoreFile, that_is_damaged_has_no_name_to_change) {
    const test::TempFolder folder;
    test::write_file(folder / "a.sqlite", std::string(4096, 'x'));
    rename_layer_in((folder / "a.sqlite").string(), "a", "b");
    EXPECT_EQ(test::read_text(folder / "a.sqlite"), std::string(4096, 'x'));
}

TEST(StoreFile, whose_newest_tiles_stand_beside_it_is_not_moved_away_from_them) {
    TestStore store;
    store.put(asia, {5, 0, 0}, "old");
    {
        sqlite::Db other{store.file(asia_file), sqlite::OpenMode::update};
        other.execute("PRAGMA journal_mode=WAL; UPDATE tiles SET tile_data = CAST('new' AS BLOB)");
        EXPECT_THAT([&] { store.store().rename_layer("asia", "africa"); },
                    throws(Errc::busy, HasSubstr("tiles-0-0.sqlite")));
        EXPECT_EQ(store.get(asia, {5, 0, 0}), "new");
    }
    store.store().rename_layer("asia", "africa");
    EXPECT_EQ(store.get(png_of("africa"), {5, 0, 0}), "new");
}

TEST(StoreFile, loses_images_that_no_tile_shows_though_a_row_points_nowhere) {
    const test::TempFolder folder;
    const auto path = folder / "a.sqlite";
    sqlite::execute(path,
                    "CREATE TABLE map (zoom_level integer, tile_column integer, tile_row integer,"
                    " tile_id text); CREATE TABLE images (tile_id text, tile_data blob);"
                    "CREATE TABLE metadata (name text, value text);"
                    "INSERT INTO map VALUES (0,0,0,'x'), (1,0,0,NULL), (1,1,1,'y');"
                    "INSERT INTO images VALUES ('x', 'x'), ('y', 'y')");
    const std::vector<SouthRange> top{{0, 0, 0, 0, 0}};
    EXPECT_EQ(remove_tiles(path.string(), top, WhenEmpty::keep_file).tiles, 1);
    EXPECT_THAT(rows(path, "SELECT tile_id FROM images"), ElementsAre("y"));
}

}  // namespace
}  // namespace offgrid::gwc
