#include "formats/tile/one_path_per_tile.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::throws;
using testing::AllOf;
using testing::HasSubstr;

void check(const std::string& text, const Grid& grid = Grid::google_maps_compatible()) {
    check_one_path_per_tile(
        PathTemplate{text, {.xcount = 1, .ycount = 1, .has_one_key_per_axis = true}}, grid, {});
}

TEST(OnePathPerTile, accepts_templates_that_name_every_tile) {
    for (const auto* text :
         {"{z}/{x}/{y}", "{z}-{y}-{x}.png", "{inv_z}/{inv_x}/{inv_y}", "{z}/{y}_{inv_y}/{x}",
          "{tileset}/{grid}/{z}/{x}/{inv_y}.{ext}", "{quadkey}.png", "{x}/{y}/{quadkey}"}) {
        EXPECT_NO_THROW(check(text)) << text;
    }
    EXPECT_NO_THROW(check("{z}/{x}/{y}", Grid::wgs84()));
    EXPECT_NO_THROW(check_one_path_per_tile(
        PathTemplate{"{z}/{x}{y}",
                     {.xcount = 1, .ycount = 1, .formats = {{"x", "%010d"}, {"y", "%010d"}}}},
        Grid::google_maps_compatible(), {}))
        << "numbers of one width do not run into each other";
}

TEST(OnePathPerTile, names_two_tiles_that_would_share_a_path) {
    const std::pair<const char*, const char*> cases[] = {
        {"{z}/{y}.png", "1/0/0 and 1/1/0"}, {"{z}/{x}.png", "1/0/0 and 1/0/1"},
        {"{x}/{y}.png", "1/0/1 and 0/0/0"}, {"", "1/0/0 and 1/1/0"},
        {"{z}/{x}{y}", "one name"},         {"{z}/{inv_x}{y}", "one name"},
        {"{z}/{y}{inv_x}", "one name"},     {"{z}/{x}0{y}", "one name"},
        {"{z}{x}/{y}/{dim}", ""},           {"{y}{z}/{x}", "one name"},
    };
    for (const auto& [text, tiles] : cases) {
        if (std::string_view{tiles}.empty()) {
            EXPECT_NO_THROW(check(text)) << "no zoom of this grid has columns that fit";
            continue;
        }
        EXPECT_THAT([text = text] { check(text); },
                    throws(Errc::invalid_argument,
                           AllOf(HasSubstr(std::string{"'"} + text + "'"), HasSubstr(tiles))))
            << text;
    }
}

TEST(OnePathPerTile, refuses_zooms_that_run_into_columns_where_the_grid_has_such_columns) {
    std::vector<double> resolutions;
    for (int z = 0; z < 23; ++z) {
        resolutions.push_back(1.0 / 256 / (1 << z));
    }
    const Grid wide{
        {.name = "wide", .srs = "EPSG:3857", .extent = {0, 0, 3, 1}, .resolutions = resolutions}};
    EXPECT_THAT([&] { check("{z}{x}/{y}", wide); },
                throws(Errc::invalid_argument, HasSubstr("nothing tells {z} from {x}")));
    EXPECT_NO_THROW(check("{z}{x}/{y}")) << "no zoom of this grid has columns that fit";
    EXPECT_NO_THROW(check("{z}{x}/{y}-{x}", wide)) << "told elsewhere";
}

TEST(OnePathPerTile, refuses_numbers_that_run_together_although_they_are_padded_a_little) {
    const auto check_padded = [](const char* width) {
        check_one_path_per_tile(
            PathTemplate{"{z}/{x}{y}", {.xcount = 1, .ycount = 1, .formats = {{"x", width}}}},
            Grid::google_maps_compatible(), {});
    };
    EXPECT_THAT([&] { check_padded("%03d"); },
                throws(Errc::invalid_argument, HasSubstr("nothing tells {x} from {y}")));
    EXPECT_NO_THROW(check_padded("%010d"));
    EXPECT_NO_THROW(check_padded("%d_"));
}

TEST(OnePathPerTile, refuses_quadkeys_of_a_grid_that_starts_with_two_tiles) {
    EXPECT_THAT([] { check("{quadkey}", Grid::wgs84()); },
                throws(Errc::invalid_argument, HasSubstr("1/0/0 and 1/2/0")));
}

TEST(OnePathPerTile, refuses_names_of_whole_blocks) {
    EXPECT_THAT(
        [] {
            check_one_path_per_tile(PathTemplate{"{z}/{x}/{y}", {.xcount = 2, .ycount = 2}},
                                    Grid::google_maps_compatible(), {});
        },
        throws(Errc::invalid_argument, HasSubstr("1/0/0 and 1/1/0")));
}

TEST(OnePathPerTile, refuses_a_dimension_that_is_not_there) {
    EXPECT_THAT([] { check("{dim:time}/{z}/{x}/{y}"); },
                throws(Errc::invalid_argument, HasSubstr("no dimension 'time'")));
}

}  // namespace
}  // namespace offgrid
