// Sources wherever and however they lie: turned, upside down, across the antimeridian, over each
// other.

#include "pack/estimate.h"
#include "pack/gdal_error.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>

#include <chrono>
#include <functional>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

const TileKey tile{4, 8, 7};

Raster one_tile() {
    return raster_on({4, 8, 7, 9, 8});
}

Raster grey(int value, const TileRange& range = {4, 8, 7, 9, 8}) {
    auto raster = raster_on(range);
    raster.value = [value](int, int, int) { return value; };
    return raster;
}

void change(const std::string& source, const std::function<void(GDALDataset&)>& changed) {
    const gdal::Dataset dataset{GDALDataset::Open(source.c_str(), GDAL_OF_RASTER | GDAL_OF_UPDATE)};
    ASSERT_NE(dataset, nullptr);
    changed(*dataset);
}

class PlacedSources : public testing::Test {
protected:
    PackResult pack(PackOptions options) const {
        options.output = folder_ / "out";
        options.encoding = Encoding::png;
        options.overwrite = Overwrite::yes;
        return pack_quietly(options);
    }

    Image packed(const std::vector<std::string>& sources,
                 SourceOrder order = SourceOrder::given) const {
        pack({.sources = sources, .order = order, .zooms = {{4, 4}}});
        return PackedTiles{folder_ / "out"}.image(tile);
    }

    std::string write(const std::string& name, const Raster& raster) const {
        return write_tiff(folder_ / name, raster);
    }

    void expect_near(const Image& image, int x, int y, const Pixel& expected) const {
        const auto pixel = pixel_at(image, x, y);
        for (std::size_t channel = 0; channel < 4; ++channel) {
            EXPECT_NEAR(pixel[channel], expected[channel], 1) << x << "," << y << ":" << channel;
        }
    }

    TempFolder folder_;
};

TEST_F(PlacedSources, may_have_the_south_above) {
    const auto source = write("a.tif", one_tile());
    const auto box = *one_tile().box;
    change(source, [&](GDALDataset& dataset) {
        double geotransform[]{box.min_x, box.width() / 256, 0, box.min_y, 0, box.height() / 256};
        dataset.SetGeoTransform(geotransform);
    });

    const auto image = packed({source});

    EXPECT_EQ(pixel_at(image, 30, 200), (Pixel{30, 55, 128, 255}));
    EXPECT_EQ(pixel_at(image, 0, 0), (Pixel{0, 255, 128, 255}));
}

TEST_F(PlacedSources, may_be_turned) {
    const auto source = write("a.tif", one_tile());
    const auto box = *one_tile().box;
    change(source, [&](GDALDataset& dataset) {  // columns go north, rows go east
        double geotransform[]{box.min_x, 0, box.width() / 256, box.min_y, box.height() / 256, 0};
        dataset.SetGeoTransform(geotransform);
    });

    const auto image = packed({source});

    expect_near(image, 30, 200, {55, 30, 128, 255});
    expect_near(image, 128, 10, {245, 128, 128, 255});
}

TEST_F(PlacedSources, may_be_placed_by_control_points) {
    const auto source = write("a.tif", one_tile());
    const auto points = (folder_ / "points.vrt").string();
    const auto box = *one_tile().box;
    std::vector<std::string> command{"gdal_translate", "-q", "-of", "VRT", "-a_srs", "EPSG:3857"};
    for (const int x : {0, 256}) {
        for (const int y : {0, 256}) {
            const auto east = std::to_string(x == 0 ? box.min_x : box.max_x);
            const auto north = std::to_string(y == 0 ? box.max_y : box.min_y);
            command.insert(command.end(),
                           {"-gcp", std::to_string(x), std::to_string(y), east, north});
        }
    }
    command.insert(command.end(), {source, points});
    ASSERT_EQ(run(command).exit_code, 0);

    const auto image = packed({points});

    expect_near(image, 30, 200, {30, 200, 128, 255});
    expect_near(image, 250, 10, {250, 10, 128, 255});
}

