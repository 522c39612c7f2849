// GDAL, a program of other people, reads our Cloud Optimized GeoTIFFs and says that they are such.

#include "formats/image/decode.h"
#include "formats/tiff/cog_reader.h"
#include "formats/tiff/cog_writer.h"
#include "tests/formats/tiff/cog_test.h"
#include "tests/support/process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid {
namespace {

using test::add_pictures;
using test::EncodedTiles;
using test::picture;
using test::run;
using test::TempFolder;
using test::write_cog;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

/// Where GDAL is to look for a tile.
struct Window {
    int overview = -1;  ///< -1: the full image
    std::int64_t column = 0;
    std::int64_t row = 0;
};

Window window(std::int64_t column, std::int64_t row, int overview = -1) {
    return {overview, column, row};
}

class CogPeer : public testing::Test {
protected:
    /// Debian's interpreter, which has GDAL's modules.
    std::string validate() const {
        const auto answer =
            run({"/usr/bin/python3", "-m", "osgeo_utils.samples.validate_cloud_optimized_geotiff",
                 "--full-check=yes", options_.file});
        return answer.out + answer.err;
    }

    void expect_valid() const {
        EXPECT_THAT(validate(), AllOf(HasSubstr("is a valid cloud optimized GeoTIFF"),
                                      Not(HasSubstr("warning"))));
    }

    std::string info() const {
        const auto answer = run({"gdalinfo", "-mdd", "TILING_SCHEME", options_.file});
        EXPECT_EQ(answer.exit_code, 0);
        EXPECT_EQ(answer.err, "") << "no warning";
        return answer.out;
    }

    /// The samples of a tile, pixel by pixel, of the bands of the file or of some.
    Bytes pixels(const Window& window, const std::vector<std::string>& bands = {}) const {
        std::vector<std::string> command{"gdal_translate", "-q",  "-of",
                                         "ENVI",           "-co", "INTERLEAVE=BIP"};
        if (window.overview >= 0) {
            command.insert(command.end(),
                           {"-oo", fmt::format("OVERVIEW_LEVEL={}", window.overview)});
        }
        for (const auto& band : bands) {
            command.insert(command.end(), {"-b", band});
        }
        const auto out = (folder_ / "window.raw").string();
        command.insert(command.end(),
                       {"-srcwin", std::to_string(256 * window.column),
                        std::to_string(256 * window.row), "256", "256", options_.file, out});
        const auto done = run(command);
        EXPECT_EQ(done.exit_code, 0) << done.err;
        EXPECT_EQ(done.err, "") << "no warning";
        const auto text = test::read_text(out);
        return {text.begin(), text.end()};
    }

    /// Each tile of a range decoded is what GDAL finds there; the range begins at the window.
    void expect_tiles(const EncodedTiles& tiles, const TileRange& range, const Window& first,
                      std::size_t samples) const {
        for (auto y = range.min_y; y < range.max_y; ++y) {
            for (auto x = range.min_x; x < range.max_x; ++x) {
                const auto image = decode_tile(tiles.at({range.z, x, y}));
                Bytes expected;
                for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
                    const auto pixel = image.rgba.begin() + static_cast<std::ptrdiff_t>(i);
                    expected.insert(expected.end(), pixel,
                                    pixel + static_cast<std::ptrdiff_t>(samples));
                }
                const auto found = pixels(window(first.column + x - range.min_x,
                                                 first.row + y - range.min_y, first.overview));
                EXPECT_TRUE(found == expected) << range.z << '/' << x << '/' << y;
            }
        }
    }

    TempFolder folder_;
    CogOptions options_{.name = "image", .file = (folder_ / "map.tif").string()};
};

constexpr TileRange full{4, 4, 6, 8, 9};  // grows by the row 9
constexpr TileRange half{3, 2, 3, 4, 5};

EncodedTiles two_zooms(Encoding encoding, bool has_alpha = false) {
    EncodedTiles tiles;
    add_pictures(tiles, full, Encoder{encoding, 85}, has_alpha);
    add_pictures(tiles, half, Encoder{encoding, 85}, has_alpha);
    return tiles;
}

TEST_F(CogPeer, gdal_finds_a_valid_cog_that_is_aligned_to_the_grid) {
    for (const auto encoding : {Encoding::jpeg, Encoding::png, Encoding::webp}) {
        options_.file = (folder_ / fmt::format("{}.tif", static_cast<int>(encoding))).string();
        write_cog(options_, two_zooms(encoding));
        expect_valid();
        EXPECT_THAT(info(),
                    AllOf(HasSubstr("LAYOUT=COG"), HasSubstr("ID[\"EPSG\",3857]"),
                          HasSubstr("Size is 1024, 1024"), HasSubstr("Overviews: 512x512\n"),
                          HasSubstr("Origin = (-10018754.17139"), HasSubstr(",5009377.0856"),
                          HasSubstr("Pixel Size = (9783.939620"), HasSubstr("Block=256x256"),
                          HasSubstr("NAME=GoogleMapsCompatible"), HasSubstr("ZOOM_LEVEL=4"),
                          HasSubstr("ALIGNED_LEVELS=2")))
            << static_cast<int>(encoding);
    }
}

