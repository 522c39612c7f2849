// What the user says of bands, values and nodata, against the pixels of a tile.

#include "pack/gdal_error.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Packed {
    PackResult result;
    Image tile;
};

Packed packed(const std::string& source, const BandOptions& bands, const TempFolder& folder) {
    Packed packed{.result = pack_quietly({.sources = {source},
                                          .bands = bands,
                                          .output = folder / "out",
                                          .encoding = Encoding::png,
                                          .overwrite = Overwrite::yes}),
                  .tile = {}};
    packed.tile = PackedTiles{folder / "out"}.image({4, 8, 7});
    return packed;
}

Packed packed(const Raster& raster, const BandOptions& bands) {
    TempFolder folder;
    return packed(write_tiff(folder / "a.tif", raster), bands, folder);
}

/// A tile of so many bands, of which each is ten times its number.
Raster one_tile(int bands = 3) {
    auto raster = raster_on({4, 8, 7, 9, 8});
    raster.bands = bands;
    raster.value = [](int, int, int band) { return 10 * band; };
    return raster;
}

TEST(BandChoice, shows_the_bands_that_are_named_in_their_order) {
    EXPECT_EQ(pixel_at(packed(one_tile(6), {.bands = {4, 3, 2}}).tile, 9, 9),
              (Pixel{40, 30, 20, 255}));
    EXPECT_EQ(pixel_at(packed(one_tile(6), {.bands = {5, 5, 1}}).tile, 9, 9),
              (Pixel{50, 50, 10, 255}));
    EXPECT_EQ(pixel_at(packed(one_tile(6), {.bands = {6}}).tile, 9, 9), (Pixel{60, 60, 60, 255}));
}

TEST(BandChoice, takes_a_fourth_band_for_alpha) {
    auto raster = one_tile(6);
    raster.value = [](int x, int, int band) { return band < 6 ? 10 * band : x < 128 ? 0 : 255; };

    const auto tile = packed(raster, {.bands = {1, 2, 3, 6}}).tile;

    EXPECT_EQ(pixel_at(tile, 9, 9)[3], 0);
    EXPECT_EQ(pixel_at(tile, 200, 9), (Pixel{10, 20, 30, 255}));
}

TEST(BandChoice, says_nothing_of_bands_that_were_not_named) {
    EXPECT_THAT(packed(one_tile(6), {.bands = {1}}).result.notes, IsEmpty());
}

TEST(BandChoice, keeps_the_alpha_of_the_source_unless_it_shows_as_a_colour) {
    TempFolder folder;
    auto raster = one_tile(5);
    raster.value = [](int x, int, int band) { return band < 5 ? 10 * band : x < 128 ? 0 : 255; };
    const auto source = write_tiff(folder / "a.tif", raster);
    gdal::Dataset {
        GDALDataset::Open(source.c_str(), GDAL_OF_RASTER | GDAL_OF_UPDATE)
        } -> GetRasterBand(5)->SetColorInterpretation(GCI_AlphaBand);

    const auto tile = packed(source, {.bands = {4, 3, 2}}, folder).tile;
    const auto with_alpha_shown = packed(source, {.bands = {5, 3, 2}}, folder).tile;

    EXPECT_EQ(pixel_at(tile, 9, 9)[3], 0);
    EXPECT_EQ(pixel_at(tile, 200, 9), (Pixel{40, 30, 20, 255}));
    EXPECT_EQ(pixel_at(with_alpha_shown, 9, 9), (Pixel{0, 30, 20, 255}));
    EXPECT_EQ(pixel_at(with_alpha_shown, 200, 9), (Pixel{255, 30, 20, 255}));
}

TEST(BandChoice, refuses_bands_that_the_source_has_not) {
    EXPECT_THAT(
        [] {
            packed(one_tile(3), {.bands = {4, 3, 2}});
        },
        throws(Errc::invalid_argument,
               AllOf(HasSubstr("--bands 4,3,2"), HasSubstr("a.tif has 3 bands"))));
    EXPECT_THAT(
        [] {
            packed(one_tile(3), {.bands = {1, 2}});
        },
        throws(Errc::invalid_argument, HasSubstr("--bands")));
}

