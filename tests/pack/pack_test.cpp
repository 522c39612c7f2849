#include "pack/pack.h"

#include "formats/package/package_reader.h"
#include "formats/package/verify.h"
#include "formats/tile/tile_format.h"
#include "pack/gdal_error.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <cmath>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::pair<std::string, std::pair<int, int>>> files_and_zooms(const Manifest& manifest) {
    std::vector<std::pair<std::string, std::pair<int, int>>> all;
    for (const auto& file : manifest.files) {
        all.emplace_back(file.name, std::pair{file.min_zoom, file.max_zoom});
    }
    return all;
}

/// A raster of 4 by 4 tiles at zoom 8 on the equator, in the top tiles 7/64/62 and 7/65/63 and
/// their neighbours.
Raster four_by_four() {
    return raster_on({8, 128, 124, 132, 128});
}

TEST(Pack, keeps_the_pixels_of_a_raster_that_lies_on_the_grid) {
    TempFolder folder;
    const auto source = write_tiff(folder / "a.tif", four_by_four());

    pack_quietly({.sources = {source}, .output = folder / "out", .encoding = Encoding::png});

    const PackedTiles tiles{folder / "out"};
    const auto tile = tiles.image({8, 129, 126});
    EXPECT_EQ(pixel_at(tile, 0, 0), (Pixel{0, 0, 128, 255}));
    EXPECT_EQ(pixel_at(tile, 17, 200), (Pixel{17, 200, 128, 255}));
    EXPECT_EQ(pixel_at(tile, 255, 255), (Pixel{255, 255, 128, 255}));
}

TEST(Pack, makes_parents_from_the_mean_of_their_children) {
    TempFolder folder;
    auto raster = raster_on({6, 32, 30, 34, 32});
    raster.value = [](int x, int y, int band) {
        return (x * 7 + y * 13 + (x / 2) * (y / 2) * band) % 251;
    };
    const auto source = write_tiff(folder / "a.tif", raster);

    pack_quietly({.sources = {source}, .output = folder / "out", .encoding = Encoding::png});

    const PackedTiles tiles{folder / "out"};
    for (const TileKey parent :
         {TileKey{5, 16, 15}, TileKey{4, 8, 7}, TileKey{1, 1, 0}, TileKey{0, 0, 0}}) {
        Image children{512, 512};
        for (const auto& [x, y] : {std::pair{0, 0}, {1, 0}, {0, 1}, {1, 1}}) {
            const TileKey key{parent.z + 1, 2 * parent.x + x, 2 * parent.y + y};
            const auto child = tiles.get(key) ? tiles.image(key) : Image{256, 256};
            for (int row = 0; row < 256; ++row) {
                std::copy_n(child.row(row), child.stride(), children.row(y * 256 + row) + x * 1024);
            }
        }
        EXPECT_EQ(tiles.image(parent).rgba, halved(children).rgba) << parent.z;
    }
}

TEST(Pack, makes_the_same_bytes_whatever_the_threads) {
    TempFolder folder;
    Raster raster;
    raster.width = raster.height = 3000;
    raster.srs = "EPSG:32633";
    raster.box = Box{400'000, 5'000'000, 460'000, 5'060'000};
    const auto source = write_tiff(folder / "a.tif", raster);

    pack_quietly({.sources = {source}, .output = folder / "one", .layer = "a", .threads = 1});
    pack_quietly({.sources = {source}, .output = folder / "again", .layer = "a", .threads = 1});
    pack_quietly({.sources = {source}, .output = folder / "five", .layer = "a", .threads = 5});

    EXPECT_EQ(contents(folder / "one"), contents(folder / "again"));
    EXPECT_EQ(contents(folder / "one"), contents(folder / "five"));
}

TEST(Pack, splits_the_zooms_between_the_overview_and_the_top_files) {
    TempFolder folder;
    const auto source = write_tiff(folder / "a.tif", four_by_four());

    const auto result = pack_quietly({.sources = {source}, .output = folder / "out", .top = 7});

    EXPECT_THAT(
        files_and_zooms(result.manifest),
        ElementsAre(Pair("z0-0-0.mbtiles", Pair(0, 6)), Pair("z07-64-64.mbtiles", Pair(7, 8)),
                    Pair("z07-64-65.mbtiles", Pair(7, 8)), Pair("z07-65-64.mbtiles", Pair(7, 8)),
                    Pair("z07-65-65.mbtiles", Pair(7, 8))));
    EXPECT_EQ(read_manifest(folder / "out"), result.manifest);
}