TEST_F(CogPeer, gdal_decodes_each_jpeg_as_it_was_put) {
    for (const auto colour :
         {JpegColour::ycbcr_420, JpegColour::ycbcr_422, JpegColour::ycbcr_444, JpegColour::rgb}) {
        EncodedTiles tiles;
        add_pictures(tiles, full, Encoder{Encoding::jpeg, 85, colour});
        add_pictures(tiles, half, Encoder{Encoding::jpeg, 85, colour});
        options_.file = (folder_ / fmt::format("{}.tif", static_cast<int>(colour))).string();
        write_cog(options_, tiles);
        expect_tiles(tiles, full, window(0, 0), 3);
        expect_tiles(tiles, half, window(0, 0, 0), 3);
        expect_valid();
    }
}

TEST_F(CogPeer, gdal_finds_the_pixels_of_png_and_webp_with_their_alpha) {
    for (const auto encoding : {Encoding::png, Encoding::webp}) {
        auto tiles = two_zooms(encoding, true);
        const TileKey opaque{4, 5, 7};
        tiles[opaque] = Encoder{encoding, 85}.encode(picture(opaque));
        options_.file = (folder_ / fmt::format("{}.tif", static_cast<int>(encoding))).string();
        write_cog(options_, tiles);
        expect_tiles(tiles, full, window(0, 0), 4);
        expect_tiles(tiles, half, window(0, 0, 0), 4);
        EXPECT_THAT(info(), HasSubstr("ColorInterp=Alpha"));
    }
}

TEST_F(CogPeer, gdal_finds_what_is_absent_transparent) {
    for (const auto encoding : {Encoding::jpeg, Encoding::png, Encoding::webp}) {
        auto tiles = two_zooms(encoding);
        tiles.erase({4, 5, 7});
        tiles.erase({3, 3, 4});
        options_.file = (folder_ / fmt::format("{}.tif", static_cast<int>(encoding))).string();
        write_cog(options_, tiles);
        expect_valid();
        const std::vector<std::string> alpha{encoding == Encoding::jpeg ? "mask" : "4"};
        EXPECT_THAT(pixels(window(1, 1), alpha), AllOf(SizeIs(65536), Each(0)));
        EXPECT_THAT(pixels(window(2, 1), alpha), AllOf(SizeIs(65536), Each(255)));
        EXPECT_THAT(pixels(window(1, 3), alpha), Each(0)) << "only to fill the overview";
        EXPECT_THAT(pixels(window(1, 1, 0), alpha), Each(0));
        EXPECT_THAT(pixels(window(0, 1, 0), alpha), Each(255));
        const std::string mask = "Mask Flags: PER_DATASET";
        EXPECT_THAT(info(), HasSubstr(mask));
    }
}

TEST_F(CogPeer, gdal_reads_bigtiff) {
    options_.max_classic_size = 0;
    const auto tiles = two_zooms(Encoding::jpeg);
    write_cog(options_, tiles);
    expect_valid();
    expect_tiles(tiles, full, window(0, 0), 3);
    expect_tiles(tiles, half, window(0, 0, 0), 3);
}

TEST_F(CogPeer, gdal_reads_a_single_tile) {
    for (const std::uint64_t max_classic_size : {std::uint64_t{0}, tiff::max_classic_size}) {
        options_.file = (folder_ / fmt::format("{}.tif", max_classic_size)).string();
        options_.max_classic_size = max_classic_size;
        EncodedTiles tiles;
        add_pictures(tiles, {9, 300, 200, 301, 201}, Encoder{Encoding::jpeg, 85});
        write_cog(options_, tiles);
        expect_valid();
        expect_tiles(tiles, {9, 300, 200, 301, 201}, window(0, 0), 3);
    }
}

