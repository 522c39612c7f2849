#include "pack/mapcache_xml.h"

#include "tests/pack/rasters.h"
#include "tests/support/grids.h"
#include "tests/support/process.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* mapcache_cgi = "/usr/lib/cgi-bin/mapcache";

/// The body of MapCache's answer for a tile, rows from the south, with the file next to its
/// configuration.
Bytes from_mapcache(const std::filesystem::path& package, const std::string& path) {
    const auto result =
        run({mapcache_cgi},
            {.input = {},
             .cwd = package,
             .environment = {{"MAPCACHE_CONFIG_FILE", (package / "mapcache.xml").string()},
                             {"REQUEST_METHOD", "GET"},
                             {"QUERY_STRING", ""},
                             {"PATH_INFO", path}}});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const auto end = result.out.find("\r\n\r\n");
    const auto body = end == std::string::npos ? result.out : result.out.substr(end + 4);
    return {body.begin(), body.end()};
}

TEST(MapcacheXml, makes_mapcache_serve_the_same_bytes_at_every_zoom) {
    if (!std::filesystem::exists(mapcache_cgi)) {
        GTEST_SKIP() << "Debian's mapcache-cgi is not installed";
    }
    for (const char* const extension : {"jpg", "png", "webp"}) {
        SCOPED_TRACE(extension);
        const bool is_jpeg = std::string{extension} == "jpg";
        TempFolder folder;
        const auto source = write_tiff(folder / "a.tif", raster_on({10, 600, 410, 608, 416}));
        const auto encoding = is_jpeg                           ? Encoding::jpeg
                              : std::string{extension} == "png" ? Encoding::png
                                                                : Encoding::webp;
        pack_quietly({.sources = {source}, .output = folder / "out", .encoding = encoding});
        const PackedTiles tiles{folder / "out"};

        for (const TileKey key :
             {TileKey{0, 0, 0}, {5, 18, 12}, {7, 75, 51}, {8, 150, 102}, {10, 605, 415}}) {
            const auto south = (1LL << key.z) - 1 - key.y;
            const auto path = fmt::format("/tms/1.0.0/out@GoogleMapsCompatible/{}/{}/{}.{}", key.z,
                                          key.x, south, extension);

            EXPECT_EQ(from_mapcache(folder / "out", path), tiles.get(key).value_or(Tile{}).content)
                << path;
        }
    }
}

TEST(MapcacheXml, brings_its_own_grid_where_mapcache_has_no_level) {
    Manifest manifest;
    manifest.layer = "a";
    manifest.format = TileFormat::jpeg;
    manifest.max_zoom = 21;
    manifest.pyramids = {{.min_zoom = 0, .max_zoom = 21, .names = "z0-0-0.sqlite3", .options = {}}};
    EXPECT_THAT(mapcache_xml(manifest, {}), Not(HasSubstr("<resolutions>")));

    manifest.max_zoom = 22;

    EXPECT_THAT(mapcache_xml(manifest, {}), HasSubstr("<resolutions>"));
}

/// A drawn package with its configuration.
void write_configured(const std::filesystem::path& folder, std::string_view drawing,
                      const GridRef& grid) {
    const auto manifest = write_package(folder, "alps", drawing, {.grid = grid});
    write_file(folder / "mapcache.xml", mapcache_xml(manifest, grid->extent()));
}

