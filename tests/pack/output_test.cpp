// What a pack can leave its tiles as, read by those who know such files.

#include "formats/config/store_location.h"
#include "formats/sqlite/mbtiles_store.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

/// A raster of four pyramids, whose tiles are known from a z-top package of it.
class Outputs : public testing::Test {
protected:
    Outputs() : source_{write_tiff(folder_ / "a.tif", raster_on({8, 128, 124, 132, 128}))} {
        auto package = options(OutputKind::ztop, "package");
        pack_quietly(package);
        tiles_ = std::make_unique<PackedTiles>(folder_ / "package");
    }

    PackOptions options(OutputKind as, const std::string& name) const {
        return {.sources = {source_},
                .output = folder_ / name,
                .as = as,
                .layer = "map",
                .top = 7,
                .encoding = Encoding::jpeg};
    }

    /// Expect the tiles of the package in the store that a user would name so, and no others.
    void expect_tiles(const std::string& location) const {
        config::StoreLocations locations{8, [](const std::string&) {}};
        const auto found = locations.find(location);
        const auto reader = found.open_reader();
        const auto& grid = Grid::google_maps_compatible();
        std::int64_t tiles = 0;
        for (int zoom = 0; zoom <= 8; ++zoom) {
            reader->scan(grid.whole(zoom), [&](const TileKey& key, BytesView content) {
                const auto expected = tiles_->get(key);
                ASSERT_TRUE(expected);
                EXPECT_EQ((Bytes{content.begin(), content.end()}), expected->content)
                    << key.z << "/" << key.x << "/" << key.y;
                ++tiles;
            });
        }
        EXPECT_EQ(tiles, 16 + 4 + 7);
    }

    void expect_nothing_else() const {
        EXPECT_FALSE(fs::exists(folder_ / ".out.partial"));
        EXPECT_FALSE(fs::exists(folder_ / ".out.mbtiles.partial"));
    }

    TempFolder folder_;
    std::string source_;
    std::unique_ptr<PackedTiles> tiles_;
};

TEST_F(Outputs, are_one_mbtiles_file) {
    pack_quietly(options(OutputKind::mbtiles, "out.mbtiles"));

    expect_tiles(folder_ / "out.mbtiles");
    expect_nothing_else();
    const auto info = run({"gdalinfo", folder_ / "out.mbtiles"});
    EXPECT_EQ(info.exit_code, 0) << info.err;
    EXPECT_THAT(info.out, HasSubstr("Size is 1024, 1024"));
    EXPECT_THAT(info.out, HasSubstr("ZOOM_LEVEL=8"));
}

TEST_F(Outputs, are_one_pmtiles_file) {
    pack_quietly(options(OutputKind::pmtiles, "out.pmtiles"));

    expect_tiles(folder_ / "out.pmtiles");
}

TEST_F(Outputs, are_one_geopackage) {
    pack_quietly(options(OutputKind::gpkg, "out.gpkg"));

    expect_tiles(folder_ / "out.gpkg");
    expect_nothing_else();
    const auto info = run({"gdalinfo", folder_ / "out.gpkg"});
    EXPECT_EQ(info.exit_code, 0) << info.err;
    EXPECT_THAT(info.out, HasSubstr("IDENTIFIER=map"));
}

TEST_F(Outputs, are_one_cloud_optimized_geotiff) {
    pack_quietly(options(OutputKind::cog, "out.tif"));

    expect_nothing_else();
    const auto info = run({"gdalinfo", folder_ / "out.tif"});
    EXPECT_EQ(info.exit_code, 0) << info.err;
    EXPECT_THAT(info.out, HasSubstr("Size is 1024, 1024"));
    EXPECT_THAT(info.out, HasSubstr("LAYOUT=COG"));
    EXPECT_THAT(info.out, HasSubstr("Overviews: 512x512, 256x256"));
}

TEST_F(Outputs, are_in_other_grids) {
    auto pack = options(OutputKind::mbtiles, "out.mbtiles");
    pack.grid = "WGS84";
    pack.top.reset();

    const auto result = pack_quietly(pack);

    EXPECT_EQ(result.manifest.grid->name(), "WGS84");
    const auto column = run({"sqlite3", folder_ / "out.mbtiles",
                             "SELECT min(tile_column) FROM tiles WHERE zoom_level = (SELECT "
                             "max(zoom_level) FROM tiles)"});
    EXPECT_EQ(std::stoll(column.out), std::int64_t{1} << result.manifest.max_zoom)
        << "the prime meridian is in the middle of twice as many columns as rows";
}

