#include "formats/tile/path_template.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::throws;
using testing::HasSubstr;

/// MapCache's tables write rows from the south; a key counts them from the north.
TileKey from_south(int z, std::int64_t x, std::int64_t row) {
    return {z, x, Grid::google_maps_compatible().flip(z, row)};
}

struct Case {
    std::string text;
    PathTemplateOptions options;
    TileKey key;
    std::string path;
};

/// What MapCache 1.14 was seen to write.
const std::vector<Case>& mapcache_paths() {
    static const std::vector<Case> cases{
        {"{z}/{x}-{y}",
         {.xcount = 1000, .ycount = 1000},
         from_south(15, 3024, 1534),
         "15/3000-1000"},
        {"{z}/{x}-{y}", {.xcount = 1000, .ycount = 1000}, from_south(5, 2, 8), "5/0-0"},
        {"L{z}/R{inv_y}/C{x}",
         {.xcount = 64, .ycount = 64, .formats = {{"x", "%08d"}, {"inv_y", "%08d"}}},
         from_south(10, 700, 500),
         "L10/R00000512/C00000640"},
        {"z{top}-{top_x}-{top_y}",
         {.top = 8, .formats = {{"top", "%02d"}}},
         from_south(8, 175, 125),
         "z08-175-125"},
        {"z{top}-{top_x}-{top_y}",
         {.top = 8, .formats = {{"top", "%02d"}}},
         from_south(10, 700, 500),
         "z08-175-125"},
        {"z{top}-{top_x}-{top_y}",
         {.top = 8, .formats = {{"top", "%02d"}}},
         from_south(14, 8191, 8192),
         "z08-127-128"},
        {"z{top}-{top_x}-{top_y}",
         {.top = 8, .formats = {{"top", "%02d"}}},
         from_south(21, 1234567, 1654321),
         "z08-150-201"},
        {"{inv_top_x}-{inv_top_y}", {.top = 8}, from_south(21, 1234567, 1654321), "105-54"},
        // Tiles above the top zoom go to the pyramid of their first descendant.
        {"{top_x}-{top_y}", {.top = 2}, from_south(0, 0, 0), "0-0"},
        {"{top_x}-{top_y}", {.top = 2}, from_south(1, 1, 1), "2-2"},
        // Every block key, with blocks of 3 by 2 tiles.
        {"x{x} ix{inv_x} y{y} iy{inv_y} dx{div_x} idx{inv_div_x} dy{div_y} idy{inv_div_y}",
         {.xcount = 3, .ycount = 2},
         from_south(2, 0, 0),
         "x0 ix3 y0 iy2 dx0 idx1 dy0 idy1"},
        {"x{x} ix{inv_x} y{y} iy{inv_y} dx{div_x} idx{inv_div_x} dy{div_y} idy{inv_div_y}",
         {.xcount = 3, .ycount = 2},
         from_south(2, 3, 3),
         "x3 ix0 y2 iy0 dx1 idx0 dy1 idy0"},
        {"x{x} ix{inv_x} y{y} iy{inv_y} dx{div_x} idx{inv_div_x} dy{div_y} idy{inv_div_y}",
         {.xcount = 3, .ycount = 2},
         from_south(3, 4, 1),
         "x3 ix3 y0 iy6 dx1 idx1 dy0 idy3"},
        // Layouts of the disk cache as templates.
        {"{z}/{y}/{y}_{x}.png",
         {.xcount = 1, .ycount = 1, .formats = {{"y", "%04d"}, {"x", "%04d"}}},
         from_south(21, 1234567, 1654321),
         "21/1654321/1654321_1234567.png"},
        {"L{z}/R{y}/C{x}.png",
         {.xcount = 1, .ycount = 1, .formats = {{"z", "%02d"}, {"x", "%08x"}, {"y", "%08x"}}},
         from_south(21, 1234567, 1654321),
         "L21/R00193e31/C0012d687.png"},
        {"{quadkey}", {}, from_south(3, 5, 2), "121"},
    };
    return cases;
}

TEST(PathTemplate, renders_what_mapcache_writes) {
    for (const auto& [text, options, key, path] : mapcache_paths()) {
        EXPECT_EQ((PathTemplate{text, options}.render(Grid::google_maps_compatible(), key)), path)
            << text;
    }
}

TEST(PathTemplate, matches_what_it_renders) {
    for (const auto& [text, options, key, path] : mapcache_paths()) {
        const PathTemplate names{text, options};
        ASSERT_TRUE(names.match(path)) << text;
        EXPECT_TRUE(names.places(Grid::google_maps_compatible(), key, path)) << text;
    }
}

