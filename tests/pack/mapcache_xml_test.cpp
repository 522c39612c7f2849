#include "pack/mapcache_xml.h"

#include "tests/pack/rasters.h"
#include "tests/support/process.h"

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

TEST(MapcacheXml, escapes_what_the_user_wrote) {
    Manifest manifest;
    manifest.layer = manifest.title = "a <b> & \"c\"";
    manifest.pyramids = {{.min_zoom = 0, .max_zoom = 2, .names = "z0-0-0.sqlite3", .options = {}}};

    EXPECT_THAT(mapcache_xml(manifest, {}), HasSubstr("<title>a &lt;b&gt; &amp; \"c\"</title>"));
}

}  // namespace
}  // namespace offgrid::test
