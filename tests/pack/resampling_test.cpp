#include "formats/tile/lonlat.h"
#include "pack/block_maker.h"
#include "pack/gdal_error.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/shared_data.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

namespace offgrid::test {
namespace {

constexpr int deepest = 8;

/// Waves of all lengths, and a grain: every kernel makes something else of it.
double wavy(double x, double y, int band) {
    const double wave = std::sin(x * (0.02 + x / 6000)) * std::cos(y * 0.11 * band);
    const auto grain = (static_cast<int>(x) * 7919 + static_cast<int>(y) * 104729) % 31;
    return std::round(128 + 90 * wave + grain);
}

/// About 4 by 3 tiles of zoom 8 around a corner at which four blocks of 8 by 8 tiles meet, in the
/// middle of tile 4/8/7. The pixels are not the grid's.
Raster around_a_corner_of_blocks() {
    const auto& grid = Grid::google_maps_compatible();
    const auto corner = grid.box_of(TileKey{deepest, 136, 120});
    const double tile = corner.width();
    Raster raster;
    raster.width = 1100;
    raster.height = 800;
    raster.box = Box{corner.min_x - 2.2 * tile, corner.max_y - 1.3 * tile,
                     corner.min_x + 2.1 * tile, corner.max_y + 1.8 * tile};
    raster.value = wavy;
    return raster;
}

/// The same place in another CRS.
Raster around_a_corner_of_blocks_in_utm() {
    auto raster = around_a_corner_of_blocks();
    raster.srs = "EPSG:32632";  // the corner is at 11.25 east, 11.18 north
    raster.box = Box{500'000, 1'000'000, 1'150'000, 1'470'000};
    return raster;
}

/// Classes in patches and in single pixels; class 3 does not show.
Raster classes_on(Raster raster) {
    raster.bands = 1;
    for (short i = 0; i < 12; ++i) {
        raster.palette.push_back({static_cast<short>(20 * i), static_cast<short>(255 - 9 * i),
                                  static_cast<short>((i * i) % 251), 255});
    }
    raster.nodata = 3;
    raster.value = [](int x, int y, int) { return (x / 5 + y / 7 + (x * 31 + y * 17) % 3) % 12; };
    return raster;
}

struct SeamCase {
    Resampling resampling;
    Light light;
    bool is_utm;
};

std::string name_of(const testing::TestParamInfo<SeamCase>& info) {
    constexpr const char* names[] = {"nearest", "bilinear", "cubic", "lanczos", "average", "mode"};
    return std::string{names[static_cast<std::size_t>(info.param.resampling)]} +
           (info.param.light == Light::linear ? "_of_light" : "") +
           (info.param.is_utm ? "_utm" : "");
}

class PackResampling : public testing::TestWithParam<SeamCase> {
protected:
    PackOptions options(const std::vector<std::string>& sources) const {
        PackOptions options{.sources = sources, .output = folder / "out"};
        options.zooms = {{4, deepest}};
        options.top = 5;
        options.encoding = Encoding::png;
        options.resampling = GetParam().resampling;
        options.light = GetParam().light;
        return options;
    }

    TempFolder folder;
};

/// The tiles of one block that is twice as large as those of a pack: with its root at zoom 4.
std::map<TileKey, Image> by_one_block(const PackOptions& options) {
    const std::atomic<bool> is_stopped{false};
    auto plan = make_plan(options, &Grid::google_maps_compatible(), is_stopped);
    plan.block_levels = 4;
    BlockJob job{.root = {4, 8, 7}, .max_zoom = deepest};
    for (std::size_t i = 0; i < plan.sources.size(); ++i) {
        job.sources.push_back(i);
    }
    std::map<TileKey, Image> tiles;
    for (const auto& tile : BlockMaker{plan, is_stopped}.make(job).tiles) {
        tiles.emplace(tile.key, decode(tile.content));
    }
    return tiles;
}

/// The largest difference of a sample that shows.
int difference(const Image& a, const Image& b) {
    int largest = 0;
    for (std::size_t i = 0; i < a.rgba.size(); ++i) {
        if (i % 4 == 3 || (a.rgba[i | 3] > 0 && b.rgba[i | 3] > 0)) {
            largest = std::max(largest, std::abs(a.rgba[i] - b.rgba[i]));
        }
    }
    return largest;
}

TEST_P(PackResampling, has_no_seams_between_tiles_and_blocks) {
    const auto& [resampling, light, is_utm] = GetParam();
    const auto source = write_tiff(folder / "a.tif", is_utm ? around_a_corner_of_blocks_in_utm()
                                                            : around_a_corner_of_blocks());

    const auto result = pack_quietly(options({source}));

    const auto whole = by_one_block(options({source}));
    const PackedTiles tiles{folder / "out"};
    EXPECT_EQ(result.tiles, static_cast<std::int64_t>(whole.size()));
    const bool is_kernel = resampling == Resampling::cubic || resampling == Resampling::lanczos;
    for (const auto& [key, image] : whole) {
        // Above the blocks of a pack, kernels have no neighbours: that zoom is rendered.
        if (key.z > 4 || !is_kernel) {
            EXPECT_LE(difference(tiles.image(key), image), 1)
                << key.z << "/" << key.x << "/" << key.y;
        }
    }
}

TEST_P(PackResampling, has_no_seams_between_sources_that_meet) {
    if (GetParam().is_utm) {
        GTEST_SKIP() << "sources in another CRS have no edges along the pixels";
    }
    auto raster = raster_on({deepest, 134, 119, 138, 122});
    raster.value = wavy;
    auto west = raster_on({deepest, 134, 119, 136, 122});
    west.value = wavy;
    auto east = raster_on({deepest, 136, 119, 138, 122});
    east.value = [](int x, int y, int band) { return wavy(x + 512, y, band); };
    const auto whole = write_tiff(folder / "a.tif", raster);
    const std::vector halves{write_tiff(folder / "w.tif", west),
                             write_tiff(folder / "e.tif", east)};

    pack_quietly(options(halves));

    const PackedTiles tiles{folder / "out"};
    for (const auto& [key, image] : by_one_block(options({whole}))) {
        if (key.z > 4) {
            EXPECT_LE(difference(tiles.image(key), image), 1)
                << key.z << "/" << key.x << "/" << key.y;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, PackResampling,
                         testing::Values(SeamCase{Resampling::nearest, Light::encoded, false},
                                         SeamCase{Resampling::bilinear, Light::encoded, false},
                                         SeamCase{Resampling::cubic, Light::encoded, false},
                                         SeamCase{Resampling::lanczos, Light::encoded, false},
                                         SeamCase{Resampling::average, Light::encoded, false},
                                         SeamCase{Resampling::mode, Light::encoded, false},
                                         SeamCase{Resampling::lanczos, Light::linear, false},
                                         SeamCase{Resampling::average, Light::linear, false},
                                         SeamCase{Resampling::nearest, Light::encoded, true},
                                         SeamCase{Resampling::bilinear, Light::encoded, true},
                                         SeamCase{Resampling::cubic, Light::encoded, true},
                                         SeamCase{Resampling::lanczos, Light::encoded, true},
                                         SeamCase{Resampling::average, Light::encoded, true},
                                         SeamCase{Resampling::mode, Light::encoded, true}),
                         name_of);

/// Every colour of every tile, as the four bytes of a pixel.
std::set<Pixel> colours_of(const std::filesystem::path& package, const Manifest& manifest) {
    const auto& grid = Grid::google_maps_compatible();
    const PackedTiles tiles{package};
    std::set<Pixel> colours;
    for (int z = manifest.min_zoom; z <= manifest.max_zoom; ++z) {
        const auto box = from_lonlat(grid.srs(), manifest.bounds).value_or(grid.extent());
        const auto range = grid.range_of(z, box);
        for (auto y = range.min_y; y < range.max_y; ++y) {
            for (auto x = range.min_x; x < range.max_x; ++x) {
                if (const auto tile = tiles.get({z, x, y})) {
                    const auto image = decode(tile->content);
                    for (int i = 0; i < 256 * 256; ++i) {
                        colours.insert(pixel_at(image, i % 256, i / 256));
                    }
                }
            }
        }
    }
    return colours;
}

TEST(PackClasses, invents_no_value_by_mode_or_nearest) {
    TempFolder folder;
    const auto straight = classes_on(around_a_corner_of_blocks());
    const auto utm = classes_on(around_a_corner_of_blocks_in_utm());
    std::set<Pixel> expected{{0, 0, 0, 0}};
    for (const auto& [red, green, blue, alpha] : straight.palette) {
        if (red != 3 * 20) {
            expected.insert({red, green, blue, alpha});
        }
    }
    for (const auto resampling : {Resampling::mode, Resampling::nearest}) {
        for (const auto& raster : {straight, utm}) {
            for (const int zoom : {5, 8}) {
                PackOptions options{.sources = {write_tiff(folder / "a.tif", raster)},
                                    .output = folder / "out",
                                    .zooms = {{0, zoom}}};
                options.resampling = resampling;
                options.overwrite = Overwrite::yes;

                const auto result = pack_quietly(options);

                EXPECT_EQ(result.manifest.format, TileFormat::png);
                EXPECT_THAT(colours_of(folder / "out", result.manifest),
                            testing::IsSubsetOf(expected));
            }
        }
    }
}

TEST(PackClasses, shows_the_class_that_most_of_a_pixel_has) {
    TempFolder folder;
    auto raster = raster_on({deepest, 128, 124, 132, 128});
    raster.bands = 1;
    raster.palette = {{10, 0, 0, 255}, {20, 0, 0, 255}, {30, 0, 0, 255}};
    // Of each 4 by 4 pixels ten are of class 2; the one that nearest takes is of class 1.
    raster.value = [](int x, int y, int) {
        return x % 4 == 2 && y % 4 == 2 ? 1 : x % 4 < 1 ? 0 : 2;
    };
    PackOptions options{.sources = {write_tiff(folder / "a.tif", raster)},
                        .output = folder / "out",
                        .zooms = {{6, 6}}};
    options.resampling = Resampling::mode;

    pack_quietly(options);
    const auto by_mode = PackedTiles{folder / "out"}.image({6, 32, 31});
    options.resampling = Resampling::nearest;
    options.overwrite = Overwrite::yes;
    pack_quietly(options);
    const auto by_nearest = PackedTiles{folder / "out"}.image({6, 32, 31});

    EXPECT_EQ(pixel_at(by_mode, 9, 9), (Pixel{30, 0, 0, 255}));
    EXPECT_EQ(pixel_at(by_nearest, 9, 9), (Pixel{20, 0, 0, 255}));
}

TEST(PackClasses, invents_no_colour_of_land_cover) {
    const auto source = shared_data("raster/nlcd_style_palette_cog.tif");
    if (!source) {
        GTEST_SKIP();
    }
    gdal::prepare();
    TempFolder folder;
    const auto dataset = gdal::open(source->string());
    auto* const table = dataset->GetRasterBand(1)->GetColorTable();
    ASSERT_NE(table, nullptr);
    std::set<Pixel> expected{{0, 0, 0, 0}};
    for (int i = 0; i < table->GetColorEntryCount(); ++i) {
        const auto& colour = *table->GetColorEntry(i);
        expected.insert({colour.c1, colour.c2, colour.c3, colour.c4});
    }
    for (const auto resampling : {Resampling::mode, Resampling::nearest}) {
        PackOptions options{.sources = {source->string()}, .output = folder / "out"};
        options.zooms = {{0, 9}};
        options.resampling = resampling;
        options.overwrite = Overwrite::yes;

        const auto result = pack_quietly(options);

        const auto colours = colours_of(folder / "out", result.manifest);
        EXPECT_THAT(colours, testing::IsSubsetOf(expected));
        EXPECT_GE(colours.size(), 5U);
    }
}

TEST(PackGamma, is_refused_where_overviews_are_no_means) {
    PackOptions options{.sources = {"a.tif"}, .output = "out"};
    options.resampling = Resampling::mode;
    options.light = Light::linear;

    EXPECT_THAT([&] { pack_quietly(options); },
                throws(Errc::invalid_argument, testing::HasSubstr("--gamma")));
}

}  // namespace
}  // namespace offgrid::test
