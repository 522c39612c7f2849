#include "formats/tile/lonlat.h"
#include "tests/pack/rasters.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

namespace offgrid::test {
namespace {

/// The peak signal-to-noise ratio over the pixels that show in both, in dB: 20 log10(255 / root
/// mean square).
double psnr(const Image& a, const Image& b) {
    double sum = 0;
    std::size_t samples = 0;
    for (std::size_t i = 0; i < a.rgba.size(); i += 4) {
        if (a.rgba[i + 3] == 255 && b.rgba[i + 3] == 255) {
            for (std::size_t c = 0; c < 3; ++c) {
                sum += std::pow(a.rgba[i + c] - b.rgba[i + c], 2);
                ++samples;
            }
        }
    }
    return sum == 0 ? 99 : 20 * std::log10(255 / std::sqrt(sum / static_cast<double>(samples)));
}

/// The share of pixels that show in one and not in the other.
double coverage_difference(const Image& a, const Image& b) {
    double differ = 0;
    for (std::size_t i = 3; i < a.rgba.size(); i += 4) {
        differ += (a.rgba[i] > 127) != (b.rgba[i] > 127) ? 1 : 0;
    }
    return differ / static_cast<double>(std::max<std::size_t>(1, a.rgba.size() / 4));
}

/// What gdalwarp makes of the source on the pixels of the tile, and gdaladdo of that `levels` zooms
/// above.
Image by_gdal(const TempFolder& folder, const std::string& source, const TileRange& tiles,
              int levels, const std::string& resampling = "bilinear") {
    const auto box = Grid::google_maps_compatible().box_of(tiles);
    const auto size = [&](std::int64_t count) { return fmt::to_string(count * 256); };
    const auto warped = (folder / "warped.tif").string();
    std::filesystem::remove(warped);
    const auto warp =
        run({"gdalwarp", "-q", "-t_srs", "EPSG:3857", "-r", resampling, "-ovr", "NONE", "-dstalpha",
             "-te", fmt::format("{:.17g}", box.min_x), fmt::format("{:.17g}", box.min_y),
             fmt::format("{:.17g}", box.max_x), fmt::format("{:.17g}", box.max_y), "-ts",
             size(tiles.max_x - tiles.min_x), size(tiles.max_y - tiles.min_y), source, warped});
    EXPECT_EQ(warp.exit_code, 0) << warp.err;
    std::string name = warped;
    if (levels > 0) {
        const auto overviews =
            run({"gdaladdo", "-q", "-r", "average", warped, fmt::to_string(1 << levels)});
        EXPECT_EQ(overviews.exit_code, 0) << overviews.err;
        name = (folder / "overview.png").string();
        const auto copy = run({"gdal_translate", "-q", "-of", "PNG", "-outsize",
                               fmt::to_string(100.0 / (1 << levels)) + "%", "0", warped, name});
        EXPECT_EQ(copy.exit_code, 0) << copy.err;
    }
    const auto content = read_text(name);
    return decode({content.begin(), content.end()});
}

Image joined(const PackedTiles& tiles, const TileRange& range) {
    Image image{static_cast<int>(range.max_x - range.min_x) * 256,
                static_cast<int>(range.max_y - range.min_y) * 256};
    for (auto y = range.min_y; y < range.max_y; ++y) {
        for (auto x = range.min_x; x < range.max_x; ++x) {
            const TileKey key{range.z, x, y};
            const auto tile = tiles.get(key) ? tiles.image(key) : Image{256, 256};
            for (int row = 0; row < 256; ++row) {
                std::copy_n(tile.row(row), tile.stride(),
                            image.row(static_cast<int>(y - range.min_y) * 256 + row) +
                                (x - range.min_x) * 1024);
            }
        }
    }
    return image;
}

struct CompareCase {
    const char* source;
    double psnr_db;
    double corner_psnr_db;
};

class PackAgainstGdal : public testing::TestWithParam<CompareCase> {};

/// A file of this repository, or of the data beside it.
std::optional<std::filesystem::path> found(const std::string& source) {
    return source.starts_with("examples/") ? std::filesystem::path{OFFGRID_SOURCE_DIR} / source
                                           : shared_data(source);
}

TEST_P(PackAgainstGdal, agrees_up_to_the_corners_when_only_low_zooms_are_made) {
    const auto source = found(GetParam().source);
    if (!source) {
        GTEST_SKIP();
    }
    TempFolder folder;
    const auto whole = pack_quietly({.sources = {source->string()}, .output = folder / "whole"});
    const int z = std::max(0, whole.manifest.max_zoom - 1);
    pack_quietly({.sources = {source->string()},
                  .output = folder / "out",
                  .zooms = {{z, z}},
                  .encoding = Encoding::png});
    const auto& grid = Grid::google_maps_compatible();
    const auto box = from_lonlat(grid.srs(), whole.manifest.bounds).value_or(grid.extent());
    const double hair = grid.resolution(z);
    const PackedTiles tiles{folder / "out"};
    for (const auto& [x, y] : {std::pair{box.min_x, box.max_y - hair},
                               {box.max_x - hair, box.max_y - hair},
                               {box.min_x, box.min_y},
                               {box.max_x - hair, box.min_y}}) {
        const auto corner = grid.range_of(z, {x, y, x + hair, y + hair});
        const auto ours = joined(tiles, corner);
        const auto theirs = by_gdal(folder, source->string(), corner, 0);

        std::printf("%s: PSNR %.1f dB at a corner of zoom %d; coverage differs in %.3f %%\n",
                    GetParam().source, psnr(ours, theirs), z,
                    100 * coverage_difference(ours, theirs));
        EXPECT_GT(psnr(ours, theirs), GetParam().corner_psnr_db);
        EXPECT_LT(coverage_difference(ours, theirs), 0.02);
    }
}

TEST_P(PackAgainstGdal, agrees_with_gdalwarp_and_gdaladdo) {
    const auto source = found(GetParam().source);
    if (!source) {
        GTEST_SKIP();
    }
    TempFolder folder;
    const auto result = pack_quietly(
        {.sources = {source->string()}, .output = folder / "out", .encoding = Encoding::png});
    const PackedTiles tiles{folder / "out"};
    const int z = result.manifest.max_zoom;
    const auto& bounds = result.manifest.bounds;
    const auto& grid = Grid::google_maps_compatible();
    // The tiles of zoom z - 2 that hold the middle of the source, so that the parents below are
    // whole.
    const double half_equator = grid.extent().max_x;
    const double x = (bounds.min_x + bounds.max_x) / 2 / 180 * half_equator;
    const double latitude = (bounds.min_y + bounds.max_y) / 2 * M_PI / 180;
    const double y = std::log(std::tan(M_PI / 4 + latitude / 2)) / M_PI * half_equator;
    const double hair = grid.resolution(z);
    const auto parent = grid.range_of(z - 2, {x, y, x + hair, y + hair});
    const auto deepest = descendants(parent, 2);

    const auto ours = joined(tiles, deepest);
    const auto theirs = by_gdal(folder, source->string(), deepest, 0);
    const auto our_parent = joined(tiles, parent);
    const auto their_parent = by_gdal(folder, source->string(), deepest, 2);

    std::printf("%s: PSNR %.1f dB at zoom %d, %.1f dB at zoom %d; coverage differs in %.3f %%\n",
                GetParam().source, psnr(ours, theirs), z, psnr(our_parent, their_parent), z - 2,
                100 * coverage_difference(ours, theirs));
    EXPECT_GT(psnr(ours, theirs), GetParam().psnr_db);
    EXPECT_GT(psnr(our_parent, their_parent), GetParam().psnr_db);
    EXPECT_LT(coverage_difference(ours, theirs), 0.01);
}

INSTANTIATE_TEST_SUITE_P(Sources, PackAgainstGdal,
                         testing::Values(CompareCase{"examples/data/earth-blue-marble.jpg", 53, 39},
                                         CompareCase{"raster/sentinel2_libya_TCI.tif", 48, 35},
                                         CompareCase{"raster/landsat7_bahamas_RGB.byte.tif", 47,
                                                     28},
                                         CompareCase{"raster/bluemarble_2048_tiled.tif", 53, 54},
                                         CompareCase{"raster/goes16_fulldisk_cog.tif", 54, 53},
                                         CompareCase{"raster/usgs_hro_colorado_rgba.tif", 53, 28}));

/// The mean absolute difference of the colours that show in both.
double mean_difference(const Image& a, const Image& b) {
    double sum = 0;
    double samples = 0;
    for (std::size_t i = 0; i < a.rgba.size(); ++i) {
        if (i % 4 != 3 && a.rgba[i | 3] == 255 && b.rgba[i | 3] == 255) {
            sum += std::abs(a.rgba[i] - b.rgba[i]);
            ++samples;
        }
    }
    return sum / std::max(1.0, samples);
}

/// Bounds of the mean absolute difference, in grey levels.
struct Bounds {
    double enlarged;  ///< a zoom deeper than the source
    double same;      ///< at the zoom nearest to its resolution
    double reduced;   ///< two zooms above
};

struct KernelCase {
    Resampling resampling;
    const char* name;  ///< of gdalwarp
    Bounds straight;
    Bounds utm;
};

std::string name_of(const testing::TestParamInfo<KernelCase>& info) {
    return info.param.name;
}

class PackKernels : public testing::TestWithParam<KernelCase> {
protected:
    void expect_agreement(const std::string& source, const Bounds& bounds) {
        EXPECT_LT(difference(source, -1), bounds.enlarged);
        EXPECT_LT(difference(source, 0), bounds.same);
        EXPECT_LT(difference(source, 2), bounds.reduced);
    }

private:
    /// The difference within the source, `levels` zooms above the one nearest to its resolution,
    /// made from the source.
    double difference(const std::string& source, int levels) {
        const auto whole = pack_quietly(
            {.sources = {source}, .output = folder / "whole", .overwrite = Overwrite::yes});
        const int z = whole.manifest.max_zoom - levels;
        PackOptions options{.sources = {source}, .output = folder / "out", .zooms = {{z, z}}};
        options.encoding = Encoding::png;
        options.resampling = GetParam().resampling;
        options.overwrite = Overwrite::yes;
        pack_quietly(options);
        const auto& grid = Grid::google_maps_compatible();
        const auto box = from_lonlat(grid.srs(), whole.manifest.bounds).value_or(grid.extent());
        const double x = (box.min_x + box.max_x) / 2;
        const double y = (box.min_y + box.max_y) / 2;
        const auto tiles = grid.range_of(z, {x, y, x + 1, y + 1});
        const auto ours = joined(PackedTiles{folder / "out"}, tiles);
        const auto theirs = by_gdal(folder, source, tiles, 0, GetParam().name);
        const double mean = mean_difference(ours, theirs);
        std::printf("%s, %d zooms above: mean absolute difference %.3f, coverage %.3f %%\n",
                    GetParam().name, levels, mean, 100 * coverage_difference(ours, theirs));
        EXPECT_LT(coverage_difference(ours, theirs), 0.01);
        return mean;
    }

protected:
    TempFolder folder;
};

TEST_P(PackKernels, agree_with_gdalwarp_in_another_crs) {
    const auto source = shared_data("raster/sentinel2_libya_TCI.tif");
    if (!source) {
        GTEST_SKIP();
    }

    expect_agreement(source->string(), GetParam().utm);
}

TEST_P(PackKernels, agree_with_gdalwarp_in_the_crs_of_the_grid) {
    const auto scene = shared_data("raster/sentinel2_libya_TCI.tif");
    if (!scene) {
        GTEST_SKIP();
    }
    const auto source = (folder / "straight.tif").string();
    const auto warp =
        run({"gdalwarp", "-q", "-t_srs", "EPSG:3857", "-r", "cubic", scene->string(), source});
    ASSERT_EQ(warp.exit_code, 0) << warp.err;

    expect_agreement(source, GetParam().straight);
}

// gdalwarp 3.6 widens Lanczos wrongly: where it reduces by 1.4, two pixels at unequal distances
// from a line get the same of it. By mode it counts each pixel that is touched as a whole one.
INSTANTIATE_TEST_SUITE_P(
    Resamplings, PackKernels,
    testing::Values(KernelCase{Resampling::nearest, "near", {0.01, 0.01, 0.01}, {0.1, 0.1, 0.1}},
                    KernelCase{Resampling::bilinear, "bilinear", {0.1, 0.2, 1}, {0.1, 0.5, 1}},
                    KernelCase{Resampling::cubic, "cubic", {0.01, 0.01, 0.5}, {0.1, 0.1, 0.6}},
                    KernelCase{Resampling::lanczos, "lanczos", {0.01, 2.5, 2}, {0.1, 2.5, 2}},
                    KernelCase{Resampling::average, "average", {0.01, 0.01, 0.01}, {0.1, 0.1, 0.5}},
                    KernelCase{Resampling::mode, "mode", {0.6, 3, 5}, {0.7, 3, 5}}),
    name_of);

}  // namespace
}  // namespace offgrid::test