TEST(PathTemplate, does_not_wrap_where_mapcache_does) {
    const PathTemplate names{"{top_x}", {.top = 12}};
    const auto top_x = [&](std::int64_t x) {
        return names.render(Grid::google_maps_compatible(), {21, x, 0});
    };
    EXPECT_EQ(top_x(1'048'575), "2047");
    EXPECT_EQ(top_x(1'048'576), "2048") << "0 in MapCache 1.14";
    EXPECT_EQ(top_x(2'097'151), "4095") << "2047 in MapCache 1.14";
}

TEST(PathTemplate, counts_the_top_as_a_ratio_on_odd_grids) {
    const Grid odd{{.name = "odd",
                    .srs = "EPSG:3857",
                    .extent = {0, 0, 2.1 * 256, 2.1 * 256},
                    .resolutions = {2, 1, 0.5, 0.25}}};
    const PathTemplate names{"{top_x}", {.top = 1}};
    EXPECT_EQ(names.render(odd, {3, 3, 0}), "1") << "its geographic ancestor is 0";
}

TEST(PathTemplate, uses_all_four_rows_and_eight_columns_of_a_wgs84_top) {
    const PathTemplate names{"{top_x}-{top_y}", {.top = 2}};
    EXPECT_EQ(names.render(Grid::wgs84(), {2, 7, 0}), "7-3");
    EXPECT_EQ(names.render(Grid::wgs84(), {2, 0, 3}), "0-0");
}

TEST(PathTemplate, inserts_texts_and_dimensions_that_cannot_leave_their_folder) {
    const PathValues values{
        .tileset = "kenya", .extension = "png", .dimensions = {{"d1", "a.b/c"}, {"d2", "../v2"}}};
    const PathTemplate names{"{tileset}/{grid}/{dim:d1}/x{dim}.{ext}"};
    EXPECT_EQ(names.render(Grid::wgs84(), {0, 0, 0}, values),
              "kenya/WGS84/a#b#c/x####v2#a#b#c.png");
}

TEST(PathTemplate, leaves_keys_that_are_not_provided_as_they_are) {
    EXPECT_EQ((PathTemplate{"{x}-{top}-{dim}-{what}-{z"}.render(Grid::wgs84(), {0, 0, 0})),
              "{x}-{top}-{dim}-{what}-{z");
}

/// Rendered for two dimensions, d1 declared first.
std::string with_dimensions(const std::string& text, DimensionText style) {
    const PathValues values{.tileset = "t", .dimensions = {{"d1", "a.b/c"}, {"d2", "v2"}}};
    return PathTemplate{text, {.dimension_text = style}}.render(Grid::wgs84(), {0, 0, 0}, values);
}

TEST(PathTemplate, spells_dimensions_as_each_cache_does) {
    EXPECT_EQ(with_dimensions("{dim}", DimensionText::values), "#v2#a#b#c");
    EXPECT_EQ(with_dimensions("{dim}", DimensionText::paths), "#v2#a.b/c");
    EXPECT_EQ(with_dimensions("{dim}", DimensionText::pairs), "#d2#v2#d1#a#b#c");
    EXPECT_EQ(with_dimensions("{dim}", DimensionText::raw_pairs), "#d2#v2#d1#a.b/c");
    EXPECT_EQ(with_dimensions("{dim}", DimensionText::joined), "v2#a.b/c");
    EXPECT_EQ(with_dimensions("{dim:d1}", DimensionText::values), "a#b#c");
    EXPECT_EQ(with_dimensions("{dim:d1}", DimensionText::paths), "a.b/c");
}

TEST(PathTemplate, lets_no_dimension_that_names_folders_lead_upwards) {
    const PathTemplate names{"base/{dim:d}/x", {.dimension_text = DimensionText::paths}};
    const auto path = [&](const char* value) {
        return names.render(Grid::wgs84(), {0, 0, 0}, {.dimensions = {{"d", value}}});
    };
    const std::pair<const char*, const char*> cases[] = {
        {"2024/01", "base/2024/01/x"}, {"..", "base/#/x"},     {"../../etc", "base/##etc/x"},
        {"a/../b", "base/a/#b/x"},     {"a/..", "base/a/#/x"}, {"....//b", "base/..#/b/x"},
        {"/etc", "base/#/etc/x"},      {"", "base/#/x"},       {".", "base/#/x"},
        {"./a", "base/#/a/x"}};
    for (const auto& [value, rendered] : cases) {
        EXPECT_EQ(path(value), rendered) << value;
    }
}

