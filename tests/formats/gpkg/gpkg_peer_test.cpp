// GDAL, a program of other people, reads our GeoPackages, and we read its.

#include "formats/image/decode.h"
#include "formats/image/encode.h"
#include "tests/formats/gpkg/gpkg_support.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <cstdlib>
#include <map>
#include <sstream>

namespace offgrid::gpkg {
namespace {

using test::run;
using test::TempFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

using Rgb = std::array<int, 3>;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

/// Up and down between 0 and 255.
int wave(std::int64_t n) {
    return static_cast<int>(std::abs(n % 510 - 255));
}

/// The colour of a pixel of a map: tells tiles and the places within them apart. Smooth, so that
/// lossy encodings keep it.
Rgb colour_at(std::int64_t x, std::int64_t y) {
    return {wave(x), wave(y), static_cast<int>((x / 256 * 60 + y / 256 * 20) % 256)};
}

/// The tile of such a map.
Image picture_of(const TileKey& key) {
    Image image{256, 256};
    for (int y = 0; y < 256; ++y) {
        for (int x = 0; x < 256; ++x) {
            const auto colour = colour_at(key.x * 256 + x, key.y * 256 + y);
            auto* const pixel = image.row(y) + std::ptrdiff_t{4} * x;
            for (std::size_t band = 0; band < 3; ++band) {
                pixel[band] = static_cast<std::uint8_t>(colour[band]);
            }
            pixel[3] = 255;
        }
    }
    return image;
}

class GpkgPeer : public testing::Test {
protected:
    std::string file(const std::string& name) const { return (folder_ / name).string(); }

    /// Every tile of a range, encoded.
    void write(const std::string& name, const TileRange& range, Encoding encoding,
               StoreInfo info) const {
        Encoder encoder{encoding, 90};
        info.min_zoom = info.max_zoom = range.z;
        GpkgWriter writer{file(name), std::move(info)};
        for (auto y = range.min_y; y < range.max_y; ++y) {
            for (auto x = range.min_x; x < range.max_x; ++x) {
                const TileKey key{range.z, x, y};
                writer.put(key, encoder.encode(picture_of(key)));
            }
        }
        writer.commit();
    }

    /// What GDAL finds at the middle of pixels of a zoom, by coordinates.
    std::vector<Rgb> gdal_colours(const std::string& name, const Grid& grid, int z,
                                  const std::vector<std::array<std::int64_t, 2>>& pixels) const {
        std::string points;
        const auto whole = grid.box_of(grid.whole(z));
        for (const auto& [x, y] : pixels) {
            const auto size = grid.resolution(z);
            points += fmt::format("{} {}\n", whole.min_x + (static_cast<double>(x) + 0.5) * size,
                                  whole.max_y - (static_cast<double>(y) + 0.5) * size);
        }
        const auto found = run({"gdallocationinfo", "-valonly", "-geoloc", "-b", "1", "-b", "2",
                                "-b", "3", file(name)},
                               {.input = points, .cwd = {}, .environment = {}});
        EXPECT_EQ(found.exit_code, 0) << found.err;
        std::istringstream values{found.out};
        std::vector<Rgb> colours;
        for (Rgb colour{}; values >> colour[0] >> colour[1] >> colour[2];) {
            colours.push_back(colour);
        }
        return colours;
    }

    /// The map of some tiles of a zoom as a raster with coordinates.
    std::string write_raster(const std::string& name, const TileRange& range, const Grid& grid,
                             const std::vector<int>& window = {}) const {
        std::string pixels = fmt::format("P6 {} {} 255\n", (range.max_x - range.min_x) * 256,
                                         (range.max_y - range.min_y) * 256);
        for (auto y = range.min_y * 256; y < range.max_y * 256; ++y) {
            for (auto x = range.min_x * 256; x < range.max_x * 256; ++x) {
                for (const int value : colour_at(x, y)) {
                    pixels += static_cast<char>(value);
                }
            }
        }
        test::write_file(folder_ / (name + ".ppm"), pixels);
        const auto box = grid.box_of(range);
        gdal({"gdal_translate", "-q", "-a_srs", grid.srs(), "-a_ullr",
              fmt::format("{:.17g}", box.min_x), fmt::format("{:.17g}", box.max_y),
              fmt::format("{:.17g}", box.max_x), fmt::format("{:.17g}", box.min_y),
              file(name + ".ppm"), file(name + ".tif")});
        if (window.empty()) {
            return file(name + ".tif");
        }
        std::vector<std::string> cut{"gdal_translate", "-q", "-srcwin"};
        for (const int number : window) {
            cut.push_back(std::to_string(number));
        }
        cut.insert(cut.end(), {file(name + ".tif"), file(name + "-cut.tif")});
        gdal(cut);
        return file(name + "-cut.tif");
    }