TEST(MapcacheXml, makes_mapcache_serve_tiles_in_any_grid) {
    if (!std::filesystem::exists(mapcache_cgi)) {
        GTEST_SKIP() << "Debian's mapcache-cgi is not installed";
    }
    for (const auto& [grid, drawing] :
         {std::pair{swiss_grid(Grid::Origin::top_left), swiss_drawing},
          {swiss_grid(Grid::Origin::bottom_left), swiss_drawing},
          {GridRef{&Grid::google_maps_compatible_512()}, "z0: a z1: b c / d e z2@3,0: f"},
          {GridRef{&Grid::wgs84_512()}, "z0: a b z1: c d e f / g h i j"},
          {GridRef{&Grid::wgs84()}, "z0: a b z1: c d e f / g h i j"}}) {
        SCOPED_TRACE(grid->name());
        const TempFolder folder;
        write_configured(folder / "alps", drawing, grid);
        for (const auto& [key, word] : draw(drawing)) {
            const auto path = fmt::format("/tms/1.0.0/alps@{}/{}/{}/{}.png", grid->name(), key.z,
                                          key.x, grid->flip(key.z, key.y));
            EXPECT_EQ(as_text(from_mapcache(folder / "alps", path)), png(word)) << path;
            const auto wmts = fmt::format("/wmts/1.0.0/alps/default/{}/{}/{}/{}.png", grid->name(),
                                          key.z, key.y, key.x);
            EXPECT_EQ(as_text(from_mapcache(folder / "alps", wmts)), png(word)) << wmts;
        }
    }
}

TEST(MapcacheXml, makes_mapcache_seed_copy_tiles_in_any_grid) {
    const TempFolder folder;
    write_configured(folder / "alps", swiss_drawing, swiss_grid());
    auto config = read_text(folder / "alps/mapcache.xml");
    config.insert(config.rfind("</mapcache>"), fmt::format(R"(
  <cache name="copies" type="disk" layout="template">
    <template>{}/copies/{{z}}/{{x}}/{{y}}.png</template>
  </cache>
  <tileset name="copy"><cache>copies</cache><grid>Swiss</grid><format>PNG</format></tileset>
)",
                                                           folder.path().string()));
    write_file(folder / "alps/transfer.xml", config);

    const auto done = run({"mapcache_seed", "-c", "transfer.xml", "-t", "alps", "-x", "copy", "-m",
                           "transfer", "-g", "Swiss", "-z", "0,2", "-q"},
                          {.input = {}, .cwd = folder / "alps", .environment = {}});

    ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
    for (const auto& [key, word] : draw(swiss_drawing)) {
        const auto name = fmt::format("copies/{}/{}/{}.png", key.z, key.x, key.y);
        EXPECT_EQ(read_text(folder / name), png(word)) << name << ", rows from the origin: the top";
    }
}

TEST(MapcacheXml, says_how_many_pixels_tiles_have) {
    Manifest manifest{.grid = &Grid::google_maps_compatible_512(), .max_zoom = 1};
    manifest.layer = "a";
    manifest.pyramids = {{.min_zoom = 0, .max_zoom = 1, .names = "z0-0-0.sqlite3"}};
    const auto xml = mapcache_xml(manifest, {});
    EXPECT_THAT(xml, HasSubstr("<size>512 512</size>"));
    EXPECT_THAT(xml, HasSubstr("<resolutions>78271.51696402"));
    EXPECT_THAT(xml, HasSubstr("<grid restricted_extent"));
    EXPECT_THAT(xml, HasSubstr(">GoogleMapsCompatible_512</grid>"));
}

TEST(MapcacheXml, brings_wgs84_where_mapcache_has_no_level) {
    Manifest manifest{.grid = &Grid::wgs84(), .max_zoom = 17};
    manifest.layer = "a";
    manifest.pyramids = {{.min_zoom = 0, .max_zoom = 18, .names = "z0-0-0.sqlite3"}};
    EXPECT_THAT(mapcache_xml(manifest, {}), Not(HasSubstr("<resolutions>")));
    manifest.max_zoom = 18;
    EXPECT_THAT(mapcache_xml(manifest, {}), HasSubstr("<units>dd</units>"));
}

TEST(MapcacheXml, escapes_what_the_user_wrote) {
    Manifest manifest;
    manifest.layer = manifest.title = "a <b> & \"c\"";
    manifest.pyramids = {{.min_zoom = 0, .max_zoom = 2, .names = "z0-0-0.sqlite3", .options = {}}};

    EXPECT_THAT(mapcache_xml(manifest, {}), HasSubstr("<title>a &lt;b&gt; &amp; \"c\"</title>"));
}

}  // namespace
}  // namespace offgrid::test
