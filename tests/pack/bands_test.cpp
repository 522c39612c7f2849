#include "pack/gdal_bands.h"
#include "tests/pack/rasters.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace offgrid::test {
namespace {

/// Pack a raster of one tile and return the tile.
struct Packed {
    PackResult result;
    Image tile;
};

Packed packed(const Raster& raster) {
    TempFolder folder;
    const auto source = write_tiff(folder / "a.tif", raster);
    Packed packed{.result = pack_quietly({.sources = {source}, .output = folder / "out"}),
                  .tile = {}};
    packed.tile = PackedTiles{folder / "out"}.image({4, 8, 7});
    return packed;
}

Raster one_tile() {
    return raster_on({4, 8, 7, 9, 8});
}

TEST(PackBands, packs_opaque_sources_as_jpeg_and_others_as_png) {
    auto transparent = one_tile();
    transparent.nodata = 0;

    EXPECT_EQ(packed(one_tile()).result.manifest.format, TileFormat::jpeg);
    EXPECT_EQ(packed(transparent).result.manifest.format, TileFormat::png);
}

TEST(PackBands, leaves_out_what_is_nodata_in_every_band) {
    auto raster = one_tile();
    raster.nodata = 7;
    raster.value = [](int x, int y, int band) { return x < 64 ? 7 : y < 64 && band == 1 ? 7 : 90; };

    const auto tile = packed(raster).tile;

    EXPECT_EQ(pixel_at(tile, 10, 10)[3], 0);
    EXPECT_EQ(pixel_at(tile, 100, 10), (Pixel{7, 90, 90, 255}));
    EXPECT_EQ(pixel_at(tile, 100, 100), (Pixel{90, 90, 90, 255}));
}

TEST(PackBands, keeps_an_alpha_band) {
    auto raster = one_tile();
    raster.bands = 4;
    raster.has_alpha = true;
    raster.value = [](int x, int, int band) { return band < 4 ? 100 : x < 128 ? 0 : 128; };

    const auto tile = packed(raster).tile;

    EXPECT_EQ(pixel_at(tile, 10, 10)[3], 0);
    EXPECT_EQ(pixel_at(tile, 200, 10), (Pixel{100, 100, 100, 128}));
}

TEST(PackBands, honours_an_internal_mask) {
    auto raster = one_tile();
    raster.mask = [](int, int y) { return y < 100 ? 0 : 255; };

    const auto tile = packed(raster).tile;

    EXPECT_EQ(pixel_at(tile, 10, 50)[3], 0);
    EXPECT_EQ(pixel_at(tile, 10, 150), (Pixel{10, 150, 128, 255}));
}

TEST(PackBands, expands_a_palette_without_mixing_its_colours) {
    auto raster = one_tile();
    raster.bands = 1;
    raster.palette = {{255, 0, 0, 255}, {0, 0, 255, 255}, {0, 255, 0, 255}};
    raster.nodata = 2;
    raster.value = [](int x, int y, int) { return x < 100 ? 0 : y < 100 ? 1 : 2; };
    raster.box->min_x += 3;  // off the pixels of the grid
    raster.box->max_x += 3;

    const auto tile = packed(raster).tile;

    EXPECT_EQ(pixel_at(tile, 50, 50), (Pixel{255, 0, 0, 255}));
    EXPECT_EQ(pixel_at(tile, 99, 50), (Pixel{255, 0, 0, 255}));
    EXPECT_EQ(pixel_at(tile, 100, 50), (Pixel{0, 0, 255, 255}));
    EXPECT_EQ(pixel_at(tile, 150, 150)[3], 0);
}

TEST(PackBands, keeps_an_alpha_band_beside_a_palette) {
    auto raster = one_tile();
    raster.bands = 2;
    raster.has_alpha = true;
    raster.palette = {{255, 0, 0, 255}, {0, 0, 255, 255}};
    raster.value = [](int x, int y, int band) { return band == 1 ? x / 128 : y < 100 ? 0 : 255; };

    const auto tile = packed(raster).tile;

    EXPECT_EQ(pixel_at(tile, 50, 50)[3], 0);
    EXPECT_EQ(pixel_at(tile, 50, 150), (Pixel{255, 0, 0, 255}));
    EXPECT_EQ(pixel_at(tile, 200, 150), (Pixel{0, 0, 255, 255}));
}

TEST(PackBands, takes_no_notice_of_nodata_that_bytes_cannot_be) {
    for (const double nodata : {-9999.0, 256.0, 0.5}) {
        auto raster = one_tile();
        raster.nodata = nodata;

        EXPECT_EQ(packed(raster).result.manifest.format, TileFormat::jpeg) << nodata;
    }
}

TEST(PackBands, shows_one_band_as_grey) {
    auto raster = one_tile();
    raster.bands = 1;
    raster.nodata = 255;
    raster.value = [](int x, int, int) { return x / 2; };

    EXPECT_EQ(pixel_at(packed(raster).tile, 100, 10), (Pixel{50, 50, 50, 255}));
}

TEST(PackBands, stretches_wider_samples_by_one_range_and_says_so) {
    auto raster = one_tile();
    raster.type = GDT_UInt16;
    raster.nodata = 0;
    raster.value = [](int x, int, int band) { return 1000 + 4 * x + (band == 3 ? 0 : 0); };

    const auto [result, tile] = packed(raster);

    EXPECT_THAT(result.notes,
                testing::ElementsAre(testing::HasSubstr("are stretched to 0 to 255")));
    EXPECT_EQ(pixel_at(tile, 0, 0)[0], 0);
    EXPECT_EQ(pixel_at(tile, 255, 0)[0], 255);
    EXPECT_NEAR(pixel_at(tile, 128, 0)[0], 128, 2);
}

TEST(PackBands, takes_no_more_samples_from_a_source_than_its_share) {
    TempFolder folder;
    auto raster = one_tile();
    raster.type = GDT_UInt16;
    const auto source = write_tiff(folder / "a.tif", raster);
    const std::atomic<bool> is_stopped{false};
    const auto dataset = gdal::open(source);
    const auto bands = gdal::plan_bands(*dataset, source);
    const auto samples = [&](int pixels) {
        return gdal::sample_values(*dataset, bands, source, pixels, is_stopped).size();
    };

    EXPECT_EQ(samples(1 << 20), 256U * 256 * 3);
    EXPECT_EQ(samples(1000), 31U * 31 * 3);
    EXPECT_EQ(samples(0), 3U);
}

TEST(PackBands, takes_not_a_number_for_absent) {
    auto raster = one_tile();
    raster.bands = 1;
    raster.type = GDT_Float32;
    raster.value = [](int x, int y, int) {
        return x < 100 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(y);
    };

    const auto tile = packed(raster).tile;

    EXPECT_EQ(pixel_at(tile, 50, 50)[3], 0);
    EXPECT_EQ(pixel_at(tile, 150, 50)[3], 255);
}

TEST(PackBands, says_which_bands_it_shows_of_many) {
    auto raster = one_tile();
    raster.bands = 5;

    EXPECT_THAT(packed(raster).result.notes,
                testing::ElementsAre(testing::HasSubstr("shows band 1, 2, 3 of 5")));
}

TEST(PackBands, fades_edges_without_a_dark_seam) {
    auto raster = one_tile();
    raster.nodata = 0;
    raster.value = [](int x, int, int) { return x < 128 ? 0 : 240; };
    raster.box->min_x +=
        0.5 * raster.box->width() / 256;  // half a pixel off, so that the edge is mixed
    raster.box->max_x = raster.box->min_x + Grid::google_maps_compatible().resolution(4) * 256;

    const auto edge = pixel_at(packed(raster).tile, 128, 10);

    EXPECT_NEAR(edge[3], 128, 2);
    EXPECT_NEAR(edge[0], 240, 2);
}

}  // namespace
}  // namespace offgrid::test