TEST_F(PlacedSources, may_be_placed_by_rational_polynomials_without_a_CRS) {
    auto raster = one_tile();
    raster.srs.clear();
    raster.box.reset();
    const auto source = write("a.tif", raster);
    // The samples go with the longitude from 0 to 22.5, the lines with the latitude from 22 to 0.
    const std::string nothing_else = " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0";
    const std::pair<const char*, std::string> items[] = {
        {"LINE_OFF", "127.5"},
        {"LINE_SCALE", "128"},
        {"SAMP_OFF", "127.5"},
        {"SAMP_SCALE", "128"},
        {"LAT_OFF", "10.9715"},
        {"LAT_SCALE", "10.9715"},
        {"LONG_OFF", "11.25"},
        {"LONG_SCALE", "11.25"},
        {"HEIGHT_OFF", "0"},
        {"HEIGHT_SCALE", "500"},
        {"LINE_NUM_COEFF", "0 0 -1 0" + nothing_else},
        {"LINE_DEN_COEFF", "1 0 0 0" + nothing_else},
        {"SAMP_NUM_COEFF", "0 1 0 0" + nothing_else},
        {"SAMP_DEN_COEFF", "1 0 0 0" + nothing_else},
    };
    change(source, [&](GDALDataset& dataset) {
        for (const auto& [item, value] : items) {
            dataset.SetMetadataItem(item, value.c_str(), "RPC");
        }
    });

    const auto image = packed({source});

    const auto pixel = pixel_at(image, 30, 128);
    EXPECT_NEAR(pixel[0], 30, 1);
    EXPECT_NEAR(pixel[1], 128, 4);  // Mercator is not linear in degrees
    EXPECT_EQ(pixel[3], 255);
}

TEST_F(PlacedSources, of_several_rasters_and_none_of_their_own_are_refused_by_name) {
    const auto source = write("a.tif", grey(9));
    const auto container = (folder_ / "all.gpkg").string();
    for (const char* const table : {"RASTER_TABLE=first", "RASTER_TABLE=second"}) {
        ASSERT_EQ(run({"gdal_translate", "-q", "-of", "GPKG", "-co", table, "-co",
                       "APPEND_SUBDATASET=YES", source, container})
                      .exit_code,
                  0);
    }

    EXPECT_THAT([&] { pack({.sources = {container}}); },
                throws(Errc::invalid_argument, HasSubstr("there are: first, second")));
    for (const auto& name : {"GPKG:" + container + ":second", container + "#second"}) {
        EXPECT_EQ(pixel_at(packed({name}), 100, 100), (Pixel{9, 9, 9, 255})) << name;
    }
}

TEST_F(PlacedSources, lie_in_the_order_of_their_times) {
    const auto old = write("b.tif", grey(1));
    const auto young = write("a.tif", grey(2));
    change(old, [](auto& dataset) {
        dataset.SetMetadataItem("TIFFTAG_DATETIME", "2019:05:01 10:00:00");
    });
    change(young, [](auto& dataset) {
        dataset.SetMetadataItem("TIFFTAG_DATETIME", "2019:05:01 10:00:01");
    });

    EXPECT_EQ(pixel_at(packed({young, old}), 9, 9)[0], 1);
    EXPECT_EQ(pixel_at(packed({young, old}, SourceOrder::newest), 9, 9)[0], 2);
    EXPECT_EQ(pixel_at(packed({old, young}, SourceOrder::newest), 9, 9)[0], 2);
}

TEST_F(PlacedSources, lie_by_name_where_they_are_of_one_time) {
    const auto a = write("a.tif", grey(1));
    const auto b = write("b.tif", grey(2));
    const auto time = std::filesystem::last_write_time(a);
    std::filesystem::last_write_time(b, time);

    EXPECT_EQ(pixel_at(packed({b, a}, SourceOrder::newest), 9, 9)[0], 2);
    std::filesystem::last_write_time(a, time + std::chrono::seconds{1});
    EXPECT_EQ(pixel_at(packed({a, b}, SourceOrder::newest), 9, 9)[0], 1);
}

TEST_F(PlacedSources, lie_in_the_order_of_their_resolutions) {
    auto coarse = grey(1);
    coarse.width = coarse.height = 128;
    const auto below = write("b.tif", coarse);
    const auto above = write("a.tif", grey(2));

    EXPECT_EQ(pixel_at(packed({above, below}), 9, 9)[0], 1);
    EXPECT_EQ(pixel_at(packed({above, below}, SourceOrder::highest_resolution), 9, 9)[0], 2);
    EXPECT_EQ(pixel_at(packed({below, above}, SourceOrder::highest_resolution), 9, 9)[0], 2);
}