struct SplitCase {
    std::optional<std::pair<int, int>> zooms;
    std::optional<int> top;
    std::vector<std::pair<int, int>> pyramids;
};

TEST(Pack, takes_any_top_from_0_to_the_deepest_zoom) {
    TempFolder folder;
    const auto source = write_tiff(folder / "a.tif", four_by_four());
    const SplitCase cases[] = {
        {{}, {}, {{0, 5}, {6, 8}}}, {{}, 0, {{0, 8}}},
        {{}, 8, {{0, 7}, {8, 8}}},  {{{7, 8}}, 3, {{7, 8}}},
        {{{8, 8}}, 8, {{8, 8}}},    {{{3, 9}}, 1, {{3, 9}}},
        {{{0, 1}}, {}, {{0, 1}}},   {{{6, 8}}, 7, {{6, 6}, {7, 8}}},
    };
    int number = 0;
    for (const auto& [zooms, top, pyramids] : cases) {
        SCOPED_TRACE(number);
        const auto out = folder / ("out" + std::to_string(number++));

        const auto result =
            pack_quietly({.sources = {source}, .output = out, .zooms = zooms, .top = top});

        std::vector<std::pair<int, int>> actual;
        for (const auto& some : result.manifest.pyramids) {
            actual.emplace_back(some.min_zoom, some.max_zoom);
        }
        EXPECT_EQ(actual, pyramids);
        EXPECT_NO_THROW(verify_package(out, read_manifest(out)));
        EXPECT_TRUE(
            PackedTiles{out}.get({result.manifest.max_zoom, 1LL << (result.manifest.max_zoom - 1),
                                  (1LL << (result.manifest.max_zoom - 1)) - 1}));
    }
}

TEST(Pack, lays_later_sources_on_top) {
    TempFolder folder;
    auto below = raster_on({5, 16, 14, 18, 16});
    below.value = [](int, int, int) { return 10; };
    auto above = raster_on({5, 17, 15, 19, 17});
    above.value = [](int, int, int) { return 200; };
    const auto first = write_tiff(folder / "1.tif", below);
    const auto second = write_tiff(folder / "2.tif", above);

    pack_quietly({.sources = {first, second}, .output = folder / "out", .encoding = Encoding::png});

    const PackedTiles tiles{folder / "out"};
    EXPECT_EQ(pixel_at(tiles.image({5, 16, 14}), 9, 9), (Pixel{10, 10, 10, 255}));
    EXPECT_EQ(pixel_at(tiles.image({5, 17, 15}), 9, 9), (Pixel{200, 200, 200, 255}));
    EXPECT_EQ(pixel_at(tiles.image({5, 18, 16}), 9, 9), (Pixel{200, 200, 200, 255}));
    EXPECT_FALSE(tiles.get({5, 18, 14}));
}

TEST(Pack, keeps_an_opaque_source_opaque_up_to_its_edges_when_it_is_reduced) {
    TempFolder folder;
    Raster raster;
    raster.width = raster.height = 1001;
    raster.box = Box{0, 0, 300'300, 300'300};
    raster.value = [](int, int, int) { return 255; };
    const auto source = write_tiff(folder / "a.tif", raster);

    pack_quietly({.sources = {source},
                  .output = folder / "out",
                  .zooms = {{6, 6}},
                  .encoding = Encoding::png});

    const auto tile = PackedTiles{folder / "out"}.image({6, 32, 31});
    for (std::size_t i = 0; i < tile.rgba.size(); i += 4) {
        if (tile.rgba[i + 3] > 0) {
            ASSERT_EQ(tile.rgba[i], 255) << i / 4;
            ASSERT_EQ(tile.rgba[i + 3], 255) << i / 4;
        }
    }
}

TEST(Pack, clips_a_world_in_degrees_to_the_grid) {
    TempFolder folder;
    Raster raster;
    raster.width = 512;
    raster.height = 256;
    raster.srs = "EPSG:4326";
    raster.box = Box{-180, -90, 180, 90};
    raster.value = [](int x, int y, int band) { return band == 1 ? x / 2 : band == 2 ? y : 0; };
    const auto source = write_tiff(folder / "world.tif", raster);

    const auto result =
        pack_quietly({.sources = {source}, .output = folder / "out", .encoding = Encoding::png});

    EXPECT_EQ(result.manifest.max_zoom, 1);
    EXPECT_EQ(result.tiles, 5);
    const PackedTiles tiles{folder / "out"};
    const auto west = pixel_at(tiles.image({1, 0, 0}), 128, 255);  // 90 W on the equator
    EXPECT_NEAR(west[0], 64, 1);
    EXPECT_NEAR(west[1], 127, 1);
    const auto north = pixel_at(tiles.image({1, 1, 0}), 0, 0);  // 85.05 N
    EXPECT_NEAR(north[1], 7, 1);
}

