#include "tests/support/shared_data.h"
#include "tests/sync/besieged_daemon.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* flat = R"(
    CREATE TABLE metadata (name text, value text);
    CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob,
                        PRIMARY KEY (zoom_level, tile_column, tile_row));
    INSERT INTO tiles VALUES (0, 0, 0, x'89504E470D0A1A0A00');
)";

constexpr const char* endless_rows = R"(
    WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r)
    SELECT n % 20 AS zoom_level, 0 AS tile_column, 0 AS tile_row, 'a' AS tile_id,
           x'89504E470D0A1A0A00' AS tile_data FROM r;
)";

class HostileTileFiles : public BesiegedDaemon {
protected:
    fs::path made_by(const std::string& sql) const {
        const auto path = attacks_ / "made";
        fs::remove(path);
        sqlite3* db = nullptr;
        EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
            << sql << ": " << sqlite3_errmsg(db);
        sqlite3_close(db);
        return path;
    }
};

// RP-14, RP-16
TEST_F(HostileTileFiles,
       of_every_kind_that_was_collected_are_refused_as_upload_as_source_and_in_any_archive) {
    for (const auto& file : shared_files("bad")) {
        const auto name = file.filename().string();
        const auto content = read_text(file);
        expect_refused(file);
        const auto copy = attacks_ / name;
        fs::copy_file(file, copy);
        expect_form_refused(
            {{"layer", "world", {}}, {"destination", "world.mbtiles", {}}, {"source", copy, {}}},
            name);
        fs::remove(copy);
        for (const auto kind : {ArchiveKind::tar, ArchiveKind::tar_zst, ArchiveKind::zip}) {
            write_archive(attacks_ / "archive", kind, {{"world.mbtiles", content}});
            expect_form_refused({{"layer", "world", {}}, {"file", {}, attacks_ / "archive"}}, name);
        }
    }
}

TEST_F(HostileTileFiles, with_a_schema_that_computes_are_refused) {
    const std::string rows = endless_rows;
    const std::vector<std::string> table{
        "CREATE VIEW tiles AS" + rows,
        "CREATE VIEW map AS" + rows + "CREATE TABLE images (tile_id, tile_data)",
        "CREATE VIEW images AS" + rows +
            "CREATE TABLE map (zoom_level, tile_column, tile_row, tile_id)",
        std::string{flat} +
            "CREATE TRIGGER boom AFTER INSERT ON tiles BEGIN DELETE FROM tiles; END",
        "CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data AS "
        "(zeroblob(1000000000)))",
        "CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data AS "
        "(zeroblob(1000000000)) STORED)",
        "CREATE VIRTUAL TABLE tiles USING fts5(zoom_level, tile_column, tile_row, tile_data)",
        "CREATE VIRTUAL TABLE tiles USING rtree(id, zoom_level, tile_column, +tile_row, "
        "+tile_data)",
        std::string{flat} + "CREATE VIRTUAL TABLE beside USING fts5(text)",
        std::string{flat} +
            "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABLE tiles"
            " (zoom_level, tile_column, tile_row, tile_data, CHECK "
            "(length(hex(zeroblob(900000000))) > 0))' WHERE name='tiles'",
        std::string{flat} +
            "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABLE tiles"
            " (zoom_level, tile_column, tile_row, tile_data DEFAULT (load_extension(''evil'')))'"
            " WHERE name='tiles'; INSERT INTO tiles(zoom_level) VALUES (1)",
    };
    for (const auto& sql : table) {
        EXPECT_EQ(expect_refused(made_by(sql)).status, 422) << sql;
    }
}

TEST_F(HostileTileFiles, with_rows_that_are_no_tiles_are_refused) {
    for (const std::string values :
         {"(0, 0, 1, x'89504E470D0A1A0A00')", "(-1, 0, 0, x'89504E470D0A1A0A00')",
          "(1e300, 0, 0, x'89504E470D0A1A0A00')", "(31, 0, 0, x'89504E470D0A1A0A00')",
          "(9223372036854775807, 9223372036854775807, -9223372036854775807, x'89')",
          "('zoom', 0, 0, x'89504E470D0A1A0A00')", "(NULL, NULL, NULL, NULL)", "(1, 0, 0, NULL)",
          "(1, 0, 0, '<html>')", "(1, 0, 0, x'')", "(1, 0, 0, zeroblob(15000000))"}) {
        EXPECT_EQ(expect_refused(made_by(std::string{flat} + "INSERT INTO tiles VALUES " + values))
                      .status,
                  422)
            << values;
    }
}

TEST_F(HostileTileFiles, in_wal_mode_are_refused_with_their_log_and_without) {
    const auto path = made_by(std::string{"PRAGMA journal_mode=WAL;"} + flat);
    EXPECT_THAT(expect_refused(path).body, HasSubstr("WAL"));

    const auto content = read_text(path);
    write_archive(attacks_ / "archive", ArchiveKind::zip,
                  {{"world.mbtiles", content}, {"world.mbtiles-wal", content}});
    expect_form_refused({{"layer", "world", {}}, {"file", {}, attacks_ / "archive"}}, "WAL in zip");
}

TEST_F(HostileTileFiles, with_a_schema_of_a_million_views_are_refused) {
    EXPECT_EQ(
        expect_refused(made_by(std::string{flat} +
                               "PRAGMA writable_schema=ON;"
                               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT "
                               "200000) INSERT INTO sqlite_schema SELECT 'view', 'v'||i, 'v'||i, 0,"
                               " 'CREATE VIEW v'||i||' AS SELECT 1' FROM n"))
            .status,
        422);
}

// RP-15
TEST_F(HostileTileFiles, get_no_name_but_that_of_a_file_of_the_layer) {
    const auto good = attacks_ / "good";
    for (const std::string destination :
         {"", ".", "..", "/", "../world.mbtiles", "../../CURRENT", "/etc/x", "a/../../x", "C:\\x",
          "C:world.mbtiles", "world.mbtiles/", "./world.mbtiles", "world.mbtiles-journal",
          "world.mbtiles-wal", "metadata.sqlite", "WORLD.MBTILES", "world.mbtiles\n",
          "world.mbtile%73", "z0-0-0.sqlite3"}) {
        expect_refused(good, destination);
    }
    expect_refused(good, std::string{"world.mbtiles\0.evil", 19});
    expect_refused(good, std::string(8'000, 'n'));
    expect_refused(good, std::string(100'000, 'n'));
}

}  // namespace
}  // namespace offgrid::test