/// A world in degrees.
class Antimeridian : public PlacedSources {
protected:
    Antimeridian() {
        Raster raster;
        raster.width = 2048;
        raster.height = 1024;
        raster.srs = "EPSG:4326";
        raster.box = Box{-180, -90, 180, 90};
        raster.value = [](int x, int, int band) { return band == 1 ? x / 8 : 99; };
        world_ = write("world.tif", raster);
    }

    std::string world_;
};

TEST_F(Antimeridian, is_crossed_by_a_box_whose_west_is_greater_than_its_east) {
    for (const auto resampling : {Resampling::bilinear, Resampling::cubic}) {
        const auto result = pack({.sources = {world_},
                                  .zooms = {{0, 5}},
                                  .resampling = resampling,
                                  .bbox = Box{170, -5, -170, 5}});

        const PackedTiles tiles{folder_ / "out"};
        // Two columns and two rows a zoom, of which zoom 1 has no more, and zoom 0 has one.
        EXPECT_EQ(result.tiles, 5 * 4 + 1);
        for (const std::int64_t x : {0, 31}) {
            for (const std::int64_t y : {15, 16}) {
                EXPECT_TRUE(tiles.get({5, x, y})) << x << " " << y;
            }
        }
        EXPECT_NEAR(pixel_at(tiles.image({5, 0, 15}), 128, 128)[0], 4, 2);
        EXPECT_NEAR(pixel_at(tiles.image({5, 31, 15}), 128, 128)[0], 251, 2);
        EXPECT_EQ(result.manifest.bounds.min_x, -180);
        EXPECT_EQ(result.manifest.bounds.max_x, 180);
        EXPECT_THAT(result.notes, Contains(HasSubstr("across the antimeridian")));
    }
}

TEST_F(Antimeridian, is_crossed_without_what_lies_between) {
    pack({.sources = {world_}, .zooms = {{0, 5}}, .bbox = Box{170, -5, -170, 5}});

    const auto overview = PackedTiles{folder_ / "out"}.image({1, 0, 0});
    EXPECT_EQ(pixel_at(overview, 5, 252)[3], 255);
    EXPECT_EQ(pixel_at(overview, 128, 252)[3], 0);
}

TEST_F(Antimeridian, is_crossed_by_a_box_in_a_world_of_one_tile) {
    const auto result =
        pack({.sources = {world_}, .zooms = {{0, 0}}, .bbox = Box{170, -5, -170, 5}});

    EXPECT_EQ(result.tiles, 1);
    EXPECT_NEAR(pixel_at(PackedTiles{folder_ / "out"}.image({0, 0, 0}), 0, 128)[0], 0, 2);
    EXPECT_NEAR(pixel_at(PackedTiles{folder_ / "out"}.image({0, 0, 0}), 255, 128)[0], 255, 2);
}

TEST_F(Antimeridian, is_crossed_by_an_estimate_as_by_the_pack) {
    const PackOptions options{.sources = {world_},
                              .output = folder_ / "out",
                              .zooms = {{0, 5}},
                              .bbox = Box{170, -5, -170, 5}};
    const std::atomic<bool> is_stopped{false};

    const auto estimated = estimate(options, {.files = posix_file_ops(), .is_stopped = is_stopped});

    EXPECT_EQ(estimated.total().tiles, 21);
}

TEST_F(Antimeridian, is_crossed_by_a_source_and_a_box_at_once) {
    Raster raster;
    raster.width = 400;
    raster.height = 200;
    raster.srs = "EPSG:4326";
    raster.box = Box{170, -5, 190, 5};
    raster.value = [](int x, int, int) { return x / 2; };
    const auto source = write("a.tif", raster);

    const auto both = pack({.sources = {source}, .zooms = {{9, 9}}, .bbox = Box{179, 0, -179, 1}});
    const auto east = pack({.sources = {source}, .zooms = {{9, 9}}, .bbox = Box{-180, 0, -179, 1}});

    EXPECT_EQ(both.tiles, 2 * east.tiles);
    EXPECT_THAT(
        [&] {
            pack({.sources = {source}, .bbox = Box{10, 0, -20, 1}});
        },
        testing::Not(testing::Throws<Error>()));
    EXPECT_THAT(
        [&] {
            pack({.sources = {source}, .bbox = Box{-160, 0, 160, 1}});
        },
        throws(Errc::invalid_argument, HasSubstr("--bbox: no source lies there")));
}

}  // namespace
}  // namespace offgrid::test
