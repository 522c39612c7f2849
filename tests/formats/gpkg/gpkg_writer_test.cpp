#include "formats/gpkg/gpkg_writer.h"

#include "tests/formats/gpkg/gpkg_support.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid::gpkg {
namespace {

using test::draw;
using test::png_bytes;
using test::query_sql;
using test::throws;
using test::write_gpkg;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

const std::string part_name = R"(Roads 2\.gpkg\.[0-9a-f]+\.part)";

Bytes webp_bytes() {
    const std::string_view text{"RIFF\x04\0\0\0WEBPVP8L", 16};
    return {text.begin(), text.end()};
}

struct Written : testing::Test {
    std::filesystem::path file() const { return folder / "Roads 2.gpkg"; }

    std::vector<std::string> query(const std::string& sql) const { return query_sql(file(), sql); }

    test::TempFolder folder;
};

// --- The basic rules of OGC 12-128r17

TEST_F(Written, is_marked_as_a_geopackage_of_version_1_3) {
    write_gpkg(file(), draw("z0: w"));
    EXPECT_THAT(query("PRAGMA application_id"), ElementsAre(fmt::format("{}", 0x47504B47)));
    EXPECT_THAT(query("PRAGMA user_version"), ElementsAre("10300"));
}

TEST_F(Written, is_whole_and_has_no_orphan_rows) {
    write_gpkg(file(), draw("z0: w z1: a b / c d z4@3,3: e"));
    EXPECT_THAT(query("PRAGMA integrity_check"), ElementsAre("ok"));
    EXPECT_THAT(query("PRAGMA foreign_key_check"), IsEmpty());
    for (const auto* const table : {"gpkg_tile_matrix_set", "gpkg_tile_matrix"}) {
        EXPECT_THAT(query(fmt::format("SELECT table_name FROM {} EXCEPT SELECT table_name FROM "
                                      "gpkg_contents WHERE data_type='tiles'",
                                      table)),
                    IsEmpty());
    }
    EXPECT_THAT(query("SELECT name FROM sqlite_schema WHERE type NOT IN ('table', 'index')"),
                IsEmpty());
}

TEST_F(Written, has_the_tables_and_columns_of_the_standard) {
    write_gpkg(file(), draw("z0: w"));
    const auto columns = [&](const std::string& table) {
        return query(
            fmt::format("SELECT group_concat(name || ' ' || type || ' ' || \"notnull\", "
                        "', ') FROM pragma_table_info('{}')",
                        table));
    };
    EXPECT_THAT(query("SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name"),
                ElementsAre("gpkg_contents", "gpkg_spatial_ref_sys", "gpkg_tile_matrix",
                            "gpkg_tile_matrix_set", "roads_2", "sqlite_sequence"));
    EXPECT_THAT(columns("gpkg_spatial_ref_sys"),
                ElementsAre("srs_name TEXT 1, srs_id INTEGER 0, organization TEXT 1, "
                            "organization_coordsys_id INTEGER 1, definition TEXT 1, "
                            "description TEXT 0"));
    EXPECT_THAT(columns("gpkg_contents"),
                ElementsAre("table_name TEXT 1, data_type TEXT 1, identifier TEXT 0, description "
                            "TEXT 0, last_change DATETIME 1, min_x DOUBLE 0, min_y DOUBLE 0, max_x "
                            "DOUBLE 0, max_y DOUBLE 0, srs_id INTEGER 0"));
    EXPECT_THAT(columns("gpkg_tile_matrix_set"),
                ElementsAre("table_name TEXT 1, srs_id INTEGER 1, min_x DOUBLE 1, min_y DOUBLE 1, "
                            "max_x DOUBLE 1, max_y DOUBLE 1"));
    EXPECT_THAT(columns("gpkg_tile_matrix"),
                ElementsAre("table_name TEXT 1, zoom_level INTEGER 1, matrix_width INTEGER 1, "
                            "matrix_height INTEGER 1, tile_width INTEGER 1, tile_height INTEGER 1, "
                            "pixel_x_size DOUBLE 1, pixel_y_size DOUBLE 1"));
    EXPECT_THAT(columns("roads_2"), ElementsAre("id INTEGER 0, zoom_level INTEGER 1, tile_column "
                                                "INTEGER 1, tile_row INTEGER 1, tile_data BLOB 1"));
    EXPECT_THAT(query("SELECT group_concat(i.name) FROM pragma_index_list('roads_2') l JOIN "
                      "pragma_index_info(l.name) i WHERE l.\"unique\""),
                ElementsAre("zoom_level,tile_column,tile_row"));
}

TEST_F(Written, defines_the_reference_systems_that_it_must) {
    for (const auto* const grid : {&Grid::google_maps_compatible(), &Grid::wgs84()}) {
        std::filesystem::remove(file());
        write_gpkg(file(), draw("z0: w"), {.grid = grid});
        const bool is_degrees = grid == &Grid::wgs84();
        EXPECT_THAT(
            query("SELECT srs_id, organization, organization_coordsys_id, "
                  "substr(definition, 1, 9) FROM gpkg_spatial_ref_sys ORDER BY srs_id"),
            is_degrees
                ? testing::Matcher<std::vector<std::string>>{ElementsAre(
                      "-1|NONE|-1|undefined", "0|NONE|0|undefined", "4326|EPSG|4326|GEOGCS[\"W")}
                : ElementsAre("-1|NONE|-1|undefined", "0|NONE|0|undefined",
                              "3857|EPSG|3857|PROJCS[\"W", "4326|EPSG|4326|GEOGCS[\"W"));
        EXPECT_THAT(query("SELECT c.srs_id, s.srs_id FROM gpkg_contents c, gpkg_tile_matrix_set s"),
                    ElementsAre(is_degrees ? "4326|4326" : "3857|3857"));
    }
}

TEST_F(Written, has_every_zoom_and_tile_within_its_matrix) {
    const auto grid = Grid{{.name = "own",
                            .srs = "EPSG:900913",
                            .extent = {0, 0, 2000, 2100},
                            .resolutions = {1000 / 256.0, 500 / 256.0}}};
    write_gpkg(file(),
               draw("z0: a b / c d / e f z1: a b c d / . . . . / . . . . / . . . . / e f g h"),
               {.grid = &grid, .max_zoom = 1});
    EXPECT_THAT(query("SELECT count(*) FROM roads_2"), ElementsAre("14"));
    EXPECT_THAT(query("SELECT t.* FROM roads_2 t LEFT JOIN gpkg_tile_matrix m ON m.zoom_level = "
                      "t.zoom_level WHERE m.zoom_level IS NULL OR tile_column NOT BETWEEN 0 AND "
                      "matrix_width - 1 OR tile_row NOT BETWEEN 0 AND matrix_height - 1"),
                IsEmpty());
    EXPECT_THAT(query("SELECT m.zoom_level FROM gpkg_tile_matrix m, gpkg_tile_matrix_set s WHERE "
                      "abs(matrix_width * tile_width * pixel_x_size - (max_x - min_x)) > 1e-9 OR "
                      "abs(matrix_height * tile_height * pixel_y_size - (max_y - min_y)) > 1e-9"),
                IsEmpty());
    EXPECT_THAT(query("SELECT min(tile_row), max(tile_row) FROM roads_2 WHERE zoom_level=1"),
                ElementsAre("1|5"))
        << "the file has a row above those of the grid";
    const auto pool = make_gpkg_pool(2);
    const GpkgReader reader{file(), "", grid, *pool};
    EXPECT_EQ(test::word_in(reader.get({1, 3, 4})), "h");
    EXPECT_EQ(test::word_in(reader.get({0, 1, 2})), "f");
}

TEST_F(Written, has_tiles_of_any_size) {
    const auto grid = Grid{{.name = "large",
                            .srs = "EPSG:3857",
                            .extent = Grid::google_maps_compatible().extent(),
                            .tile_size = 512,
                            .resolutions = {78271.516964020485, 39135.7584820102425}}};
    write_gpkg(file(), draw("z1: a b / c d"), {.grid = &grid, .max_zoom = 1});
    EXPECT_THAT(query("SELECT zoom_level, matrix_width, tile_width, tile_height FROM "
                      "gpkg_tile_matrix"),
                ElementsAre("0|1|512|512", "1|2|512|512"));
    const auto pool = make_gpkg_pool(2);
    EXPECT_EQ(test::word_in(GpkgReader(file(), "", grid, *pool).get({1, 1, 0})), "b");
    EXPECT_THAT([&] { GpkgReader(file(), "", Grid::google_maps_compatible(), *pool); },
                throws(Errc::unsupported, HasSubstr("its tiles have 512 x 512 pixels")));
}

TEST_F(Written, is_recognised_in_every_built_in_grid) {
    for (const auto* const grid : Grid::built_in()) {
        const auto path = folder / (grid->name() + ".gpkg");
        write_gpkg(path, draw("z1: a b / c d"), {.grid = grid, .max_zoom = 1});
        EXPECT_EQ(&grid_of(path, ""), grid) << grid->name();
    }
}

TEST_F(Written, names_its_extensions_only_where_it_uses_them) {
    {
        GpkgWriter writer{file(), {}};
        writer.put({0, 0, 0}, webp_bytes());
        writer.commit();
    }
    EXPECT_THAT(query("SELECT table_name, column_name, extension_name, scope FROM gpkg_extensions"),
                ElementsAre("roads_2|tile_data|gpkg_webp|read-write"));
    const auto thirds = Grid{{.name = "thirds",
                              .srs = "EPSG:3857",
                              .extent = {0, 0, 3000, 3000},
                              .resolutions = {3000 / 256.0, 1000 / 256.0}}};
    write_gpkg(folder / "b.gpkg", draw("z1: a"), {.grid = &thirds, .max_zoom = 1});
    EXPECT_THAT(query_sql(folder / "b.gpkg",
                          "SELECT table_name, extension_name FROM "
                          "gpkg_extensions"),
                ElementsAre("b|gpkg_zoom_other"));
}

// --- What it says of its content

TEST_F(Written, says_what_the_tiles_show_and_what_the_tileset_says_of_itself) {
    write_gpkg(file(), draw("z1: a . / . . z2@1,1: b / c"),
               {.name = "Roads", .description = "all of them", .max_zoom = 2});
    EXPECT_THAT(query("SELECT table_name, data_type, identifier, description, last_change FROM "
                      "gpkg_contents"),
                ElementsAre("roads_2|tiles|Roads|all of them|1970-01-01T00:00:00.000Z"));
    EXPECT_THAT(query("SELECT round(min_x), round(min_y), round(max_x), round(max_y) FROM "
                      "gpkg_contents"),
                ElementsAre("-10018754.0|-10018754.0|0.0|10018754.0"));
    const auto pool = make_gpkg_pool(2);
    const GpkgReader reader{file(), "", Grid::google_maps_compatible(), *pool};
    EXPECT_EQ(reader.info().name, "Roads");
    EXPECT_EQ(reader.info().description, "all of them");
    EXPECT_EQ(reader.info().min_zoom, 1) << "zoom 0 has a matrix, but no tiles";
    EXPECT_EQ(reader.info().max_zoom, 2);
    ASSERT_TRUE(reader.info().bounds);
    EXPECT_NEAR(reader.info().bounds->min_x, -90, 1e-9);
    EXPECT_NEAR(reader.info().bounds->max_y, 66.51326, 1e-5);
}

TEST_F(Written, keeps_bounds_within_its_tiles_to_whole_pixels) {
    write_gpkg(file(), draw("z2@1,1: b / c"),
               {.max_zoom = 2, .bounds = Box{-45.1, -80, 170, 10.1}});
    const double pixel = 39135.7584820102425;
    const auto box = query(
        "SELECT min_x / 39135.7584820102425, min_y / 39135.7584820102425, "
        "max_x, max_y / 39135.7584820102425 FROM gpkg_contents");
    EXPECT_THAT(box, ElementsAre("-129.0|-256.0|0.0|29.0")) << pixel;
}

TEST_F(Written, may_be_without_tiles) {
    GpkgWriter writer{file(), {.max_zoom = 3}};
    writer.put({3, 0, 0}, png_bytes("w"));
    writer.erase({3, 0, 0});
    writer.commit();
    EXPECT_THAT(query("SELECT min_x, max_y FROM gpkg_contents"), ElementsAre("|"));
    const auto pool = make_gpkg_pool(2);
    const GpkgReader reader{file(), "", Grid::google_maps_compatible(), *pool};
    EXPECT_EQ(reader.get({3, 0, 0}), std::nullopt);
    EXPECT_EQ(reader.info().bounds, std::nullopt);
}

// --- How it is built

TEST_F(Written, is_the_same_whenever_it_is_made_of_the_same) {
    for (const auto* const name : {"1/a.gpkg", "2/a.gpkg"}) {
        std::filesystem::create_directories((folder / name).parent_path());
        write_gpkg(folder / name, draw("z0: w z1: a b / c d z4@3,3: e"), {.max_zoom = 4});
    }
    EXPECT_EQ(test::read_text(folder / "1/a.gpkg"), test::read_text(folder / "2/a.gpkg"));
}

TEST_F(Written, appears_whole_and_once) {
    GpkgWriter writer{file(), {}};
    writer.put({0, 0, 0}, png_bytes("w"));
    EXPECT_THAT(test::names_below(folder.path()), ElementsAre(MatchesRegex(part_name)));
    writer.commit();
    EXPECT_THAT(test::names_below(folder.path()), ElementsAre("Roads 2.gpkg"));
    for (const auto& change :
         std::vector<std::function<void()>>{[&] {
                                                writer.put({0, 0, 0}, png_bytes("w"));
                                            },
                                            [&] {
                                                writer.erase({0, 0, 0});
                                            },
                                            [&] { writer.commit(); }}) {
        EXPECT_THAT(change, throws(Errc::invalid_argument, HasSubstr("it is finished")));
    }
    EXPECT_THAT([&] { GpkgWriter(file(), {}); },
                throws(Errc::already_exists, HasSubstr("exists already")));
}

TEST_F(Written, has_its_own_tiles_when_another_writes_the_same_file) {
    GpkgWriter first{file(), {}};
    first.put({0, 0, 0}, png_bytes("first"));
    GpkgWriter second{file(), {}};
    second.put({0, 0, 0}, png_bytes("second"));
    first.commit();
    const auto word = [&] {
        const auto pool = make_gpkg_pool(2);
        const GpkgReader reader{file(), "", Grid::google_maps_compatible(), *pool};
        return test::word_in(reader.get({0, 0, 0}));
    };
    EXPECT_EQ(word(), "first");
    EXPECT_THAT([&] { second.commit(); },
                throws(Errc::already_exists, HasSubstr("Roads 2.gpkg exists already")));
    EXPECT_EQ(word(), "first");
}

TEST_F(Written, leaves_a_file_alone_that_came_meanwhile) {
    {
        GpkgWriter writer{file(), {}};
        writer.put({0, 0, 0}, png_bytes("w"));
        test::write_file(file(), "another's");
        EXPECT_THAT([&] { writer.commit(); }, throws(Errc::already_exists, HasSubstr("exists")));
    }
    EXPECT_EQ(test::read_text(file()), "another's");
    EXPECT_THAT(test::names_below(folder.path()), ElementsAre("Roads 2.gpkg"));
}

TEST_F(Written, leaves_nothing_without_a_commit) {
    { GpkgWriter{file(), {}}.put({0, 0, 0}, png_bytes("w")); }
    EXPECT_THAT(test::names_below(folder.path()), IsEmpty());
}

TEST_F(Written, is_durable_before_it_has_its_name) {
    test::FaultyFileOps files{[](auto&&...) {}};
    GpkgWriter writer{file(), {}, {}, files};
    writer.put({0, 0, 0}, png_bytes("w"));
    writer.commit();
    std::vector<std::string> steps;
    for (const auto& step : files.trace()) {
        steps.push_back(step.name + ' ' + step.path.filename().string());
    }
    EXPECT_THAT(steps, ElementsAre(MatchesRegex("sync_file " + part_name),
                                   MatchesRegex("rename " + part_name),
                                   "sync_directory " + folder.path().filename().string()));
}

TEST_F(Written, leaves_nothing_when_its_commit_fails) {
    test::FaultyFileOps files{[](auto when, int /*step*/, std::string_view name) {
        if (when == test::FaultyFileOps::When::before && name == "rename") {
            throw Error{Errc::io, "told to fail"};
        }
    }};
    {
        GpkgWriter writer{file(), {}, {}, files};
        writer.put({0, 0, 0}, png_bytes("w"));
        EXPECT_THAT([&] { writer.commit(); }, throws(Errc::io, "told to fail"));
    }
    EXPECT_THAT(test::names_below(folder.path()), IsEmpty());
}

TEST_F(Written, takes_images_only) {
    GpkgWriter writer{file(), {}};
    for (const std::string_view content : {"\x1F\x8B\x08 a vector tile", "text", "II*\0 a TIFF"}) {
        EXPECT_THAT(
            [&] {
                writer.put({0, 0, 0}, as_bytes(content));
            },
            throws(Errc::unsupported, HasSubstr("tile 0/0/0 is no PNG, JPEG or WebP image")));
    }
    EXPECT_THAT(
        [&] {
            writer.put({1, 0, 0}, png_bytes("w"));
        },
        throws(Errc::invalid_argument, HasSubstr("not in the zooms 0 to 0")));
}

TEST_F(Written, needs_a_reference_system_that_can_be_defined) {
    const auto lambert = Grid{{.name = "France",
                               .srs = "EPSG:2154",
                               .extent = {0, 6'000'000, 1'000'000, 7'000'000},
                               .resolutions = {1'000'000 / 256.0}}};
    EXPECT_THAT([&] { GpkgWriter(file(), {.grid = &lambert}); },
                throws(Errc::unsupported, AllOf(HasSubstr("Roads 2.gpkg"),
                                                HasSubstr("'EPSG:2154' of grid 'France'"))));
    EXPECT_THAT(test::names_below(folder.path()), IsEmpty());
}

TEST_F(Written, has_a_table_of_any_name_that_is_free) {
    write_gpkg(file(), draw("z0: w"), {}, R"(a "quoted"; name)");
    const auto pool = make_gpkg_pool(2);
    for (const auto* const table : {"", R"(a "quoted"; name)"}) {
        const GpkgReader reader{file(), table, Grid::google_maps_compatible(), *pool};
        EXPECT_EQ(test::word_in(reader.get({0, 0, 0})), "w");
    }
    for (const std::string table : {"gpkg_contents", "SQLITE_x", "rtree_a", "a\nb"}) {
        EXPECT_THAT([&] { GpkgWriter(folder / "b.gpkg", {}, table); },
                    throws(Errc::invalid_argument, HasSubstr("no name for a table")));
    }
    EXPECT_EQ(table_name_of("/x/Öst-2.v1.gpkg"), "tiles___st_2_v1");
    EXPECT_EQ(table_name_of("gpkg_contents.gpkg"), "tiles_gpkg_contents");
    EXPECT_EQ(table_name_of("7.gpkg"), "tiles_7");
}

}  // namespace
}  // namespace offgrid::gpkg
