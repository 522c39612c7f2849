#include "formats/package/verify.h"

#include "formats/base/hash.h"
#include "formats/sqlite/sqlite.h"
#include "tests/support/errors.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

namespace offgrid {
namespace {

using test::draw;
using test::throws;
using testing::HasSubstr;

struct VerifyTest : testing::Test {
    void execute(const std::string& name, const char* sql) const {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open((package / name).c_str(), &db), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK)
            << sqlite3_errmsg(db);
        sqlite3_close(db);
    }

    auto verifying(const std::string& name) {
        return [this, name] { verify_file(package / name, name, manifest); };
    }

    test::TempFolder folder;
    std::filesystem::path package = folder / "kenya";
    Manifest manifest = test::write_package(package, "kenya", R"(z0: w
                                                                 z1: a b / c d)");
    std::string north_west = "z01-0-1.sqlite3";  // names count rows from the south
};

TEST_F(VerifyTest, says_what_a_sound_file_holds) {
    const auto [file, extent] = verify_file(package / north_west, north_west, manifest);
    EXPECT_EQ(extent, (TileRange{1, 0, 0, 1, 1}));
    EXPECT_EQ(file.name, north_west);
    EXPECT_EQ(file.tiles, 1);
    EXPECT_EQ(file.min_zoom, 1);
    EXPECT_EQ(file.max_zoom, 1);
    EXPECT_EQ(file.sha256, sha256_hex_of_file(package / north_west));
    EXPECT_EQ(file.bytes, std::filesystem::file_size(package / north_west));
}

TEST_F(VerifyTest, refuses_a_name_that_the_layer_cannot_have) {
    for (const auto* name : {"z02-0-0.sqlite3", "other.sqlite3", "../z01-0-1.sqlite3", ""}) {
        EXPECT_THAT([&] { verify_file(package / north_west, name, manifest); },
                    throws(Errc::invalid_argument, HasSubstr("layer 'kenya' has no file")))
            << name;
    }
}

TEST_F(VerifyTest, refuses_tiles_that_lie_outside_what_the_name_covers) {
    EXPECT_THAT([&] { verify_file(package / "z01-1-1.sqlite3", north_west, manifest); },
                throws(Errc::corrupt, HasSubstr("tile 1/1/1 (row from the south) lies outside")));
    EXPECT_THAT([&] { verify_file(package / "z0-0-0.sqlite3", north_west, manifest); },
                throws(Errc::corrupt, HasSubstr("lies outside")));
    execute(north_west, "UPDATE map SET zoom_level=4000000000");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("lies outside")));
    execute(north_west, "UPDATE map SET zoom_level=1, tile_row=-1");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("lies outside")));
}

TEST_F(VerifyTest, refuses_tiles_of_another_format) {
    execute(north_west, "UPDATE images SET tile_data='<html>not found</html>'");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("is not png")));
    execute(north_west, "UPDATE images SET tile_data=x''");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("is not png")));
}

TEST_F(VerifyTest, refuses_tables_in_which_no_index_finds_a_tile) {
    execute(north_west,
            "ALTER TABLE map RENAME TO old; CREATE TABLE map AS SELECT * FROM old; DROP TABLE old");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("no index finds a tile")));
}

/// Ids of two types are equal but never found by index: the check alone would take for ever.
TEST_F(VerifyTest, refuses_tables_that_only_a_scan_can_join) {
    execute(north_west,
            "ALTER TABLE map RENAME TO old;"
            "CREATE TABLE map (zoom_level, tile_column, tile_row, tile_id integer,"
            " PRIMARY KEY (zoom_level, tile_column, tile_row));"
            "INSERT INTO map SELECT zoom_level, tile_column, tile_row, 7 FROM old;"
            "DROP TABLE old; UPDATE images SET tile_id='7'");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("no index finds a tile")));
}

