// GeoPackages may come from anyone.

#include "formats/gpkg/gpkg_reader.h"
#include "tests/formats/gpkg/gpkg_support.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace offgrid::gpkg {
namespace {

using namespace std::chrono_literals;
using test::foreign_gpkg_sql;
using test::matrix_sql;
using test::throws;
using test::tile_sql;
using testing::HasSubstr;

/// A recursion without an end, as a table.
constexpr const char* endless =
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n)"
    " SELECT i AS id, 0 AS zoom_level, 0 AS tile_column, i AS tile_row, x'00' AS tile_data FROM n";

struct Hostile : testing::Test {
    void write(const std::string& sql) const { test::execute_sql(file, sql); }

    void write_sound() const {
        write(foreign_gpkg_sql() + matrix_sql(0, 1, 1, 0) + tile_sql(0, 0, 0, "w"));
    }

    void expect_refused(Errc code, const std::string& why) const {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_THAT([&] { GpkgReader(file, "", Grid::google_maps_compatible(), *pool); },
                    throws(code, HasSubstr(why)));
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    }

    test::TempFolder folder;
    std::filesystem::path file = folder / "a.gpkg";
    std::unique_ptr<GpkgPool> pool = make_gpkg_pool(4);
};

TEST_F(Hostile, what_is_no_database_is_refused) {
    test::write_file(file, "GPKG? no");
    expect_refused(Errc::corrupt, "file is not a database");
    test::write_file(file, "");
    expect_refused(Errc::corrupt, "no table 'gpkg_contents'");
    std::filesystem::remove(file);
    expect_refused(Errc::not_found, "a.gpkg");
}

TEST_F(Hostile, a_cut_file_fails_and_is_not_absent) {
    write_sound();
    write(
        "INSERT INTO map (zoom_level, tile_column, tile_row, tile_data) VALUES"
        " (0, 0, 1, zeroblob(200000))");
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
    EXPECT_THAT(
        [&] {
            const GpkgReader reader(file, "", Grid::google_maps_compatible(), *pool);
            reader.files()->list_tiles(file, [](const TileKey&, std::uint64_t) {});
        },
        throws(Errc::corrupt, testing::_));
}

TEST_F(Hostile, a_view_in_the_place_of_a_table_never_runs) {
    for (const std::string table : {"map", "gpkg_contents", "gpkg_tile_matrix",
                                    "gpkg_tile_matrix_set", "gpkg_spatial_ref_sys"}) {
        std::filesystem::remove(file);
        write_sound();
        write(fmt::format("DROP TABLE {0}; CREATE VIEW {0} AS {1};", table, endless));
        expect_refused(Errc::corrupt, fmt::format("it has no table '{}'", table));
    }
}

TEST_F(Hostile, a_virtual_or_computed_table_is_no_table_of_tiles) {
    write_sound();
    write(
        "DROP TABLE map; CREATE VIRTUAL TABLE map USING rtree(id, zoom_level, tile_column,"
        " tile_row, tile_data)");
    expect_refused(Errc::corrupt, "it has no table 'map'");
    write(
        "DROP TABLE map; CREATE TABLE map (zoom_level, tile_column, tile_row,"
        " tile_data AS (zeroblob(1000000000)))");
    expect_refused(Errc::corrupt, "computed columns");
}

TEST_F(Hostile, triggers_do_not_matter) {
    write_sound();
    write("CREATE TRIGGER t AFTER UPDATE ON gpkg_contents BEGIN DELETE FROM map; END");
    const GpkgReader reader{file, "", Grid::google_maps_compatible(), *pool};
    EXPECT_EQ(test::word_in(reader.get({0, 0, 0})), "w");
}

TEST_F(Hostile, a_table_in_which_no_index_finds_a_tile_is_refused) {
    write_sound();
    write("ALTER TABLE map RENAME TO other; CREATE TABLE map AS SELECT * FROM other");
    expect_refused(Errc::corrupt, "no index of table 'map' finds a tile");
}

TEST_F(Hostile, numbers_that_describe_no_tiles_are_refused) {
    const std::vector<std::string> matrices{"matrix_width=0",
                                            "matrix_height=-1",
                                            "matrix_width=9223372036854775807",
                                            "matrix_height='many'",
                                            "tile_width=0",
                                            "tile_height=1000000000",
                                            "pixel_x_size=0",
                                            "pixel_y_size=-1",
                                            "pixel_x_size=9e999",
                                            "pixel_x_size=NULL",
                                            "zoom_level=-1",
                                            "zoom_level=1000000000000",
                                            "matrix_width=1099511627777"};
    for (const auto& matrix : matrices) {
        std::filesystem::remove(file);
        write_sound();
        write(fmt::format("UPDATE gpkg_tile_matrix SET {}", matrix));
        expect_refused(Errc::corrupt, "describes no tiles");
    }
    for (const auto* const box : {"min_x=9e999", "min_x=max_x", "max_y=NULL"}) {
        std::filesystem::remove(file);
        write_sound();
        write(fmt::format("UPDATE gpkg_tile_matrix_set SET {}", box));
        expect_refused(Errc::corrupt, "covers nothing");
    }
    std::filesystem::remove(file);
    write_sound();
    write("UPDATE gpkg_tile_matrix SET pixel_x_size=1e-300, pixel_y_size=1e300");
    expect_refused(Errc::unsupported, "pixels away");
}

TEST_F(Hostile, a_matrix_set_without_a_reference_system_is_refused) {
    write_sound();
    write("UPDATE gpkg_tile_matrix_set SET srs_id=99");
    expect_refused(Errc::corrupt, "nothing tells the reference system of table 'map'");
    write("DELETE FROM gpkg_tile_matrix_set");
    expect_refused(Errc::corrupt, "nothing tells the reference system of table 'map'");
}

TEST_F(Hostile, a_table_that_is_named_after_another_is_only_read_as_tiles) {
    write_sound();
    for (const std::string table : {"sqlite_schema", "gpkg_contents", "no\"such",
                                    "pragma_table_list", "map; DROP TABLE map"}) {
        write(fmt::format("UPDATE gpkg_contents SET table_name='{}'", table));
        expect_refused(Errc::corrupt, "it has no table '" + table + "'");
    }
}

TEST_F(Hostile, many_tables_that_are_not_there_are_refused_at_once) {
    write_sound();
    write(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        " INSERT INTO gpkg_contents (table_name, data_type) SELECT 'no' || i, 'tiles' FROM n");
    EXPECT_THAT([&] { tile_tables_of(file); },
                throws(Errc::too_large, HasSubstr("a.gpkg has more than 1000 tables of tiles")));
    expect_refused(Errc::too_large, "more than 1000 tables");
    const GpkgReader named{file, "map", Grid::google_maps_compatible(), *pool};
    EXPECT_EQ(test::word_in(named.get({0, 0, 0})), "w");
}

TEST_F(Hostile, addresses_that_are_no_numbers_are_damage) {
    write_sound();
    write(
        "INSERT INTO map (zoom_level, tile_column, tile_row, tile_data)"
        " VALUES (0, 0, 0.5, 'x')");
    const GpkgReader reader{file, "", Grid::google_maps_compatible(), *pool};
    EXPECT_EQ(test::word_in(reader.get({0, 0, 0})), "w");
    const auto list = [&] {
        reader.files()->list_tiles(file, [](const TileKey&, std::uint64_t) {});
    };
    EXPECT_THAT(list, throws(Errc::corrupt, HasSubstr("address is not a number")));
}

}  // namespace
}  // namespace offgrid::gpkg
