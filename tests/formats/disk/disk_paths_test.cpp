#include "formats/disk/disk_paths.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <cmath>

namespace offgrid {
namespace {

using test::throws;
using testing::HasSubstr;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

TilesetSlice slice_of(std::vector<std::pair<std::string, std::string>> dimensions = {},
                      const Grid& grid = mercator()) {
    TilesetSlice slice;
    slice.info.grid = &grid;
    slice.values = {.tileset = "t", .extension = "png", .dimensions = std::move(dimensions)};
    return slice;
}

std::string path(const DiskOptions& options, const TileKey& key,
                 const TilesetSlice& slice = slice_of()) {
    return DiskPaths{options, slice}.path_of(key);
}

/// MapCache counts the rows of its built-in grids from the south.
TileKey from_south(int z, std::int64_t x, std::int64_t row) {
    return {z, x, mercator().flip(z, row)};
}

DiskOptions in_template(const std::string& text) {
    return {.layout = DiskLayout::by_template, .path_template = text};
}

DiskOptions in_base(DiskLayout layout) {
    return {.layout = layout, .base = "/c"};
}

// --- What MapCache 1.14 was seen to write

TEST(DiskPaths, are_those_of_mapcache) {
    const auto key = from_south(21, 1234567, 1654321);
    EXPECT_EQ(path(in_base(DiskLayout::tilecache), key),
              "/c/t/GoogleMapsCompatible/21/001/234/567/001/654/321.png");
    EXPECT_EQ(path(in_base(DiskLayout::arcgis), key),
              "/c/t/GoogleMapsCompatible/L21/R00193e31/C0012d687.png");
    EXPECT_EQ(path(in_base(DiskLayout::worldwind), key), "/c/21/1654321/1654321_1234567.png");
    EXPECT_EQ(path(in_base(DiskLayout::worldwind), from_south(3, 7, 2)), "/c/3/0002/0002_0007.png");
}

TEST(DiskPaths, count_rows_from_the_top_where_the_grid_does) {
    const Grid grid{{.name = "top",
                     .srs = "EPSG:3857",
                     .extent = {0, 0, 1024, 1024},
                     .resolutions = {4, 2, 1},
                     .origin = Grid::Origin::top_left}};
    EXPECT_EQ(path(in_base(DiskLayout::arcgis), {2, 1, 3}, slice_of({}, grid)),
              "/c/t/top/L02/R00000003/C00000001.png");
}

TEST(DiskPaths, have_the_extension_of_the_tileset) {
    auto slice = slice_of();
    slice.values.extension = "xxx";
    EXPECT_EQ(path(in_base(DiskLayout::tilecache), {0, 0, 0}, slice),
              "/c/t/GoogleMapsCompatible/00/000/000/000/000/000/000.xxx");
}

TEST(DiskPaths, reach_beyond_three_digits_of_millions) {
    const std::int64_t last = (std::int64_t{1} << 30) - 1;
    EXPECT_EQ(path(in_base(DiskLayout::tilecache), {30, last, 0}),
              "/c/t/GoogleMapsCompatible/30/1073/741/823/1073/741/823.png");
}

TEST(DiskPaths, have_a_folder_for_each_dimension_the_last_one_first) {
    const auto slice = slice_of({{"d1", "a.b/c"}, {"d2", "v2"}});
    EXPECT_EQ(path(in_base(DiskLayout::tilecache), {0, 0, 0}, slice),
              "/c/t/GoogleMapsCompatible/v2/a#b#c/00/000/000/000/000/000/000.png");
    EXPECT_EQ(path(in_base(DiskLayout::arcgis), {0, 0, 0}, slice),
              "/c/t/GoogleMapsCompatible/v2/a#b#c/L00/R00000000/C00000000.png");
    EXPECT_EQ(path(in_base(DiskLayout::worldwind), {0, 0, 0}, slice), "/c/0/0000/0000_0000.png");
    EXPECT_EQ(path(in_template("/c/x{dim}/{z}/{x}/{y}"), {0, 0, 0}, slice),
              "/c/x#d2#v2#d1#a#b#c/0/0/0");
}

TEST(DiskPaths, no_dimension_leads_out_of_the_folder) {
    EXPECT_EQ(path(in_base(DiskLayout::arcgis), {0, 0, 0}, slice_of({{"d", "../../etc"}})),
              "/c/t/GoogleMapsCompatible/######etc/L00/R00000000/C00000000.png");
}

TEST(DiskPaths, keep_a_key_without_dimensions_or_counterpart_as_it_is_written) {
    EXPECT_EQ(path(in_template("/c/{dim}/{z}/{x}/{y}.{ext}"), {0, 0, 0}), "/c/{dim}/0/0/0.png");
    // z 2 of 22 levels
    std::vector<double> resolutions;
    for (int z = 0; z < 22; ++z) {
        resolutions.push_back(std::ldexp(4.0, -z));
    }
    const Grid grid{{.name = "deep",
                     .srs = "EPSG:3857",
                     .extent = {0, 0, 1024, 1024},
                     .resolutions = resolutions}};
    EXPECT_EQ(path(in_template("{inv_z}/{x}/{y}_{inv_y}.jpg"), {2, 1, 3}, slice_of({}, grid)),
              "19/1/0_{inv_y}.jpg");
}

TEST(DiskPaths, name_the_blank_tiles_by_their_colour_in_upper_case) {
    const DiskPaths paths{in_base(DiskLayout::tilecache), slice_of({{"time", "2020"}})};
    EXPECT_EQ(paths.path_of_blank({{0x1E, 0x14, 0x0A, 0xFF}}),
              "/c/t/GoogleMapsCompatible/blanks/1E140AFF.png");
    EXPECT_EQ(DiskPaths(in_base(DiskLayout::worldwind), slice_of())
                  .path_of_blank({{0x19, 0x32, 0x64, 0x80}}),
              "/c/t/GoogleMapsCompatible/blanks/19326480.png");
}

// --- And back

TEST(DiskPaths, lead_back_to_the_tile_name_by_name) {
    const Grid top_left{{.name = "odd",
                         .srs = "EPSG:3857",
                         .extent = {0, 0, 700.0 * 256, 1300.0 * 256},
                         .resolutions = {2, 1},
                         .origin = Grid::Origin::top_left}};
    const std::pair<const Grid*, TileKey> tiles[] = {{&mercator(), {0, 0, 0}},
                                                     {&mercator(), {21, 1234567, 442830}},
                                                     {&mercator(), {30, (1 << 30) - 1, 0}},
                                                     {&mercator(), {30, 0, (1 << 30) - 1}},
                                                     {&top_left, {1, 699, 1299}},
                                                     {&top_left, {1, 0, 1001}}};
    for (const auto& options :
         {in_base(DiskLayout::tilecache), in_base(DiskLayout::arcgis),
          in_base(DiskLayout::worldwind), in_template("/c/{z}/{x}/{y}.png"),
          in_template("c/{inv_x}_{inv_y}/{z}.png"), in_template("/{y}-{x}-{z}")}) {
        for (const auto& [grid, key] : tiles) {
            const DiskPaths paths{options, slice_of({}, *grid)};
            std::optional<TileRange> tile = grid->whole(key.z);
            for (std::size_t depth = 0; depth < paths.depth() && tile; ++depth) {
                tile = paths.tiles_below(depth, paths.name_at(depth, key), *tile);
            }
            EXPECT_EQ(tile, (TileRange{key.z, key.x, key.y, key.x + 1, key.y + 1}))
                << paths.path_of(key);
        }
    }
}

TEST(DiskPaths, take_no_name_that_they_cannot_have_made) {
    const DiskPaths tilecache{in_base(DiskLayout::tilecache), slice_of()};
    const auto whole = mercator().whole(21);
    for (const auto* name : {"", "1", "01", "1000", "-01", "00a", "0001", "001.png", ".offgrid-1-2",
                             "99999999999999999999"}) {
        EXPECT_FALSE(tilecache.tiles_below(2, name, whole)) << name;
    }
    for (const auto* name :
         {"001", "001.jpg", "01.png", "001.png.tmp", ".png", "001png", ".offgrid-1-2"}) {
        EXPECT_FALSE(tilecache.tiles_below(6, name, whole)) << name;
    }
    EXPECT_FALSE(tilecache.tiles_below(1, "9223372036854775807", whole));
    EXPECT_FALSE(tilecache.tiles_below(0, "20", whole));
    const DiskPaths worldwind{in_base(DiskLayout::worldwind), slice_of()};
    const auto row = worldwind.tiles_below(1, "0007", whole);
    ASSERT_TRUE(row);
    EXPECT_TRUE(worldwind.tiles_below(2, "0007_0001.png", *row));
    for (const auto* name : {"0008_0001.png", "7_1.png", "0007_0001.jpg", "0007_0001",
                             "00070001.png", "0007_9223372036854775807.png"}) {
        EXPECT_FALSE(worldwind.tiles_below(2, name, *row)) << name;
    }
}

TEST(DiskPaths, refuse_options_that_name_no_folder_or_one_file_for_two_tiles) {
    EXPECT_THAT([] { DiskPaths(DiskOptions{}, slice_of()); },
                throws(Errc::invalid_argument, HasSubstr("'t'")));
    for (const auto* text : {"", "/c/{z}/{x}.png", "/c/{z}/{y}.png", "/c/{x}/{y}.png"}) {
        EXPECT_THAT([&] { DiskPaths(in_template(text), slice_of()); },
                    throws(Errc::invalid_argument, HasSubstr("one name")))
            << text;
    }
}

}  // namespace
}  // namespace offgrid