TEST_F(Outputs, have_tiles_of_512_pixels) {
    auto pack = options(OutputKind::mbtiles, "out.mbtiles");
    pack.grid = "GoogleMapsCompatible_512";
    pack.top.reset();
    pack.encoding = Encoding::png;
    pack_quietly(pack);
    auto small = options(OutputKind::mbtiles, "small.mbtiles");
    small.encoding = Encoding::png;
    pack_quietly(small);

    const auto image = [&](const std::string& name, const TileKey& key) {
        const auto pool = sqlite::make_mbtiles_pool(1);
        const sqlite::MbtilesReader reader{folder_ / name, Grid::google_maps_compatible(), *pool};
        return decode(reader.get(key)->content);
    };
    const auto large = image("out.mbtiles", {7, 64, 62});
    EXPECT_EQ(large.width, 512);
    const auto quarter = image("small.mbtiles", {8, 129, 125});
    EXPECT_EQ(pixel_at(large, 256 + 17, 256 + 5), pixel_at(quarter, 17, 5));
}

TEST_F(Outputs, have_empty_tiles_where_that_is_wished) {
    auto raster = raster_on({8, 128, 124, 132, 128});
    raster.bands = 4;
    raster.has_alpha = true;
    raster.value = [](int x, int, int band) { return band == 4 && x < 512 ? 0 : 255; };
    auto pack = options(OutputKind::mbtiles, "out.mbtiles");
    pack.sources = {write_tiff(folder_ / "b.tif", raster)};
    pack.encoding = Encoding::png;
    pack.zooms = std::pair{8, 8};
    pack.top = 7;

    EXPECT_EQ(pack_quietly(pack).tiles, 8);
    pack.keeps_empty = true;
    pack.overwrite = Overwrite::yes;
    EXPECT_EQ(pack_quietly(pack).tiles, 16);
    const auto pool = sqlite::make_mbtiles_pool(1);
    const sqlite::MbtilesReader reader{pack.output, Grid::google_maps_compatible(), *pool};
    EXPECT_EQ(coverage_of(decode(reader.get({8, 128, 124})->content)), Coverage::none);
}

TEST_F(Outputs, are_a_folder_of_tiles) {
    pack_quietly(options(OutputKind::disk, "out"));

    expect_tiles((folder_ / "out").string() + "/{z}/{x}/{y}.jpg");
    expect_nothing_else();
}

TEST_F(Outputs, are_geotiffs_as_mapcache_has_them) {
    pack_quietly(options(OutputKind::geotiff, "out"));

    write_file(folder_ / "mapcache.xml", R"(<mapcache>
        <cache name="c" type="tiff">
          <template>)" + (folder_ / "out").string() +
                                             R"(/{z}/{x}-{y}.tif</template>
          <xcount>10</xcount><ycount>10</ycount><format>jpeg</format></cache>
        <format name="jpeg" type="JPEG"><quality>75</quality></format>
        <tileset name="t"><cache>c</cache><grid>GoogleMapsCompatible</grid><format>jpeg</format>
        </tileset></mapcache>)");
    expect_tiles((folder_ / "mapcache.xml").string() + "#t");
    const auto info = run({"gdalinfo", folder_ / "out/8/120-120.tif"});
    EXPECT_THAT(info.out, HasSubstr("COMPRESSION=YCbCr JPEG")) << info.err;
}

TEST_F(Outputs, are_a_tileset_of_a_configuration) {
    write_file(folder_ / "mapcache.xml", R"(<mapcache>
        <cache name="c" type="sqlite3"><dbfile>)" +
                                             (folder_ / "c.sqlite3").string() +
                                             R"(</dbfile></cache>
        <tileset name="t"><cache>c</cache><grid>GoogleMapsCompatible</grid><format>JPEG</format>
        </tileset></mapcache>)");

    auto pack = options(OutputKind::store, "");
    pack.output = (folder_ / "mapcache.xml").string() + "#t";
    pack_quietly(pack);

    expect_tiles((folder_ / "mapcache.xml").string() + "#t");
    EXPECT_THAT(names_below(folder_.path()),
                testing::Not(testing::Contains(HasSubstr(".partial"))));
}

TEST_F(Outputs, give_the_same_bytes_each_time_and_with_any_number_of_threads) {
    for (const int threads : {1, 4}) {
        auto pack = options(OutputKind::mbtiles, std::to_string(threads));
        pack.threads = threads;
        pack_quietly(pack);
    }
    EXPECT_TRUE(read_text(folder_ / "1") == read_text(folder_ / "4"));
}

