// GDAL and Debian's MapCache, programs of other people, read our TIFF files, and we read theirs.

#include "formats/image/encode.h"
#include "formats/tiff/tiff_store.h"
#include "formats/tile/tile_format.h"
#include "tests/formats/tiff/jpeg_tiles.h"
#include "tests/support/mapcache.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <map>
#include <sstream>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::colour_in;
using test::jpeg_tile;
using test::Rgb;
using test::run;
using test::TempFolder;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::Pointwise;

MATCHER(IsNearly, "") {
    return std::abs(std::get<0>(arg) - std::get<1>(arg)) <= 8;
}

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

Grid from_north(const Grid& grid) {
    Grid::Definition definition{.name = "north",
                                .srs = grid.srs(),
                                .unit = grid.unit(),
                                .extent = grid.extent(),
                                .origin = Grid::Origin::top_left};
    for (int z = 0; z < 5; ++z) {
        definition.resolutions.push_back(grid.resolution(z));
    }
    return Grid{definition};
}

/// Tells the tiles of a zoom apart.
Rgb colour_of(const TileKey& key) {
    return {static_cast<std::uint8_t>(30 + 60 * key.x), static_cast<std::uint8_t>(30 + 60 * key.y),
            128};
}

class TiffPeer : public testing::Test {
protected:
    TilesetSlice slice_of(const Grid& grid) const {
        return {.info = {.grid = &grid, .max_zoom = grid.levels() - 1}};
    }

    std::string file(const std::string& name) const { return (folder_ / name).string(); }

    /// Each tile of zoom 2 in its colour, in the encodings in turn.
    void write_map(const Grid& grid) {
        TiffWriter writer{options_, slice_of(grid), locker_};
        for (std::int64_t y = 0; y < grid.matrix_height(2); ++y) {
            for (std::int64_t x = 0; x < grid.matrix_width(2); ++x) {
                const TileKey key{2, x, y};
                const auto encoding = (x + y) % 3;
                writer.put(key, encoding == 0   ? jpeg_tile(colour_of(key))
                                : encoding == 1 ? jpeg_tile(colour_of(key), JpegColour::ycbcr_444)
                                                : Encoder{Encoding::png, 90}.encode(
                                                      test::plain(colour_of(key))));
            }
        }
        writer.commit();
    }

    /// What GDAL finds in the middle of each tile, by coordinates.
    std::vector<Rgb> gdal_colours(const std::string& path, const Grid& grid,
                                  const std::vector<TileKey>& keys) {
        std::string points;
        for (const auto& key : keys) {
            const auto box = grid.box_of(key);
            points +=
                fmt::format("{} {}\n", (box.min_x + box.max_x) / 2, (box.min_y + box.max_y) / 2);
        }
        const auto found = run({"gdallocationinfo", "-valonly", "-geoloc", path},
                               {.input = points, .cwd = {}, .environment = {}});
        EXPECT_EQ(found.exit_code, 0) << found.err;
        std::istringstream values{found.out};
        std::vector<Rgb> colours;
        for (std::array<int, 3> bands{}; values >> bands[0] >> bands[1] >> bands[2];) {
            colours.push_back({static_cast<std::uint8_t>(bands[0]),
                               static_cast<std::uint8_t>(bands[1]),
                               static_cast<std::uint8_t>(bands[2])});
        }
        return colours;
    }

    void expect_map_in_gdal(const Grid& grid) {
        std::map<std::string, std::vector<TileKey>> keys_by_file;
        for (std::int64_t y = 0; y < grid.matrix_height(2); ++y) {
            for (std::int64_t x = 0; x < grid.matrix_width(2); ++x) {
                const TileKey key{2, x, y};
                keys_by_file[PathTemplate{options_.file, options_.path}.render(grid, key)]
                    .push_back(key);
            }
        }
        for (const auto& [path, keys] : keys_by_file) {
            const auto colours = gdal_colours(path, grid, keys);
            ASSERT_EQ(colours.size(), keys.size()) << path;
            for (std::size_t i = 0; i < keys.size(); ++i) {
                EXPECT_THAT(colours[i], Pointwise(IsNearly(), colour_of(keys[i])))
                    << grid.name() << ' ' << keys[i].x << ',' << keys[i].y << " in " << path;
            }
        }
    }

