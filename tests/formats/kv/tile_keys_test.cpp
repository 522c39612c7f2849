#include "formats/kv/tile_keys.h"

#include "formats/kv/kv_options.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::throws;
using testing::HasSubstr;

TilesetSlice slice_of(PathValues values, const Grid& grid = Grid::google_maps_compatible()) {
    TilesetSlice slice;
    slice.info.grid = &grid;
    slice.values = std::move(values);
    return slice;
}

std::string key_of(const std::string& text, const TileKey& tile,
                   const PathValues& values = {.tileset = "t", .extension = "png"}) {
    return TileKeys::by_template("c", text, slice_of(values)).of(tile);
}

TEST(TileKeys, spells_keys_as_mapcache_does) {
    EXPECT_EQ(key_of(default_file_key, {1, 0, 0}), "t-GoogleMapsCompatible-{dim}-1-1-0.png")
        << "rows from the south; without dimensions {dim} stays";
    EXPECT_EQ(
        key_of(default_file_key, {2, 3, 0},
               {.tileset = "t", .extension = "png", .dimensions = {{"d1", "a.b/c"}, {"d2", "v2"}}}),
        "t-GoogleMapsCompatible-v2#a.b/c-2-3-3.png");
    EXPECT_EQ(key_of("{z}/{x}/{y}/{inv_y}", {2, 3, 0}), "2/3/3/{inv_y}") << "one key for each axis";
    EXPECT_EQ(key_of("{z}/{inv_x}/{inv_y}", {2, 3, 1}), "2/0/1");
    EXPECT_EQ(key_of("{quadkey}", {2, 3, 3}), "11") << "by rows from the south";
    EXPECT_EQ(key_of("{dim:time}-{z}-{x}-{y}", {0, 0, 0}, {.dimensions = {{"time", "now"}}}),
              "now-0-0-0");
}

TEST(TileKeys, spells_keys_between_slashes_as_mapcache_does) {
    const auto key = [](PathValues values) {
        values.tileset = "t";
        values.extension = "jpg";
        return TileKeys::slashed("c", slice_of(std::move(values))).of({2, 3, 0});
    };
    EXPECT_EQ(key({}), "t/GoogleMapsCompatible/2/3/3/jpg");
    EXPECT_EQ(key({.dimensions = {{"d", "a b\tc"}}}), "t/GoogleMapsCompatible/a#b#c/2/3/3/jpg");
    EXPECT_EQ(key({.dimensions = {{"d", "a b"}, {"e", "c"}}}),
              "t/GoogleMapsCompatible/c#a b/2/3/3/jpg")
        << "several dimensions are not cleaned";
}

TEST(TileKeys, find_the_tile_of_every_key_again) {
    const PathValues values{.tileset = "osm-2", .extension = "png", .dimensions = {{"d", "1-1"}}};
    for (const char* const text :
         {default_file_key, "{tileset}{z}/{x}/{y}", "{inv_z}_{inv_x}_{inv_y}.{ext}",
          "{z}/{quadkey}-{x}", "{quadkey}{ext}-{x}", "{z}-{dim}-{x}-{dim:d}-{y}"}) {
        const auto keys = TileKeys::by_template("c", text, slice_of(values, Grid::wgs84()));
        for (const TileKey tile :
             {TileKey{1, 0, 0}, TileKey{1, 3, 1}, TileKey{12, 1234, 77}, TileKey{30, 5, 6}}) {
            EXPECT_EQ(keys.parse(keys.of(tile)), tile) << keys.of(tile);
            EXPECT_THAT(keys.of(tile), testing::StartsWith(keys.prefix(tile.z)));
        }
    }
}

TEST(TileKeys, find_the_tile_of_a_quadkey_again) {
    const auto keys = TileKeys::by_template("c", "{quadkey}", slice_of({}));
    for (const TileKey tile : {TileKey{0, 0, 0}, TileKey{1, 1, 0}, TileKey{30, 5, 6}}) {
        EXPECT_EQ(keys.parse(keys.of(tile)), tile) << keys.of(tile);
    }
    EXPECT_EQ(keys.parse("4"), std::nullopt);
    EXPECT_EQ(keys.parse(std::string(31, '0')), std::nullopt);
    EXPECT_THAT([] { TileKeys::by_template("c", "{quadkey}", slice_of({}, Grid::wgs84())); },
                throws(Errc::invalid_argument, HasSubstr("one name")))
        << "zoom 0 of this grid has two tiles";
}

TEST(TileKeys, pass_over_keys_of_others) {
    const auto keys = TileKeys::by_template("c", "{tileset}-{z}-{y}-{x}.{ext}",
                                            slice_of({.tileset = "t", .extension = "png"}));
    for (const char* const key :
         {"", "t", "u-1-0-0.png", "t-1-0-0.jpg", "t-1-0-0.png ", "t-1-2-0.png", "t-1-0-2.png",
          "t-31-0-0.png", "t-01-0-0.png", "t-1--1-0.png", "t-1-0-9223372036854775807.png",
          "t-99999999999999999999-0-0.png", "t-4294967297-0-0.png"}) {
        EXPECT_EQ(keys.parse(key), std::nullopt) << key;
    }
}

TEST(TileKeys, begin_alike_within_a_zoom) {
    const auto keys =
        TileKeys::slashed("c", slice_of({.tileset = "t", .extension = "png"}, Grid::wgs84()));
    EXPECT_EQ(keys.prefix(0), "t/WGS84/0/0/");
    EXPECT_EQ(keys.prefix(12), "t/WGS84/12/");
}

TEST(TileKeys, refuse_a_template_that_gives_several_tiles_one_key) {
    for (const char* const text : {"", "{tileset}", "{z}-{x}", "{z}-{y}", "{x}-{y}",
                                   "{inv_x}-{inv_y}", "{z}-{x}-{inv_x}", "{z}-{x}{y}"}) {
        EXPECT_THAT([&] { TileKeys::by_template("my cache", text, slice_of({})); },
                    throws(Errc::invalid_argument, HasSubstr("my cache")))
            << text;
    }
}

TEST(TileKeys, refuse_a_template_with_a_dimension_that_there_is_not) {
    EXPECT_THAT(
        [] {
            key_of("{dim:time}-{z}-{x}-{y}", {0, 0, 0});
        },
        throws(Errc::invalid_argument, HasSubstr("no dimension 'time'")));
}

TEST(TileKeys, refuse_a_tile_outside_the_grid) {
    EXPECT_THAT(
        [] {
            key_of("{z}-{x}-{y}", {1, 2, 0});
        },
        throws(Errc::invalid_argument, HasSubstr("no tile 1/2/0")));
}

}  // namespace
}  // namespace offgrid
