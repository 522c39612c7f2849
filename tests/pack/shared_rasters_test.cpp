// Every raster of the data set packs where it belongs, or is refused for a reason.

#include "formats/base/error.h"
#include "tests/pack/rasters.h"
#include "tests/support/shared_data.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace offgrid::test {
namespace {

/// The middle, in degrees, of what is no nodata, as GDAL finds it; or the cause of the refusal.
struct Expected {
    const char* name;
    double longitude = 0;
    double latitude = 0;
    const char* refusal = nullptr;
};

constexpr Expected rasters[] = {
    {"above_31bands.tif", -105.25, 72.56},
    {"bluemarble_2048_tiled.tif", 0, 0},
    {"bmng_5400x2700.jpg", 0, 0, "no georeferencing"},
    {"earth-topology_2048.png", 0, 0, "no georeferencing"},
    {"elev_sf_float32.tif", -122.427, 37.802},
    {"elev_sf_terrainrgb.tif", -122.427, 37.802},
    {"goes16_fulldisk_cog.tif", -75, 0},
    {"hirise_mars_cog.tif", 0, 0, "is not of the Earth"},
    {"inverted_lat.tif", 0, 0, "all is transparent"},
    {"landsat7_bahamas_RGB.byte.tif", -77.77, 24.56},
    {"landsat7_olinda_6band.tif", -34.872, -7.996},
    {"landsat8_dateline_cog.tif", 0, 51.68},
    {"landsat8_greenland_uint16_cog.tif", -56.8, 73.43},
    {"landsat8_quebec_cog1_uint16.tif", -74.45, 46.02},
    {"landsat8_quebec_cog2_uint16.tif", -72.87, 46.02},
    {"landsat8_quebec_cog3_4326.tif", -72.87, 46.02},
    {"landsat_scarolina_uint16.tif", -80.06, 33.17},
    {"mosaic4/rgb1.tif", -78.25, 24.98},
    {"mosaic4/rgb2.tif", -77.18, 25.0},
    {"naip/usda_naip_128_none_z2.tif", -121.3437, 41.9687},
    {"naip/usda_naip_256_lzw_z3.tif", -121.3467, 41.9692},
    {"naip/usda_naip_512_deflate_z2.tif", -121.3467, 41.9692},
    {"naip/usda_naip_512_jpeg_z5.tif", -121.3467, 41.9677},
    {"naip/usda_naip_512_webp_z5.tif", -121.3467, 41.9677},
    {"nlcd_style_palette_cog.tif", -79.3946, 39.8445},
    {"olinda_dem_utm25s.tif", -34.872, -7.996},
    {"rgba_uint16_utm12.tif", -108.380, 36.8195},
    {"sentinel1_grd_gcps_cog.tif", 76.90, 10.21},
    {"sentinel1_rtc_float32_nan_cog.tif", -122.27, 47.36},
    {"sentinel2_libya_B01.tif", 23.70, 32.01},
    {"sentinel2_libya_B09.tif", 23.70, 32.01},
    {"sentinel2_libya_TCI.tif", 23.75, 32.01},
    {"small_float32_nodata.tif", 38.13, 49.43},
    {"small_rotated.tif", 0, 0, "no CRS"},
    {"swiss_dem_lv95_float32.tif", 7.0975, 45.9205},
    {"usgs_hro_colorado_jpegcog.tif", -104.775, 38.9535},
    {"usgs_hro_colorado_mask.tif", -104.775, 38.9535},
    {"usgs_hro_colorado_rgba.tif", -104.775, 38.9535},
};

const Expected* expected_of(const std::string& file) {
    const auto* const found = std::ranges::find_if(
        rasters, [&](const Expected& raster) { return file.ends_with(raster.name); });
    return found == std::end(rasters) ? nullptr : found;
}

void expect_packed_there(const Expected& expected, const PackResult& result) {
    EXPECT_GT(result.tiles, 0);
    const auto& bounds = result.manifest.bounds;
    const double tolerance = 0.1 * std::min(bounds.width(), bounds.height()) + 1e-3;
    EXPECT_NEAR((bounds.min_x + bounds.max_x) / 2, expected.longitude, tolerance);
    EXPECT_NEAR((bounds.min_y + bounds.max_y) / 2, expected.latitude, tolerance);
}

TEST(SharedRasters, are_all_packed_where_they_belong_or_refused_for_a_reason) {
    for (const auto& file : shared_files("raster")) {
        SCOPED_TRACE(file.filename());
        const auto* const expected = expected_of(file.string());
        ASSERT_NE(expected, nullptr) << "is in no line of the list";
        TempFolder folder;
        const PackOptions options{.sources = {file.string()}, .output = folder / "out"};

        if (expected->refusal != nullptr) {
            EXPECT_THAT([&] { pack_quietly(options); },
                        testing::ThrowsMessage<Error>(testing::HasSubstr(expected->refusal)));
            EXPECT_THAT(names_below(folder.path()), testing::IsEmpty());
        } else {
            expect_packed_there(*expected, pack_quietly(options));
        }
    }
}

TEST(SharedRasters, of_a_folder_are_one_mosaic) {
    const auto mosaic = shared_data("raster/mosaic4");
    if (!mosaic) {
        return;
    }
    TempFolder folder;

    const auto result = pack_quietly({.sources = {mosaic->string()}, .output = folder / "out"});

    // One of the two begins where the other ends, at 77.76 degrees west.
    EXPECT_LT(result.manifest.bounds.min_x, -78.5);
    EXPECT_GT(result.manifest.bounds.max_x, -77);
}

}  // namespace
}  // namespace offgrid::test