    /// What the CGI of MapCache answers for a tile of the files; empty when it has none.
    Bytes ask_mapcache(const TileKey& key) {
        test::write_file(folder_ / "mapcache.xml",
                         fmt::format(R"(<mapcache>
  <cache name="tiles" type="tiff"><template>{}</template><xcount>{}</xcount><ycount>{}</ycount></cache>
  <tileset name="map"><cache>tiles</cache><grid>GoogleMapsCompatible</grid><format>JPEG</format></tileset>
  <service type="tms" enabled="true"/>
  <lock_dir>{}</lock_dir>
</mapcache>)",
                                     options_.file, options_.path.xcount, options_.path.ycount,
                                     folder_.path().string()));
        const auto answer =
            test::ask_mapcache(folder_ / "mapcache.xml",
                               fmt::format("/tms/1.0.0/map@GoogleMapsCompatible/{}/{}/{}.jpg",
                                           key.z, key.x, mercator().flip(key.z, key.y)));
        EXPECT_THAT(answer.headers, HasSubstr("Content-Type: image/")) << answer.body;
        const auto& body = answer.body;
        return sniff_format(as_bytes(body)) == TileFormat::jpeg
                   ? Bytes{body.begin(), body.end()}
                   : Bytes{};  // it answers what is absent with a transparent PNG
    }

    /// Zoom 2 as GDAL makes it: red grows to the east, green to the south.
    std::string gdal_map(const std::vector<std::string>& options) {
        std::string pixels = "P6 1024 1024 255\n";
        for (int y = 0; y < 1024; ++y) {
            for (int x = 0; x < 1024; ++x) {
                pixels += {static_cast<char>(x / 4), static_cast<char>(y / 4), '\x7F'};
            }
        }
        test::write_file(folder_ / "map.ppm", pixels);
        std::vector<std::string> command{"gdal_translate", "-q",  "-of",          "GTiff", "-co",
                                         "TILED=YES",      "-co", "COMPRESS=JPEG"};
        for (const auto& option : options) {
            command.insert(command.end(), {"-co", option});
        }
        command.insert(command.end(), {file("map.ppm"), file("2-0-0.tif")});
        const auto done = run(command);
        EXPECT_EQ(done.exit_code, 0) << done.err;
        return file("2-0-0.tif");
    }

    TempFolder folder_;
    TiffOptions options_{.name = "pictures", .file = file("{z}-{x}-{y}.tif")};
    FileLocker locker_{{.folder = folder_.path()}};
};

// --- They read ours

TEST_F(TiffPeer, gdal_finds_every_tile_where_it_belongs) {
    const auto north = from_north(mercator());
    for (const auto* grid : {&mercator(), &north}) {
        for (const auto photometric : {Photometric::ycbcr, Photometric::rgb}) {
            for (const std::int64_t count : {10, 3}) {
                options_.file = file(fmt::format("{}{}{{grid}}/{{z}}-{{x}}-{{y}}.tif", count,
                                                 photometric == Photometric::rgb ? "rgb" : ""));
                options_.path.xcount = options_.path.ycount = count;
                options_.photometric = photometric;
                write_map(*grid);
                expect_map_in_gdal(*grid);
            }
        }
    }
}

TEST_F(TiffPeer, gdal_reads_the_reference_system_and_every_block) {
    const auto north = from_north(mercator());
    for (const auto* grid : {&mercator(), &north}) {
        options_.file = file("{grid}/{z}-{x}-{y}.tif");
        write_map(*grid);
        const auto info = run({"gdalinfo", "-checksum", file(grid->name() + "/2-0-0.tif")});
        EXPECT_EQ(info.exit_code, 0);
        EXPECT_EQ(info.err, "") << "no warning";
        EXPECT_THAT(info.out,
                    AllOf(HasSubstr("ID[\"EPSG\",3857]"), HasSubstr("Size is 1024, 1024"),
                          HasSubstr("Origin = (-20037508.34"), HasSubstr(",20037508.34"),
                          HasSubstr("Pixel Size = (39135.75848"), HasSubstr("AREA_OR_POINT=Area"),
                          HasSubstr("COMPRESSION=YCbCr JPEG"), Not(HasSubstr("Checksum=-1"))));
    }
}