    std::string gdal(const std::vector<std::string>& command) const {
        const auto done = run(command);
        EXPECT_EQ(done.exit_code, 0) << command.front() << ": " << done.err;
        return done.out;
    }

    /// Of what GDAL wrote without loss, the pixels that are other than those of the map; where the
    /// tile is transparent, nothing is said.
    int wrong_pixels(const GpkgReader& reader, const TileKey& key) const {
        const auto tile = reader.get(key);
        if (!tile) {
            return -1;
        }
        const auto found = decode_tile(tile->content);
        const auto wanted = picture_of(key);
        int wrong = 0;
        for (std::size_t i = 0; i < wanted.rgba.size(); i += 4) {
            wrong += found.rgba[i + 3] != 0 &&
                     !std::equal(&found.rgba[i], &found.rgba[i] + 3, &wanted.rgba[i]);
        }
        return wrong;
    }

    TempFolder folder_;
    std::unique_ptr<GpkgPool> pool_ = make_gpkg_pool(4);
};

// --- GDAL reads ours

TEST_F(GpkgPeer, gdal_finds_every_pixel_where_it_belongs) {
    for (const auto* grid : {&mercator(), &Grid::wgs84()}) {
        for (const auto encoding : {Encoding::png, Encoding::jpeg, Encoding::webp}) {
            const auto name = fmt::format("{}{}.gpkg", grid->name(), static_cast<int>(encoding));
            write(name, grid->whole(2), encoding, {.grid = grid});
            std::vector<std::array<std::int64_t, 2>> pixels;
            for (std::int64_t y = 20; y < grid->matrix_height(2) * 256; y += 90) {
                for (std::int64_t x = 20; x < grid->matrix_width(2) * 256; x += 90) {
                    pixels.push_back({x, y});
                }
            }
            const auto colours = gdal_colours(name, *grid, 2, pixels);
            ASSERT_EQ(colours.size(), pixels.size());
            int worst = 0;
            for (std::size_t i = 0; i < pixels.size(); ++i) {
                const auto wanted = colour_at(pixels[i][0], pixels[i][1]);
                for (std::size_t band = 0; band < 3; ++band) {
                    worst = std::max(worst, std::abs(colours[i][band] - wanted[band]));
                }
            }
            EXPECT_LE(worst, encoding == Encoding::png ? 0 : 12) << name;
        }
    }
}

TEST_F(GpkgPeer, gdal_opens_a_region_to_the_pixel) {
    // Bounds that end within tiles: GDAL's image begins there.
    write("part.gpkg", {4, 7, 5, 10, 7}, Encoding::png, {.bounds = Box{-10.5, 38.1, 33, 50.3}});
    const auto info = run({"gdalinfo", "-checksum", file("part.gpkg")});
    EXPECT_EQ(info.exit_code, 0);
    EXPECT_EQ(info.err, "") << "no warning";
    EXPECT_THAT(info.out, AllOf(HasSubstr("ID[\"EPSG\",3857]"), HasSubstr("IDENTIFIER=part"),
                                HasSubstr("Pixel Size = (9783.93962"), HasSubstr("ZOOM_LEVEL=4")));
    for (const auto& [x, y] :
         std::vector<std::array<std::int64_t, 2>>{{1940, 1390}, {2200, 1535}, {2420, 1560}}) {
        EXPECT_THAT(gdal_colours("part.gpkg", mercator(), 4, {{x, y}}),
                    ElementsAre(colour_at(x, y)))
            << x << ',' << y;
    }
}

TEST_F(GpkgPeer, gdal_takes_coarser_zooms_for_overviews) {
    Encoder encoder{Encoding::png, 90};
    GpkgWriter writer{file("a.gpkg"), {.name = "Roads", .max_zoom = 3}};
    for (int z = 1; z <= 3; ++z) {
        for (std::int64_t y = 0; y < mercator().matrix_height(z); ++y) {
            for (std::int64_t x = 0; x < mercator().matrix_width(z); ++x) {
                writer.put({z, x, y}, encoder.encode(picture_of({z, x, y})));
            }
        }
    }
    writer.commit();
    const auto info = gdal({"gdalinfo", file("a.gpkg")});
    EXPECT_THAT(info, AllOf(HasSubstr("Size is 2048, 2048"), HasSubstr("IDENTIFIER=Roads"),
                            HasSubstr("Overviews: 1024x1024, 512x512")));
}

// --- We read GDAL's

TEST_F(GpkgPeer, reads_the_grids_that_gdal_knows) {
    for (const auto& [scheme, grid] : std::map<std::string, const Grid*>{
             {"GoogleMapsCompatible", &mercator()}, {"PseudoTMS_GlobalGeodetic", &Grid::wgs84()}}) {
        const auto range = grid->whole(2);
        gdal({"gdal_translate", "-q", "-of", "GPKG", "-co", "TILING_SCHEME=" + scheme, "-co",
              "TILE_FORMAT=PNG", write_raster(scheme, range, *grid), file(scheme + ".gpkg")});
        gdal({"gdaladdo", "-q", file(scheme + ".gpkg"), "2", "4"});
        ASSERT_EQ(&grid_of(file(scheme + ".gpkg"), ""), grid);
        const GpkgReader reader{file(scheme + ".gpkg"), "", *grid, *pool_};
        EXPECT_EQ(reader.info().min_zoom, 0);
        EXPECT_EQ(reader.info().max_zoom, 2);
        for (auto y = range.min_y; y < range.max_y; ++y) {
            for (auto x = range.min_x; x < range.max_x; ++x) {
                EXPECT_EQ(wrong_pixels(reader, {2, x, y}), 0) << scheme << ' ' << x << ',' << y;
            }
        }
        ASSERT_TRUE(reader.info().bounds);
        EXPECT_NEAR(reader.info().bounds->min_x, -180, 1e-6);
    }
}

TEST_F(GpkgPeer, reads_a_region_that_gdal_cut_out) {
    gdal({"gdal_translate", "-q", "-of", "GPKG", "-co", "TILING_SCHEME=GoogleMapsCompatible", "-co",
          "TILE_FORMAT=PNG",
          write_raster("map", {5, 16, 8, 20, 12}, mercator(), {100, 300, 500, 400}),
          file("cut.gpkg")});
    const GpkgReader reader{file("cut.gpkg"), "cut", mercator(), *pool_};
    EXPECT_EQ(reader.info().max_zoom, 5);
    int tiles = 0;
    reader.scan(mercator().whole(5), [&](const TileKey& key, BytesView /*content*/) {
        EXPECT_EQ(wrong_pixels(reader, key), 0) << key.x << ',' << key.y;
        ++tiles;
    });
    EXPECT_EQ(tiles, 3 * 2) << "columns 16 to 18, rows 9 and 10";
    EXPECT_FALSE(reader.exists({5, 19, 9}));
}

TEST_F(GpkgPeer, reads_a_matrix_set_that_begins_at_the_image) {
    // Without a tiling scheme, GDAL starts at the corner of the image, here of a tile.
    gdal({"gdal_translate", "-q", "-of", "GPKG", "-co", "TILE_FORMAT=PNG",
          write_raster("own", {5, 17, 9, 20, 11}, mercator()), file("own.gpkg")});
    EXPECT_EQ(&grid_of(file("own.gpkg"), ""), &mercator());
    const GpkgReader reader{file("own.gpkg"), "", mercator(), *pool_};
    EXPECT_EQ(reader.info().min_zoom, 5);
    EXPECT_EQ(reader.info().max_zoom, 5);
    for (std::int64_t y = 9; y < 11; ++y) {
        for (std::int64_t x = 17; x < 20; ++x) {
            EXPECT_EQ(wrong_pixels(reader, {5, x, y}), 0) << x << ',' << y;
        }
    }
    // An image that begins within a tile is none of this grid.
    gdal({"gdal_translate", "-q", "-of", "GPKG",
          write_raster("off", {5, 17, 9, 20, 11}, mercator(), {10, 10, 300, 300}),
          file("off.gpkg")});
    EXPECT_THROW(grid_of(file("off.gpkg"), ""), Error);
}

TEST_F(GpkgPeer, reads_tiles_beside_features) {
    gdal({"gdal_translate", "-q", "-of", "GPKG", "-co", "TILING_SCHEME=GoogleMapsCompatible", "-co",
          "TILE_FORMAT=PNG", write_raster("both", mercator().whole(1), mercator()),
          file("both.gpkg")});
    test::write_file(folder_ / "points.geojson", R"({"type": "Point", "coordinates": [1, 2]})");
    gdal({"ogr2ogr", "-update", "-append", "-nln", "points", file("both.gpkg"),
          file("points.geojson")});
    EXPECT_THAT(test::query_sql(folder_ / "both.gpkg",
                                "SELECT count(*) > 0 FROM sqlite_schema WHERE type='trigger'"),
                ElementsAre("1"));
    EXPECT_THAT(tile_tables_of(file("both.gpkg")), ElementsAre("both"));
    const GpkgReader reader{file("both.gpkg"), "", mercator(), *pool_};
    EXPECT_EQ(wrong_pixels(reader, {1, 1, 0}), 0);
}

}  // namespace
}  // namespace offgrid::gpkg