TEST(Pack, wraps_longitudes_beyond_180_degrees) {
    TempFolder folder;
    Raster raster;
    raster.width = 400;
    raster.height = 200;
    raster.srs = "EPSG:4326";
    raster.box = Box{170, -5, 190, 5};
    const auto source = write_tiff(folder / "a.tif", raster);

    const auto result =
        pack_quietly({.sources = {source}, .output = folder / "out", .encoding = Encoding::png});

    const int z = result.manifest.max_zoom;
    const auto last = (1LL << z) - 1;
    const PackedTiles tiles{folder / "out"};
    EXPECT_TRUE(tiles.get({z, 0, last / 2}));
    EXPECT_TRUE(tiles.get({z, last, last / 2}));
    EXPECT_LT(result.tiles, 100);
}

TEST(Pack, averages_rows_in_degrees_where_they_lie_densest) {
    TempFolder folder;
    Raster raster;
    raster.width = 256;
    raster.height = 8192;
    raster.bands = 1;
    raster.srs = "EPSG:4326";
    raster.box = Box{-180, -90, 180, 90};
    raster.value = [](int, int y, int) { return y / 8 % 2 * 255; };
    const auto source = write_tiff(folder / "a.tif", raster);

    pack_quietly({.sources = {source},
                  .output = folder / "out",
                  .zooms = {{0, 0}},
                  .encoding = Encoding::png});

    // Here a row of the tile is 32 to 64 rows of the source.
    const auto tile = PackedTiles{folder / "out"}.image({0, 0, 0});
    for (int row = 80; row < 176; ++row) {
        EXPECT_NEAR(pixel_at(tile, 128, row)[0], 128, 16) << row;
    }
}

TEST(Pack, draws_both_sides_where_a_world_in_degrees_begins_within_a_block) {
    TempFolder folder;
    Raster raster;
    raster.width = 1024;
    raster.height = 512;
    raster.bands = 1;
    raster.srs = "EPSG:4326";
    raster.box = Box{0, -90, 360, 90};
    raster.value = [](int x, int, int) { return x < 512 ? 50 : 200; };
    const auto source = write_tiff(folder / "a.tif", raster);

    pack_quietly({.sources = {source},
                  .output = folder / "out",
                  .zooms = {{1, 1}},
                  .encoding = Encoding::png});

    const PackedTiles tiles{folder / "out"};
    EXPECT_EQ(pixel_at(tiles.image({1, 0, 0}), 128, 200), (Pixel{200, 200, 200, 255}));
    EXPECT_EQ(pixel_at(tiles.image({1, 0, 0}), 255, 200), (Pixel{200, 200, 200, 255}));
    EXPECT_EQ(pixel_at(tiles.image({1, 1, 0}), 0, 200), (Pixel{50, 50, 50, 255}));
    EXPECT_EQ(pixel_at(tiles.image({1, 1, 0}), 128, 200), (Pixel{50, 50, 50, 255}));
}

TEST(Pack, looks_at_the_larger_side_of_the_antimeridian_first) {
    TempFolder folder;
    Raster raster;
    raster.width = 400;
    raster.height = 200;
    raster.srs = "EPSG:4326";
    raster.box = Box{164, -5, 184, 5};
    const auto source = write_tiff(folder / "a.tif", raster);

    pack_quietly({.sources = {source}, .output = folder / "out"});

    const auto overview = gdal::open((folder / "out/z0-0-0.mbtiles").string());
    EXPECT_THAT(overview->GetMetadataItem("center"), testing::StartsWith("172.0000000,"));
}

TEST(Pack, finds_every_pixel_of_a_globe_up_to_its_limb) {
    TempFolder folder;
    Raster raster;
    raster.width = raster.height = 512;
    raster.bands = 1;
    raster.srs = "+proj=geos +h=35786023 +lon_0=-75 +sweep=x +ellps=GRS80";
    raster.box = Box{-5.5e6, -5.5e6, 5.5e6, 5.5e6};
    const auto source = write_tiff(folder / "globe.tif", raster);

    const auto result =
        pack_quietly({.sources = {source}, .output = folder / "out", .zooms = {{6, 6}}});

    // On the equator the limb is 81.3 degrees away: at 156.3 W and 6.3 E.
    const PackedTiles tiles{folder / "out"};
    EXPECT_TRUE(tiles.get({6, 4, 31}));
    EXPECT_TRUE(tiles.get({6, 33, 31}));
    EXPECT_FALSE(tiles.get({6, 3, 31}));
    EXPECT_NEAR(result.manifest.bounds.min_x, -156.3, 3);
    EXPECT_NEAR(result.manifest.bounds.max_x, 6.3, 5.625);
}