TEST(PathTemplate, spells_values_as_mapcache_does_where_that_is_safe) {
    const auto path = [&](const std::string& value, DimensionText style) {
        return PathTemplate{"{dim:d}", {.dimension_text = style}}.render(
            Grid::wgs84(), {0, 0, 0}, {.dimensions = {{"d", value}}});
    };
    EXPECT_EQ(path("a\\b", DimensionText::values), "a\\b");
    EXPECT_EQ(path(std::string{"a\0b", 3}, DimensionText::values), "a#b");
    EXPECT_EQ(path("a/./b.c", DimensionText::paths), "a/./b.c");
    EXPECT_EQ(path("a..", DimensionText::paths), "a..");
    EXPECT_EQ(path("a//b", DimensionText::paths), "a/b") << "the same file";
}

TEST(PathTemplate, several_slashes_are_one_in_file_names_and_stay_in_urls) {
    const PathValues values{.tileset = "t/"};
    const auto path = [&](DimensionText style) {
        return PathTemplate{"//{tileset}/a//{z}", {.dimension_text = style}}.render(
            Grid::wgs84(), {2, 0, 0}, values);
    };
    EXPECT_EQ(path(DimensionText::values), "/t/a/2");
    EXPECT_EQ(path(DimensionText::raw_pairs), "//t//a//2");
}

TEST(PathTemplate, replaces_a_text_once_where_the_cache_does) {
    const PathValues values{.tileset = "t", .dimensions = {{"d", "v"}}};
    const PathTemplate names{"{tileset}/{tileset}-{grid}{grid}-{dim:d}{dim:d}-{dim}{dim}-{z}{z}",
                             {.replaces_texts_once = true}};
    EXPECT_EQ(names.render(Grid::wgs84(), {1, 0, 0}, values),
              "t/{tileset}-WGS84{grid}-v{dim:d}-#v{dim}-11");
}

TEST(PathTemplate, leaves_keys_that_the_cache_does_not_know) {
    const PathTemplate names{"{z}{inv_z}{ext}", {.unknown_keys = {"inv_z", "ext"}}};
    EXPECT_EQ(names.render(Grid::wgs84(), {1, 0, 0}, {.extension = "png"}), "1{inv_z}{ext}");
}

TEST(PathTemplate, counts_grids_of_two_to_the_32_tiles) {
    std::vector<double> resolutions;
    for (int z = 0; z <= 32; ++z) {
        resolutions.push_back(1.0 / static_cast<double>(std::int64_t{1} << z));
    }
    const Grid deep{{.name = "deep",
                     .srs = "EPSG:3857",
                     .extent = {0, 0, 256, 256},
                     .resolutions = resolutions}};
    const std::int64_t last = (std::int64_t{1} << 32) - 1;
    for (const auto& [text, options] : std::vector<std::pair<std::string, PathTemplateOptions>>{
             {"{z}/{x}-{inv_y}", {.xcount = 1, .ycount = 1}},
             {"{z}/{div_x}-{div_y}", {.xcount = 1 << 30, .ycount = 3}},
             {"{top_x}-{inv_top_y}", {.top = 32}},
             {"{top_x}-{top_y}", {.top = 31}}}) {
        const PathTemplate names{text, options};
        for (const TileKey key : {TileKey{32, 0, last}, TileKey{32, last, 0}}) {
            const auto match = names.match(names.render(deep, key));
            ASSERT_TRUE(match) << text;
            const TileRange one{key.z, key.x, key.y, key.x + 1, key.y + 1};
            EXPECT_EQ(intersection(names.range_of(*match, deep, key.z), one), one) << text;
        }
    }
}

TEST(PathTemplate, leaves_the_inverse_key_of_an_axis_where_only_one_may_be) {
    const PathTemplateOptions one_each{.xcount = 1, .ycount = 1, .has_one_key_per_axis = true};
    EXPECT_EQ((PathTemplate{"{y}_{inv_y}", one_each}.render(Grid::google_maps_compatible(),
                                                            from_south(2, 0, 0))),
              "0_{inv_y}");
    EXPECT_EQ((PathTemplate{"{inv_y}", one_each}.render(Grid::google_maps_compatible(),
                                                        from_south(2, 0, 0))),
              "3");
}

TEST(PathTemplate, counts_inverse_columns_of_tiff_files_in_rows_as_mapcache_does) {
    const PathTemplate names{"IX{inv_x}", {.xcount = 3, .ycount = 2, .counts_inv_x_in_rows = true}};
    EXPECT_EQ(names.render(Grid::google_maps_compatible(), from_south(2, 0, 0)), "IX2");
}