TEST_F(Outputs, overwrite_a_file_and_nothing_else) {
    write_file(folder_ / "out.mbtiles", "old");
    auto pack = options(OutputKind::mbtiles, "out.mbtiles");
    EXPECT_THAT([&] { pack_quietly(pack); }, throws(Errc::already_exists, HasSubstr("overwrite")));
    EXPECT_EQ(read_text(folder_ / "out.mbtiles"), "old");

    pack.overwrite = Overwrite::yes;
    pack_quietly(pack);
    expect_tiles(folder_ / "out.mbtiles");

    pack.output = folder_ / "package";
    EXPECT_THAT([&] { pack_quietly(pack); }, throws(Errc::already_exists, HasSubstr("package")));
    EXPECT_TRUE(tiles_->get({8, 129, 126}));
}

std::string tileset(const fs::path& database, const std::string& grid, const std::string& format) {
    return "<mapcache><cache name='c' type='sqlite3'><dbfile>" + database.string() +
           "</dbfile></cache><tileset name='t'><cache>c</cache><grid>" + grid + "</grid><format>" +
           format + "</format></tileset></mapcache>";
}

TEST_F(Outputs, that_cannot_be_written_keep_the_work) {
    auto pack = options(OutputKind::store, (folder_ / "mapcache.xml").string() + "#t");
    write_file(folder_ / "file", "");
    write_file(folder_ / "mapcache.xml",
               tileset(folder_ / "file/c.sqlite3", "GoogleMapsCompatible", "JPEG"));
    EXPECT_THAT([&] { pack_quietly(pack); }, throws(Errc::io, HasSubstr("--resume")));
    write_file(folder_ / "mapcache.xml",
               tileset(folder_ / "c.sqlite3", "GoogleMapsCompatible", "JPEG"));

    pack.resume = Resume::yes;
    pack_quietly(pack);

    expect_tiles((folder_ / "mapcache.xml").string() + "#t");
}

TEST_F(Outputs, that_cannot_hold_the_tiles_are_refused_before_any_is_made) {
    const auto refuse = [&](const PackOptions& pack, const std::string& cause,
                            Errc code = Errc::invalid_argument) {
        bool has_begun = false;
        const std::atomic<bool> is_stopped{false};
        const PackContext context{.files = posix_file_ops(),
                                  .is_stopped = is_stopped,
                                  .report = [&](const PackProgress&) { has_begun = true; }};
        EXPECT_THAT([&] { offgrid::pack(pack, context); }, throws(code, HasSubstr(cause)));
        EXPECT_FALSE(has_begun) << cause;
    };
    const auto config = (folder_ / "mapcache.xml").string();
    write_file(config, tileset(folder_ / "c.sqlite3", "WGS84", "JPEG"));
    refuse(options(OutputKind::store, config + "#t"), "WGS84", Errc::not_found);
    refuse(options(OutputKind::store, config + "#other"), "other", Errc::not_found);
    write_file(config, tileset(folder_ / "c.sqlite3", "GoogleMapsCompatible", "PNG"));
    refuse(options(OutputKind::store, config + "#t"), "holds png tiles");
    refuse(options(OutputKind::disk, "{z}"), "'{' cannot be in the path");
    auto png = options(OutputKind::geotiff, "out");
    png.encoding = Encoding::png;
    refuse(png, "--format jpeg");
    png.as = OutputKind::cog;
    png.encoding = Encoding::mixed;
    refuse(png, "mixed");
    auto degrees = options(OutputKind::pmtiles, "out.pmtiles");
    degrees.grid = "WGS84";
    refuse(degrees, "WGS84", Errc::unsupported);
}

TEST_F(Outputs, are_words_of_the_program) {
    const auto result = run({program("offgrid-pack"), "pack", source_, "-o",
                             folder_ / "out.mbtiles", "--as", "mbtiles", "--top", "7", "--json"});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    expect_tiles(folder_ / "out.mbtiles");
    const auto json = nlohmann::json::parse(result.out);
    EXPECT_EQ(json.at("files"), 1);
    EXPECT_EQ(json.at("bytes"), fs::file_size(folder_ / "out.mbtiles"));
    std::istringstream lines{result.err};
    for (std::string line; std::getline(lines, line);) {
        EXPECT_TRUE(nlohmann::json::accept(line)) << line;
    }
}

}  // namespace
}  // namespace offgrid::test