TEST(Pack, takes_only_the_tiles_that_the_box_touches) {
    TempFolder folder;
    const auto source = write_tiff(folder / "a.tif", four_by_four());

    const auto result = pack_quietly({.sources = {source},
                                      .output = folder / "out",
                                      .zooms = {{8, 8}},
                                      .bbox = Box{1.5, 0.1, 2.0, 1.3}});

    EXPECT_EQ(result.tiles, 1);  // a tile is 1.40625 degrees wide
    EXPECT_TRUE((PackedTiles{folder / "out"}.get({8, 129, 127})));
    EXPECT_NEAR(result.manifest.bounds.min_x, 1.5, 1e-9);
    EXPECT_NEAR(result.manifest.bounds.max_y, 1.3, 1e-9);
}

TEST(Pack, chooses_the_zoom_nearest_to_the_resolution) {
    TempFolder folder;
    const auto& grid = Grid::google_maps_compatible();
    const std::pair<double, int> cases[] = {
        {1.0, 10}, {1.4, 10}, {0.72, 10}, {1.45, 9}, {0.69, 11}};
    for (const auto& [factor, zoom] : cases) {
        Raster raster;
        const double size = 256 * factor * grid.resolution(10);
        raster.box = Box{0, 0, size, size};
        const auto source = write_tiff(folder / "a.tif", raster);

        const auto result = pack_quietly(
            {.sources = {source}, .output = folder / "out", .overwrite = Overwrite::yes});

        EXPECT_EQ(result.manifest.max_zoom, zoom) << factor;
    }
}

TEST(Pack, writes_files_that_gdal_opens_where_they_belong) {
    TempFolder folder;
    const auto source = write_tiff(folder / "a.tif", four_by_four());

    const auto result =
        pack_quietly({.sources = {source}, .output = folder / "out", .attribution = "© them"});

    for (const auto& file : result.manifest.files) {
        const auto dataset = gdal::open((folder / "out" / file.name).string());
        EXPECT_STREQ(dataset->GetDriver()->GetDescription(), "MBTiles") << file.name;
        EXPECT_STREQ(dataset->GetMetadataItem("attribution"), "© them");
        EXPECT_STREQ(dataset->GetMetadataItem("format"), "jpg");
        double geotransform[6];
        EXPECT_EQ(dataset->GetGeoTransform(geotransform), CE_None);
        EXPECT_NEAR(geotransform[0], 0, 1) << file.name;
    }
}

TEST(Pack, names_the_layer_after_the_output_folder_however_it_is_written) {
    TempFolder folder;
    const auto source = write_tiff(folder / "a.tif", four_by_four());
    const std::pair<const char*, const char*> cases[] = {
        {"kenya", "kenya"}, {"uganda/", "uganda"}, {"v1.2", "v1.2"}, {"x/./../rwanda/.", "rwanda"}};
    for (const auto& [output, layer] : cases) {
        const auto result = pack_quietly({.sources = {source}, .output = folder / output});

        EXPECT_EQ(result.manifest.layer, layer);
        EXPECT_EQ(read_manifest(folder / layer).layer, layer);
    }
}

TEST(Pack, replaces_a_package_when_told_and_nothing_else) {
    TempFolder folder;
    const auto source = write_tiff(folder / "a.tif", four_by_four());
    const PackOptions options{
        .sources = {source}, .output = folder / "out", .overwrite = Overwrite::yes};
    write_file(folder / "other", "text");
    pack_quietly(options);
    const auto before = contents(folder / "out");

    pack_quietly(options);

    EXPECT_EQ(contents(folder / "out"), before);
    EXPECT_NO_THROW(verify_package(folder / "out", read_manifest(folder / "out")));
    auto wrong = options;
    wrong.output = folder / "other";
    EXPECT_THAT([&] { pack_quietly(wrong); },
                throws(Errc::already_exists, testing::HasSubstr("is no package")));
}

}  // namespace
}  // namespace offgrid::test
