#include "formats/gpkg/gpkg_reader.h"

#include "tests/formats/gpkg/gpkg_support.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

namespace offgrid::gpkg {
namespace {

using test::draw;
using test::execute_sql;
using test::foreign_gpkg_sql;
using test::matrix_sql;
using test::throws;
using test::tile_sql;
using test::word_in;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

struct Reading : testing::Test {
    void write(const std::string& sql) const { execute_sql(file, sql); }

    GpkgReader open(const std::string& table = {}, const Grid& grid = mercator()) const {
        return {file, table, grid, *pool};
    }

    static test::Pyramid scanned(const TileReader& reader, int z) {
        test::Pyramid tiles;
        reader.scan(mercator().whole(z), [&](const TileKey& key, BytesView content) {
            tiles[key] = word_in(Tile{{content.begin(), content.end()}});
        });
        return tiles;
    }

    test::TempFolder folder;
    std::filesystem::path file = folder / "a.gpkg";
    std::unique_ptr<GpkgPool> pool = make_gpkg_pool(4);
};

TEST_F(Reading, finds_the_tiles_of_a_file_that_covers_a_part_of_the_grid) {
    // The quarter in the north-east: at zoom 2, columns 2 and 3, rows 0 and 1.
    write(foreign_gpkg_sql("0, 0, 20037508.34, 20037508.34") + matrix_sql(0, 1, 1, 1) +
          matrix_sql(1, 2, 2, 2) + tile_sql(1, 0, 0, "a") + tile_sql(1, 1, 1, "d"));
    const auto reader = open();
    EXPECT_EQ(word_in(reader.get({2, 2, 0})), "a");
    EXPECT_EQ(word_in(reader.get({2, 3, 1})), "d");
    EXPECT_FALSE(reader.exists({2, 3, 0}));
    EXPECT_FALSE(reader.exists({2, 0, 0}));
    EXPECT_FALSE(reader.exists({1, 1, 0})) << "a matrix without tiles";
    EXPECT_EQ(scanned(reader, 2), draw("z2@2,0: a . / . d"));
    EXPECT_EQ(reader.info().min_zoom, 2);
    EXPECT_EQ(reader.info().max_zoom, 2);
    EXPECT_EQ(reader.info().name, "The map");
}

TEST_F(Reading, says_why_tiles_are_not_those_of_the_grid) {
    write(foreign_gpkg_sql("100, 0, 20037608, 20037508") + matrix_sql(1, 2, 2, 2) +
          tile_sql(1, 0, 0, "a"));
    EXPECT_NO_THROW(open()) << "100 m are less than half a pixel there";
    write(matrix_sql(9, 512, 512, 10) + tile_sql(9, 0, 0, "a"));
    EXPECT_THAT([&] { open(); },
                throws(Errc::unsupported,
                       AllOf(HasSubstr("a.gpkg: table 'map': zoom 9: its tiles are not those of "
                                       "grid 'GoogleMapsCompatible' at zoom 10"),
                             HasSubstr("pixels away"))));
    EXPECT_THAT(
        [&] { open("", Grid::wgs84()); },
        throws(Errc::unsupported, HasSubstr("it is in epsg:3857, grid 'WGS84' in EPSG:4326")));
    EXPECT_THAT(
        [&] { grid_of(file, ""); },
        throws(Errc::unsupported, AllOf(HasSubstr("the tiles of no built-in grid"),
                                        HasSubstr("zoom 9"), HasSubstr("it is in epsg:3857"))));
}

TEST_F(Reading, knows_the_grid_of_the_tiles) {
    write(foreign_gpkg_sql() + matrix_sql(0, 1, 1, 0) + tile_sql(0, 0, 0, "w"));
    EXPECT_EQ(&grid_of(file, ""), &mercator());
    test::write_gpkg(folder / "b.gpkg", draw("z0: w"), {.grid = &Grid::wgs84()});
    EXPECT_EQ(&grid_of(folder / "b.gpkg", ""), &Grid::wgs84());
    const GpkgReader degrees{folder / "b.gpkg", "", Grid::wgs84(), *pool};
    EXPECT_EQ(word_in(degrees.get({0, 0, 0})), "w");
}

TEST_F(Reading, reads_reference_systems_under_their_other_names) {
    write(foreign_gpkg_sql() + matrix_sql(0, 1, 1, 0) + tile_sql(0, 0, 0, "w"));
    for (const auto* const code : {"'EPSG', 900913", "'ESRI', 102100", "'Epsg', 3785"}) {
        write(
            fmt::format("UPDATE gpkg_spatial_ref_sys SET (organization, "
                        "organization_coordsys_id) = ({}) WHERE srs_id=7",
                        code));
        EXPECT_EQ(word_in(open().get({0, 0, 0})), "w") << code;
    }
}

TEST_F(Reading, needs_the_name_of_a_table_where_there_are_several) {
    write(foreign_gpkg_sql() + matrix_sql(0, 1, 1, 0) + tile_sql(0, 0, 0, "w") +
          "CREATE TABLE more AS SELECT * FROM map;"
          "CREATE UNIQUE INDEX more_index ON more (zoom_level, tile_column, tile_row);"
          "INSERT INTO gpkg_contents (table_name, data_type, srs_id) VALUES ('more', 'tiles', 7),"
          " ('points', 'features', 7);"
          "INSERT INTO gpkg_tile_matrix_set SELECT 'more', 7, min_x, min_y, max_x, max_y"
          " FROM gpkg_tile_matrix_set;");
    EXPECT_THAT(tile_tables_of(file), ElementsAre("map", "more"));
    EXPECT_THAT([&] { open(); }, throws(Errc::invalid_argument, HasSubstr("there are: map, more")));
    EXPECT_THAT([&] { open("points"); },
                throws(Errc::not_found, HasSubstr("no table of tiles 'points'; there are: map")));
    EXPECT_EQ(word_in(open("map").get({0, 0, 0})), "w");
    const auto more = open("more");
    EXPECT_EQ(more.info().name, "more") << "it has no identifier";
    EXPECT_EQ(more.get({0, 0, 0}), std::nullopt) << "its zooms have no matrix";
}

TEST_F(Reading, is_not_the_place_for_features_alone) {
    write(foreign_gpkg_sql() + "UPDATE gpkg_contents SET data_type='features'");
    EXPECT_THAT(tile_tables_of(file), IsEmpty());
    EXPECT_THAT([&] { open(); }, throws(Errc::not_found, HasSubstr("has no tables of tiles")));
}

TEST_F(Reading, lists_also_the_tiles_that_no_one_finds) {
    write(foreign_gpkg_sql() + matrix_sql(1, 2, 2, 1) + tile_sql(1, 0, 0, "a") +
          tile_sql(1, 2, 0, "outside") + tile_sql(5, 0, 0, "without a matrix") +
          "INSERT INTO map (zoom_level, tile_column, tile_row, tile_data) VALUES (1, 1, 1, '')");
    const auto reader = open();
    EXPECT_EQ(scanned(reader, 1), draw("z1: a"));
    ASSERT_NE(reader.files(), nullptr);
    EXPECT_THAT(reader.files()->list(), ElementsAre(file.string()));
    std::vector<std::string> tiles;
    reader.files()->list_tiles(file.string(), [&](const TileKey& key, std::uint64_t bytes) {
        tiles.push_back(fmt::format("{}/{}/{} {}", key.z, key.x, key.y, bytes));
    });
    EXPECT_THAT(tiles, ElementsAre("1/0/0 9", "-1/2/0 15", "-1/0/0 24"));
}

TEST_F(Reading, waits_for_what_another_program_has_not_finished) {
    write(foreign_gpkg_sql() + matrix_sql(0, 1, 1, 0) + tile_sql(0, 0, 0, "w"));
    for (const auto* const suffix : {"-wal", "-journal"}) {
        const auto journal = file.string() + suffix;
        test::write_file(journal, "\x37\x7F and more");
        EXPECT_THAT([&] { open(); },
                    throws(Errc::busy, AllOf(HasSubstr("a.gpkg has changes that are still in"),
                                             HasSubstr(suffix))));
        test::write_file(journal, "");
        EXPECT_NO_THROW(open()) << "nothing is in it";
        std::filesystem::remove(journal);
    }
}

TEST_F(Reading, opens_a_path_with_braces) {
    file = folder / "{z}.gpkg";
    write(foreign_gpkg_sql() + matrix_sql(0, 1, 1, 0) + tile_sql(0, 0, 0, "w"));
    const auto reader = open();
    EXPECT_EQ(reader.files(), nullptr);
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "w");
}

}  // namespace
}  // namespace offgrid::gpkg