/// The tiles of the zoom that the template puts into one file, by trying every tile.
TileRange tiles_in_file(const PathTemplate& names, const Grid& grid, int z,
                        const std::string& file) {
    TileRange range{z, grid.matrix_width(z), grid.matrix_height(z), 0, 0};
    for (std::int64_t y = 0; y < grid.matrix_height(z); ++y) {
        for (std::int64_t x = 0; x < grid.matrix_width(z); ++x) {
            if (names.places(grid, {z, x, y}, file)) {
                range = {z, std::min(range.min_x, x), std::min(range.min_y, y),
                         std::max(range.max_x, x + 1), std::max(range.max_y, y + 1)};
            }
        }
    }
    return range;
}

TEST(PathTemplate, knows_which_tiles_a_file_holds) {
    const Grid odd{{.name = "odd",
                    .srs = "EPSG:3857",
                    .extent = {0, 0, 2.1 * 256, 2.1 * 256},
                    .resolutions = {2, 1, 0.5, 0.25}}};
    const Grid from_top{{.name = "top",
                         .srs = "EPSG:3857",
                         .extent = {0, 0, 1024, 768},
                         .resolutions = {8, 4, 2, 1},
                         .origin = Grid::Origin::top_left}};
    const std::vector<std::pair<std::string, PathTemplateOptions>> templates{
        {"{z}/{x}-{y}", {.xcount = 2, .ycount = 3}},
        {"{inv_z}/{inv_x}-{inv_y}", {.xcount = 2, .ycount = 3}},
        {"{z}/{div_x}-{inv_div_y}", {.xcount = 3, .ycount = 2}},
        {"{z}/{inv_div_x}-{div_y}", {.xcount = 3, .ycount = 2}},
        {"{z}/{inv_x}-{y}", {.xcount = 3, .ycount = 2, .counts_inv_x_in_rows = true}},
        {"{top}-{top_x}-{top_y}", {.top = 2}},
        {"{top}-{inv_top_x}-{inv_top_y}", {.top = 1}}};
    for (const auto* grid : {&Grid::google_maps_compatible(), &Grid::wgs84(),
                             static_cast<const Grid*>(&odd), &from_top}) {
        for (const auto& [text, options] : templates) {
            const PathTemplate names{text, options};
            for (const TileKey key : {TileKey{0, 0, 0}, TileKey{2, 1, 1}, TileKey{3, 2, 2}}) {
                const auto file = names.render(*grid, key);
                const auto match = names.match(file);
                ASSERT_TRUE(match) << file;
                EXPECT_EQ(names.range_of(*match, *grid, key.z),
                          tiles_in_file(names, *grid, key.z, file))
                    << text << " " << grid->name() << " zoom " << key.z;
            }
        }
    }
}

TEST(PathTemplate, finds_no_tiles_in_a_file_of_another_zoom) {
    const PathTemplate names{"{z}/{x}", {.xcount = 4}};
    const auto match = names.match("3/4");
    ASSERT_TRUE(match);
    EXPECT_TRUE(names.range_of(*match, Grid::wgs84(), 2).is_empty());
    EXPECT_EQ(names.range_of(*match, Grid::wgs84(), 3), (TileRange{3, 4, 0, 8, 8}));
}

TEST(PathTemplate, finds_no_tiles_in_a_file_whose_name_says_absurd_numbers) {
    const PathTemplate names{"{div_x}-{top_x}", {.xcount = 1'000'000, .top = 8}};
    const auto match = names.match("9223372036854775807-9223372036854775807");
    ASSERT_TRUE(match);
    EXPECT_TRUE(names.range_of(*match, Grid::wgs84(), 20).is_empty());
}

TEST(PathTemplate, says_which_folder_all_its_paths_lie_in) {
    EXPECT_EQ(PathTemplate{"/maps/kenya/z{z}.png"}.folder(), "/maps/kenya");
    EXPECT_EQ(PathTemplate{"/{z}.png"}.folder(), "/");
    EXPECT_EQ(PathTemplate{"maps-{z}.png"}.folder(), "");
    EXPECT_EQ(PathTemplate{"{z}/x"}.folder(), "");
    EXPECT_EQ(PathTemplate{"/maps/all.mbtiles"}.folder(), "/maps");
}

TEST(PathTemplate, says_what_a_path_says) {
    const PathTemplate names{"{tileset}/z{top}-{top_x}-{top_y}.sqlite3",
                             {.top = 8, .formats = {{"top", "%02d"}}}};
    const auto match = names.match("kenya/z08-150-128.sqlite3");
    ASSERT_TRUE(match);
    EXPECT_EQ(match->numbers.at("top_x"), 150);
    EXPECT_EQ(match->numbers.at("top_y"), 128);
    EXPECT_EQ(match->texts.at("tileset"), "kenya");
}