TEST(BandChoice, stretches_from_a_range_that_is_given) {
    auto raster = one_tile();
    raster.type = GDT_UInt16;
    raster.value = [](int, int, int band) { return 1000 * band; };

    const auto result = packed(raster, {.stretch = parse_stretch("0,5100")});

    EXPECT_EQ(pixel_at(result.tile, 9, 9), (Pixel{50, 100, 150, 255}));
    EXPECT_THAT(result.result.notes, IsEmpty());
    EXPECT_EQ(
        pixel_at(packed(raster, {.stretch = parse_stretch("0,1000:0,10000:4000,5000")}).tile, 9, 9),
        (Pixel{255, 51, 0, 255}));
}

TEST(BandChoice, stretches_bytes_where_that_is_asked_for) {
    auto raster = one_tile();
    raster.value = [](int x, int, int) { return 100 + x / 8; };

    const auto plain = packed(raster, {}).tile;
    const auto given = packed(raster, {.stretch = parse_stretch("100,151")}).tile;
    const auto automatic = packed(raster, {.stretch = parse_stretch("auto")});

    EXPECT_EQ(pixel_at(plain, 80, 9)[0], 110);
    EXPECT_EQ(pixel_at(given, 80, 9)[0], 50);
    EXPECT_EQ(pixel_at(automatic.tile, 0, 9)[0], 0);
    EXPECT_EQ(pixel_at(automatic.tile, 255, 9)[0], 255);
    EXPECT_THAT(automatic.result.notes, testing::ElementsAre(HasSubstr("--stretch 100,131")));
}

TEST(BandChoice, cuts_wider_samples_to_bytes_without_a_stretch) {
    auto raster = one_tile();
    raster.type = GDT_Float32;
    raster.value = [](int, int, int band) { return band == 1 ? -7 : band == 2 ? 99.6 : 3000; };

    EXPECT_EQ(pixel_at(packed(raster, {.stretch = parse_stretch("none")}).tile, 9, 9),
              (Pixel{0, 100, 255, 255}));
}

TEST(BandChoice, leaves_a_palette_as_it_is_whatever_the_stretch) {
    TempFolder folder;
    auto raster = one_tile(1);
    raster.palette = {{255, 0, 0, 255}, {0, 0, 255, 255}, {0, 255, 0, 255}};
    raster.value = [](int x, int, int) { return x < 128 ? 1 : 2; };
    const auto source = (folder / "a.vrt").string();
    ASSERT_EQ(
        run({"gdal_translate", "-q", "-of", "VRT", write_tiff(folder / "a.tif", raster), source})
            .exit_code,
        0);
    auto vrt = read_text(source);  // a GeoTIFF has no alpha in its palette
    const std::string green = R"(c1="0" c2="255" c3="0" c4="255")";
    ASSERT_NE(vrt.find(green), std::string::npos);
    write_file(source,
               vrt.replace(vrt.find(green), green.size(), R"(c1="0" c2="255" c3="0" c4="0")"));

    for (const char* const stretch : {"0,2", "auto", "none"}) {
        const auto tile = packed(source, {.stretch = parse_stretch(stretch)}, folder).tile;

        EXPECT_EQ(pixel_at(tile, 9, 9), (Pixel{0, 0, 255, 255})) << stretch;
        EXPECT_EQ(pixel_at(tile, 200, 9)[3], 0) << stretch;
    }
}

TEST(BandChoice, refuses_a_range_a_band_for_a_source_of_one) {
    EXPECT_THAT([] { packed(one_tile(1), {.stretch = parse_stretch("0,1:2,3:4,5")}); },
                throws(Errc::invalid_argument, AllOf(HasSubstr("--stretch 0,1:2,3:4,5"),
                                                     HasSubstr("a.tif shows one band"))));
}

/// Whether pixels of the values are absent.
struct NodataCase {
    GDALDataType type;
    std::optional<double> in_file;
    std::optional<std::vector<double>> given;
    double value;
    bool is_absent;
};