TEST_F(TiffPeer, gdal_knows_degrees_and_systems_without_a_code) {
    options_.file = file("{grid}.tif");
    const auto tile = jpeg_tile({1, 2, 3});
    const auto info_of = [&](const Grid& grid) {
        TiffWriter writer{options_, {.info = {.grid = &grid}}, locker_};
        writer.put({0, 0, 0}, tile);
        writer.commit();
        const auto info = run({"gdalinfo", file(grid.name() + ".tif")});
        EXPECT_EQ(info.err, "") << grid.name();
        return info.out;
    };
    EXPECT_THAT(info_of(Grid::wgs84()),
                AllOf(HasSubstr("ID[\"EPSG\",4326]"), HasSubstr("Size is 512, 256"),
                      HasSubstr("Origin = (-180.000000000000000,90.000000000000000)")));
    Grid::Definition local{
        .name = "local", .srs = "MINE:7", .extent = {0, 0, 2560, 2560}, .resolutions = {10}};
    EXPECT_THAT(info_of(Grid{local}),
                AllOf(HasSubstr("MINE:7"), HasSubstr("metre"), HasSubstr("Origin = (0.00000000"),
                      HasSubstr(",2560.0000")));
    local.name = "old";
    local.srs = "EPSG:900913";
    EXPECT_THAT(info_of(Grid{local}), HasSubstr("ID[\"EPSG\",3857]"));
    local.name = "aliased";
    local.srs = "MINE:8";
    local.srs_aliases = {"OTHER:1", "epsg:25832"};
    EXPECT_THAT(info_of(Grid{local}), HasSubstr("ID[\"EPSG\",25832]"));
    local.name = "far";
    local.srs = "MINE:9";
    local.srs_aliases = {};
    local.unit = Grid::Unit::degree;
    EXPECT_THAT(info_of(Grid{local}), AllOf(HasSubstr("MINE:9"), HasSubstr("degree")));
}

TEST_F(TiffPeer, gdal_reads_bigtiff_and_what_is_sparse) {
    options_.path.xcount = options_.path.ycount = 256;
    TiffWriter writer{options_, slice_of(mercator()), locker_};
    writer.put({8, 255, 0}, jpeg_tile({200, 30, 40}));
    writer.commit();
    const auto colours =
        gdal_colours(file("8-0-0.tif"), mercator(), {TileKey{8, 255, 0}, TileKey{8, 0, 0}});
    ASSERT_EQ(colours.size(), 2U);
    EXPECT_THAT(colours[0], Pointwise(IsNearly(), Rgb{200, 30, 40}));
    EXPECT_THAT(colours[1], Each(0));
}

/// MapCache puts the tables of the file in front of a tile that has its own: other bytes, the same
/// picture.
TEST_F(TiffPeer, mapcache_serves_the_pictures_that_we_stored) {
    for (const std::int64_t count : {10, 3}) {
        options_.file = file(fmt::format("{}/{{z}}-{{x}}-{{y}}.tif", count));
        options_.path.xcount = options_.path.ycount = count;
        write_map(mercator());
        const TiffReader reader{options_, slice_of(mercator())};
        for (const TileKey key : {TileKey{2, 0, 0}, TileKey{2, 1, 0}, TileKey{2, 2, 0},
                                  TileKey{2, 3, 1}, TileKey{2, 0, 3}, TileKey{2, 3, 3}}) {
            const auto theirs = ask_mapcache(key);
            EXPECT_EQ(colour_in(theirs), colour_in(reader.get(key)->content));
            EXPECT_THAT(colour_in(theirs), Pointwise(IsNearly(), colour_of(key)));
        }
    }
}

TEST_F(TiffPeer, mapcache_and_we_miss_the_same_tiles) {
    TiffWriter writer{options_, slice_of(mercator()), locker_};
    writer.put({1, 0, 0}, jpeg_tile({1, 2, 3}));
    writer.put({1, 1, 0}, jpeg_tile({1, 2, 3}));
    writer.commit();
    writer.erase({1, 1, 0});
    writer.commit();
    EXPECT_FALSE(ask_mapcache({1, 0, 0}).empty());
    EXPECT_TRUE(ask_mapcache({1, 1, 0}).empty()) << "erased";
    EXPECT_TRUE(ask_mapcache({1, 1, 1}).empty()) << "never there";
    EXPECT_TRUE(ask_mapcache({2, 0, 0}).empty()) << "no file";
}