TEST(PathTemplate, matches_no_path_that_it_cannot_have_made) {
    const PathTemplate names{"z{top}-{top_x}-{top_y}.sqlite3",
                             {.top = 8, .formats = {{"top", "%02d"}}}};
    for (const auto* path :
         {"", "z08-150-128", "z8-150-128.sqlite3", "z09-150-128.sqlite3", "z08-150-128.sqlite3x",
          "z08--1-128.sqlite3", "z08-0150-128.sqlite3", "z08- 150-128.sqlite3",
          "z08-1e2-128.sqlite3", "z08-99999999999999999999-1.sqlite3", "../z08-150-128.sqlite3"}) {
        EXPECT_FALSE(names.match(path)) << path;
    }
    EXPECT_FALSE((PathTemplate{"{x}/{x}", {.xcount = 1}}.match("1/2"))) << "one key, two values";
    EXPECT_TRUE((PathTemplate{"{x}/{x}", {.xcount = 1}}.match("1/1")));
}

TEST(PathTemplate, finds_the_tile_of_a_quadkey_in_a_grid_of_squares) {
    const PathTemplate names{"{quadkey}.png"};
    const auto match = names.match("121.png");
    ASSERT_TRUE(match);
    const auto key = from_south(3, 5, 2);
    EXPECT_EQ(names.range_of(*match, Grid::google_maps_compatible(), 3),
              (TileRange{3, key.x, key.y, key.x + 1, key.y + 1}));
    EXPECT_TRUE(names.range_of(*match, Grid::google_maps_compatible(), 2).is_empty());
    EXPECT_EQ(names.range_of(*match, Grid::wgs84(), 3), Grid::wgs84().whole(3))
        << "two tiles have it";
}

TEST(PathTemplate, comes_apart_into_the_names_of_folders) {
    const auto names = [](const char* text) {
        std::vector<std::string> rendered;
        for (const auto& name : PathTemplate{text, {.xcount = 1, .ycount = 1}}
                                    .with_texts(Grid::wgs84(), {.tileset = "a/b"})
                                    .components()) {
            rendered.push_back(name.render(Grid::wgs84(), {2, 7, 0}));
        }
        return rendered;
    };
    EXPECT_EQ(names("/c/{tileset}/z{z}/{x}_{y}.png"),
              (std::vector<std::string>{"", "c", "a", "b", "z2", "7_3.png"}));
    EXPECT_EQ(names("{z}//{x}"), (std::vector<std::string>{"2", "7"}));
    EXPECT_EQ(names("//c/{z}"), (std::vector<std::string>{"", "c", "2"}));
}

TEST(PathTemplate, gives_up_on_a_path_that_takes_too_long_to_match) {
    const PathTemplate names{"{tileset}{grid}{ext}{dim}{dim:a}{dim:b}!"};
    EXPECT_FALSE(names.match(std::string(5'000, 'a')));
}

TEST(PathTemplate, refuses_formats_that_are_no_integer_formats) {
    for (const auto* format :
         {"", "d", "%", "%s", "%n", "%d%d", "%d%%", "%*d", "%ld", "%-4d", "%0999d", "%.3d"}) {
        EXPECT_THAT(
            [&] {
                PathTemplate("{z}", {.formats = {{"z", format}}});
            },
            throws(Errc::invalid_argument, HasSubstr("'{z}'")))
            << format;
    }
    EXPECT_THAT([] { PathTemplate("{x}", {.xcount = -1}); },
                throws(Errc::invalid_argument, HasSubstr("'{x}'")));
}

TEST(PathTemplate, pads_and_prints_in_every_allowed_width) {
    const auto z21 = [](const char* format) {
        return PathTemplate{"{z}", {.formats = {{"z", format}}}}.render(
            Grid::google_maps_compatible(), {21, 0, 0});
    };
    EXPECT_EQ(z21("%d"), "21");
    EXPECT_EQ(z21("%u"), "21");
    EXPECT_EQ(z21("%05d"), "00021");
    EXPECT_EQ(z21("%5d"), "   21");
    EXPECT_EQ(z21("%x"), "15");
    EXPECT_EQ(z21("%04X"), "0015");
    EXPECT_EQ(z21("L%02d_"), "L21_");
    EXPECT_EQ(z21("%1d"), "21") << "a width never cuts";
}

}  // namespace
}  // namespace offgrid