TEST_F(CogPeer, gdal_knows_degrees_and_other_grids) {
    EncodedTiles tiles;
    add_pictures(tiles, {2, 0, 0, 8, 4}, Encoder{Encoding::jpeg, 85});
    add_pictures(tiles, {1, 0, 0, 4, 2}, Encoder{Encoding::jpeg, 85});
    add_pictures(tiles, {0, 0, 0, 2, 1}, Encoder{Encoding::jpeg, 85});
    write_cog(options_, tiles, Grid::wgs84());
    expect_valid();
    EXPECT_THAT(info(), AllOf(HasSubstr("ID[\"EPSG\",4326]"), HasSubstr("Size is 2048, 1024"),
                              HasSubstr("Origin = (-180.00000"), HasSubstr(",90.0000000"),
                              HasSubstr("Overviews: 1024x512, 512x256\n"),
                              HasSubstr("NAME=InspireCRS84Quad"), HasSubstr("ALIGNED_LEVELS=3")));
    expect_tiles(tiles, {0, 0, 0, 2, 1}, window(0, 0, 1), 3);

    // Rows of zoom 0 begin a row of zoom 1 further north.
    const Grid local{
        {.name = "a<b", .srs = "EPSG:25832", .extent = {0, 0, 5120, 2560}, .resolutions = {4, 2}}};
    EncodedTiles others;
    add_pictures(others, {1, 0, 0, 10, 5}, Encoder{Encoding::png, 0});
    add_pictures(others, {0, 0, 0, 5, 3}, Encoder{Encoding::png, 0});
    options_.file = (folder_ / "local.tif").string();
    write_cog(options_, others, local);
    expect_valid();
    EXPECT_THAT(info(), AllOf(HasSubstr("ID[\"EPSG\",25832]"), HasSubstr("Size is 2560, 1536"),
                              HasSubstr("Origin = (0.0000"), HasSubstr(",3072.0000"),
                              HasSubstr("NAME=a<b")));
    expect_tiles(others, {1, 0, 0, 10, 5}, window(0, 1), 4);
    expect_tiles(others, {0, 0, 0, 5, 3}, window(0, 0, 0), 4);
}

/// A map of zoom 4 as GDAL's COG driver makes it of a picture.
TEST_F(CogPeer, we_read_what_gdal_aligns_to_the_grid) {
    std::string pixels = "P6 768 512 255\n";
    for (int y = 0; y < 512; ++y) {
        for (int x = 0; x < 768; ++x) {
            pixels += {static_cast<char>(x / 3), static_cast<char>(y / 2), '\x7F'};
        }
    }
    test::write_file(folder_ / "map.ppm", pixels);
    const auto box = mercator().box_of(TileRange{4, 4, 6, 7, 8});
    const auto source = (folder_ / "source.tif").string();
    const auto placed =
        run({"gdal_translate", "-q", "-a_srs", "EPSG:3857", "-a_ullr", fmt::format("{}", box.min_x),
             fmt::format("{}", box.max_y), fmt::format("{}", box.max_x),
             fmt::format("{}", box.min_y), (folder_ / "map.ppm").string(), source});
    ASSERT_EQ(placed.exit_code, 0) << placed.err;
    for (const std::string compression : {"JPEG", "WEBP", "DEFLATE"}) {
        options_.file = (folder_ / (compression + ".tif")).string();
        const auto made =
            run({"gdal_translate", "-q", "-of", "COG", "-co", "COMPRESS=" + compression, "-co",
                 "TILING_SCHEME=GoogleMapsCompatible", "-co", "ALIGNED_LEVELS=2", "-co",
                 "ADD_ALPHA=NO", source, options_.file});
        ASSERT_EQ(made.exit_code, 0) << made.err;
        const CogReader reader{options_, mercator()};
        EXPECT_EQ(reader.info().max_zoom, 4);
        EXPECT_EQ(reader.info().min_zoom, 3) << "others are not aligned";
        EncodedTiles tiles;
        for (const int z : {3, 4}) {
            reader.scan(mercator().whole(z), [&](const TileKey& key, BytesView tile) {
                tiles[key] = {tile.begin(), tile.end()};
            });
        }
        expect_tiles(tiles, {4, 4, 6, 8, 8}, window(0, 0), 3);
        expect_tiles(tiles, {3, 2, 3, 4, 4}, window(0, 0, 0), 3);
    }
}

TEST_F(CogPeer, gdal_is_told_what_the_layer_is) {
    auto slice = test::whole_slice(mercator());
    slice.info.description = "Wells & roads";
    slice.info.attribution = "© Survey";
    CogWriter writer{options_, slice};
    writer.put({0, 0, 0}, Encoder{Encoding::jpeg, 85}.encode(picture({})));
    writer.commit();
    EXPECT_THAT(info(), AllOf(HasSubstr("TIFFTAG_IMAGEDESCRIPTION=Wells & roads"),
                              HasSubstr("TIFFTAG_COPYRIGHT=© Survey")));
}

TEST_F(CogPeer, gdal_sees_the_part_that_was_asked_for) {
    options_.extent = TileRange{4, 5, 7, 7, 8};
    const auto tiles = two_zooms(Encoding::jpeg);
    write_cog(options_, tiles);
    EXPECT_THAT(info(), HasSubstr("Size is 512, 256"));
    expect_tiles(tiles, *options_.extent, window(0, 0), 3);
}

}  // namespace
}  // namespace offgrid