TEST(BandChoice, takes_nodata_from_the_user_before_the_source) {
    const NodataCase cases[] = {
        {GDT_Byte, {}, {{7}}, 7, true},
        {GDT_Byte, 7, {{9}}, 7, false},
        {GDT_Byte, 7, {{}}, 7, false},
        {GDT_Byte, {}, {{-9999}}, 7, false},
        {GDT_UInt16, 65535, {}, 65535, true},
        {GDT_UInt16, {}, {{40000}}, 40000, true},
        {GDT_UInt16, 0, {{}}, 0, false},
        {GDT_Int16, -32768, {}, -32768, true},
        {GDT_Float32, -3.4e38, {}, -3.4e38, true},
        {GDT_Float32, nan, {}, nan, true},
        {GDT_Float32, {}, {{0.1}}, 0.1, true},
        {GDT_Float64, 1e300, {}, 1e300, true},
    };
    for (const auto& [type, in_file, given, value, is_absent] : cases) {
        SCOPED_TRACE(testing::Message() << GDALGetDataTypeName(type) << " " << value);
        auto raster = one_tile(1);
        raster.type = type;
        raster.nodata = in_file;
        raster.value = [v = value](int x, int, int) { return x < 128 ? v : 100; };

        const auto tile = packed(raster, {.nodata = given}).tile;

        EXPECT_EQ(pixel_at(tile, 20, 20)[3], is_absent ? 0 : 255);
        EXPECT_EQ(pixel_at(tile, 200, 20)[3], 255);
    }
}

TEST(BandChoice, takes_a_value_of_nodata_for_each_band) {
    auto raster = one_tile();
    raster.value = [](int x, int, int band) { return x < 128 ? 10 * band : 10; };

    const auto tile = packed(raster, {.nodata = {{10, 20, 30}}}).tile;

    EXPECT_EQ(pixel_at(tile, 20, 20)[3], 0);
    EXPECT_EQ(pixel_at(tile, 200, 20), (Pixel{10, 10, 10, 255}));
}

TEST(BandChoice, leaves_nodata_out_of_a_palette_that_the_user_says) {
    auto raster = one_tile(1);
    raster.palette = {{255, 0, 0, 255}, {0, 0, 255, 255}};
    raster.nodata = 0;
    raster.value = [](int x, int, int) { return x / 128; };

    const auto tile = packed(raster, {.nodata = {{1}}}).tile;

    EXPECT_EQ(pixel_at(tile, 20, 20), (Pixel{255, 0, 0, 255}));
    EXPECT_EQ(pixel_at(tile, 200, 20)[3], 0);
}

TEST(BandChoice, keeps_16_bits_of_alpha_and_masks_of_wider_samples) {
    auto alpha = one_tile(2);
    alpha.type = GDT_UInt16;
    alpha.has_alpha = true;
    alpha.value = [](int x, int, int band) { return band == 1 ? 100 : x < 128 ? 0 : 32768; };
    auto masked = one_tile(1);
    masked.type = GDT_Float32;
    masked.mask = [](int x, int) { return x < 128 ? 0 : 255; };

    const auto stretch = parse_stretch("0,255");
    const auto tile = packed(alpha, {.stretch = stretch}).tile;
    const auto masked_tile = packed(masked, {.stretch = stretch}).tile;

    EXPECT_EQ(pixel_at(tile, 20, 20)[3], 0);
    EXPECT_EQ(pixel_at(tile, 200, 20), (Pixel{100, 100, 100, 128}));
    EXPECT_EQ(pixel_at(masked_tile, 20, 20)[3], 0);
    EXPECT_EQ(pixel_at(masked_tile, 200, 20), (Pixel{10, 10, 10, 255}));
}

TEST(BandChoice, honours_a_set_of_nodata_values_that_the_dataset_has_as_a_whole) {
    TempFolder folder;
    auto raster = one_tile();
    raster.value = [](int x, int, int band) { return x < 128 ? 10 * band : 10; };
    const auto source = write_tiff(folder / "a.tif", raster);
    gdal::Dataset {
        GDALDataset::Open(source.c_str(), GDAL_OF_RASTER | GDAL_OF_UPDATE)
        } -> SetMetadataItem("NODATA_VALUES", "10 20 30");

    const auto tile = packed(source, {}, folder).tile;
    const auto without = packed(source, {.nodata = {{}}}, folder).tile;

    EXPECT_EQ(pixel_at(tile, 20, 20)[3], 0);
    EXPECT_EQ(pixel_at(tile, 200, 20), (Pixel{10, 10, 10, 255}));
    EXPECT_EQ(pixel_at(without, 20, 20), (Pixel{10, 20, 30, 255}));
}

}  // namespace
}  // namespace offgrid::test