TEST_F(TiffPeer, mapcache_finds_files_that_are_counted_from_the_far_edge) {
    options_.file = file("{z}-{inv_x}-{inv_y}-{inv_div_x}.tif");
    options_.path = {.xcount = 3, .ycount = 2, .counts_inv_x_in_rows = true};
    write_map(mercator());
    for (const TileKey key : {TileKey{2, 0, 0}, TileKey{2, 1, 1}, TileKey{2, 3, 3}}) {
        EXPECT_THAT(colour_in(ask_mapcache(key)), Pointwise(IsNearly(), colour_of(key)));
    }
}

// --- We read theirs

TEST_F(TiffPeer, reads_the_bytes_of_gdals_files_that_mapcache_answers) {
    const std::vector<std::vector<std::string>> kinds{
        {"PHOTOMETRIC=YCBCR"},
        {"PHOTOMETRIC=YCBCR", "JPEGTABLESMODE=3"},
        {"PHOTOMETRIC=YCBCR", "BIGTIFF=YES"},
        {"PHOTOMETRIC=YCBCR", "ENDIANNESS=BIG"},
        {"PHOTOMETRIC=YCBCR", "ENDIANNESS=BIG", "BIGTIFF=YES"}};
    for (const auto& kind : kinds) {
        gdal_map(kind);
        const TiffReader reader{options_, slice_of(mercator())};
        for (const TileKey key : {TileKey{2, 0, 0}, TileKey{2, 3, 0}, TileKey{2, 1, 2}}) {
            const auto theirs = ask_mapcache(key);
            ASSERT_FALSE(theirs.empty());
            EXPECT_EQ(reader.get(key)->content, theirs) << kind.back();
        }
    }
}

TEST_F(TiffPeer, shows_the_colours_of_gdals_rgb_files_to_every_decoder) {
    gdal_map({});
    const TiffReader reader{options_, slice_of(mercator())};
    const TileKey key{2, 3, 0};
    const auto tile = reader.get(key)->content;
    const auto colour = colour_in(tile);
    EXPECT_NEAR(colour[0], 224, 8);
    EXPECT_NEAR(colour[1], 32, 8);
    // MapCache leaves the marker out that says so.
    EXPECT_EQ(tile.size(), ask_mapcache(key).size() + 16);
}

TEST_F(TiffPeer, reads_tiles_with_their_own_tables_which_mapcache_cannot) {
    gdal_map({"PHOTOMETRIC=YCBCR", "JPEGTABLESMODE=0"});
    const TiffReader reader{options_, slice_of(mercator())};
    EXPECT_NEAR(colour_in(reader.get({2, 3, 0})->content)[0], 224, 12);
}

TEST_F(TiffPeer, adds_to_gdals_files_in_their_own_way) {
    const std::vector<std::vector<std::string>> kinds{
        {"PHOTOMETRIC=YCBCR"},
        {"PHOTOMETRIC=YCBCR", "ENDIANNESS=BIG"},
        {},
        {"PHOTOMETRIC=YCBCR", "BIGTIFF=YES", "ENDIANNESS=BIG"}};
    for (const auto& kind : kinds) {
        const auto path = gdal_map(kind);
        ASSERT_EQ(run({"gdaladdo", "-q", path, "2"}).exit_code, 0);
        TiffWriter writer{options_, slice_of(mercator()), locker_};
        writer.put({2, 1, 2}, jpeg_tile({200, 30, 40}));
        writer.commit();
        const auto info = run({"gdalinfo", "-checksum", path});
        EXPECT_EQ(info.err, "");
        EXPECT_THAT(info.out, HasSubstr("Overviews: 512x512"));
        const auto pixel = run({"gdallocationinfo", "-valonly", path, "384", "640"});
        int red = 0;
        std::istringstream{pixel.out} >> red;
        EXPECT_NEAR(red, 200, 8);
        const auto untouched = run({"gdallocationinfo", "-valonly", path, "896", "128"});
        std::istringstream{untouched.out} >> red;
        EXPECT_NEAR(red, 224, 8);
    }
}

}  // namespace
}  // namespace offgrid