TEST_F(VerifyTest, refuses_a_tile_that_is_there_twice) {
    execute(north_west,
            "ALTER TABLE map RENAME TO old; CREATE TABLE map AS SELECT * FROM old;"
            "INSERT INTO map SELECT * FROM old; DROP TABLE old;"
            "CREATE INDEX map_index ON map (zoom_level, tile_column, tile_row)");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("is there twice")));
}

TEST_F(VerifyTest, takes_only_images_where_formats_are_mixed) {
    manifest.format = std::nullopt;
    EXPECT_NO_THROW(verify_file(package / north_west, north_west, manifest));
    execute(north_west, "UPDATE images SET tile_data=x'1F8B0800'");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("is not an image")));
}

TEST_F(VerifyTest, ends_when_it_is_told_to) {
    const auto stop = [] { throw Error{Errc::interrupted, "stopped"}; };
    EXPECT_THAT([&] { verify_file(package / north_west, north_west, manifest, stop); },
                throws(Errc::interrupted, HasSubstr("stopped")));
}

TEST_F(VerifyTest, refuses_rows_that_point_nowhere) {
    execute(north_west, "DELETE FROM images");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("no content")));
}

TEST_F(VerifyTest, refuses_a_file_without_tiles) {
    execute(north_west, "DELETE FROM map");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("no tiles")));
}

TEST_F(VerifyTest, refuses_a_file_that_is_still_in_wal_mode) {
    execute(north_west, "PRAGMA journal_mode=WAL");
    EXPECT_THAT(verifying(north_west), throws(Errc::corrupt, HasSubstr("WAL mode")));
}

TEST_F(VerifyTest, refuses_what_is_no_sound_database) {
    const auto sound = test::read_text(package / north_west);
    const std::pair<std::string, const char*> cases[] = {
        {"", "not an SQLite database"},
        {"garbage", "not an SQLite database"},
        {std::string(100'000, 'x'), "not an SQLite database"},
        {sound.substr(0, 100), "it"},
        {sound.substr(0, sound.size() / 2), "malformed"},
        {sound.substr(0, 4096), "it"}};
    for (const auto& [content, why] : cases) {
        test::write_file(package / north_west, content);
        EXPECT_THAT(verifying(north_west),
                    throws(Errc::corrupt,
                           testing::AllOf(HasSubstr("file 'z01-0-1.sqlite3'"), HasSubstr(why),
                                          testing::Not(HasSubstr(folder.path().string())))))
            << content.size();
    }
}

TEST_F(VerifyTest, a_flipped_byte_in_a_tile_is_seen_by_the_manifest) {
    auto content = test::read_text(package / north_west);
    content[content.rfind("\x89PNG\r\n\x1a\n") + 8] ^= 1;
    test::write_file(package / north_west, content);
    EXPECT_NO_THROW(verify_file(package / north_west, north_west, manifest))
        << "no check of SQLite sees it";
    EXPECT_THAT([&] { verify_package(package, manifest); },
                throws(Errc::corrupt, HasSubstr("is not the one that the manifest describes")));
}

TEST_F(VerifyTest, a_package_needs_each_file_of_its_manifest) {
    EXPECT_NO_THROW(verify_package(package, manifest));
    std::filesystem::rename(package / north_west, folder / "elsewhere");
    EXPECT_THAT([&] { verify_package(package, manifest); },
                throws(Errc::corrupt, HasSubstr("not in the package")));
    std::filesystem::create_symlink(folder / "elsewhere", package / north_west);
    EXPECT_THAT([&] { verify_package(package, manifest); },
                throws(Errc::corrupt, HasSubstr("not in the package")));
}

TEST_F(VerifyTest, refuses_every_damaged_file_there_is) {
    for (const auto* kind : {"bad/sqlite", "bad/mbtiles", "bad/zip", "bad/png"}) {
        for (const auto& path : test::shared_files(kind)) {
            EXPECT_THROW(verify_file(path, north_west, manifest), Error) << path;
        }
    }
}

}  // namespace
}  // namespace offgrid
