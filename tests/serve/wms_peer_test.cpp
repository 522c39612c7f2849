// Other people's programs: MapCache draws the same maps of the same tiles, GDAL reads ours.

#include "formats/base/live.h"
#include "formats/image/decode.h"
#include "serve/http_server.h"
#include "serve/mapcache_layers.h"
#include "serve/router.h"
#include "tests/serve/coloured_tiles.h"
#include "tests/support/http_client.h"
#include "tests/support/mapcache.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

constexpr int max_zoom = 3;

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

/// A folder of tiles of the painted world with a `mapcache.xml`, served by ours; MapCache reads the
/// same file.
struct WmsPeer : testing::Test {
    WmsPeer() {
        for (int z = 0; z <= max_zoom; ++z) {
            for (int x = 0; x < 1 << z; ++x) {
                std::filesystem::create_directories(folder / fmt::format("{}/{}", z, x));
                for (int y = 0; y < 1 << z; ++y) {
                    write_file(folder / fmt::format("{}/{}/{}.png", z, x, y),
                               as_text(painted_png(mercator(), {z, x, y})));
                }
            }
        }
        write_file(config, fmt::format(R"(<mapcache>
  <cache name="disk" type="disk" layout="template">
    <template>{}/{{z}}/{{x}}/{{inv_y}}.png</template>
  </cache>
  <tileset name="world">
    <cache>disk</cache>
    <grid maxzoom="{}">GoogleMapsCompatible</grid>
    <format>PNG</format>
  </tileset>
  <service type="wms" enabled="true"><format>PNG</format></service>
</mapcache>
)",
                                       folder.path().string(), max_zoom));
        const Log silent = [](std::string_view) {};
        const MapcacheLayers tilesets{config, silent};
        layers =
            std::make_unique<Live<LayerSet>>(std::make_unique<const LayerSet>(tilesets.listed()));
        router = std::make_unique<Router>(*layers, silent);
        server = std::make_unique<HttpServer>(
            HttpServerOptions{.listen = "127.0.0.1:0"},
            [this](const Request& request) { return router->answer(request); }, silent);
    }

    static std::string query(const Box& box, int width, int height) {
        return fmt::format(
            "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=world&STYLES=&SRS=EPSG:3857"
            "&FORMAT=image/png&BBOX={},{},{},{}&WIDTH={}&HEIGHT={}",
            box.min_x, box.min_y, box.max_x, box.max_y, width, height);
    }

    std::string ours(const std::string& query) {
        const auto answer = client.get(fmt::format("{}/mapcache?{}", server->url(), query));
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.body;
    }

    std::string theirs(const std::string& query) {
        auto answer = ask_mapcache(config, "/", query);
        EXPECT_THAT(answer.headers, testing::HasSubstr("Content-Type: image/png"));
        return std::move(answer.body);
    }

    const TempFolder folder;
    const std::filesystem::path config = folder / "mapcache.xml";
    std::unique_ptr<Live<LayerSet>> layers;
    std::unique_ptr<Router> router;
    std::unique_ptr<HttpServer> server;
    HttpClient client;
};

TEST_F(WmsPeer, gives_the_bytes_of_a_tile_as_mapcache_does) {
    for (const auto& key : {TileKey{0, 0, 0}, {2, 1, 3}, {3, 7, 0}}) {
        const auto request = query(mercator().box_of(key), 256, 256);
        EXPECT_EQ(ours(request), theirs(request));
    }
}

TEST_F(WmsPeer, draws_any_box_as_mapcache_does) {
    struct Case {
        Box box;
        int width;
        int height;
    };
    const double pixel = mercator().resolution(max_zoom);
    for (const auto& [box, width, height] :
         std::vector<Case>{{{1e6, 1e6, 1e6 + 300 * pixel, 1e6 + 200 * pixel}, 300, 200},
                           {{-9e6, -5e6, 8e6, 9e6}, 1500, 1235},
                           {{-9e6, -5e6, 8e6, 9e6}, 340, 280},
                           {{1e6, 1e6, 2e6, 2e6}, 300, 300}}) {
        const auto request = query(box, width, height);
        const auto one = decode_tile(as_bytes(ours(request)));
        const auto other = decode_tile(as_bytes(theirs(request)));
        ASSERT_EQ(one.rgba.size(), other.rgba.size());
        EXPECT_LT(mean_difference(one, other), 1.5) << width << " by " << height;
    }
}

TEST_F(WmsPeer, is_read_by_gdal_in_both_versions) {
    const auto extent = mercator().extent();
    for (const std::string version : {"1.1.1", "1.3.0"}) {
        write_file(folder / "wms.xml",
                   fmt::format(R"(<GDAL_WMS>
  <Service name="WMS">
    <Version>{}</Version><ServerUrl>{}/wms?</ServerUrl><Layers>world</Layers>
    <{}>EPSG:3857</{}><ImageFormat>image/png</ImageFormat>
  </Service>
  <DataWindow>
    <UpperLeftX>{}</UpperLeftX><UpperLeftY>{}</UpperLeftY>
    <LowerRightX>{}</LowerRightX><LowerRightY>{}</LowerRightY>
    <SizeX>1000</SizeX><SizeY>1000</SizeY>
  </DataWindow>
  <BandsCount>3</BandsCount><BlockSizeX>300</BlockSizeX><BlockSizeY>300</BlockSizeY>
</GDAL_WMS>)",
                               version, server->url(), version == "1.3.0" ? "CRS" : "SRS",
                               version == "1.3.0" ? "CRS" : "SRS", extent.min_x, extent.max_y,
                               extent.max_x, extent.min_y));
        const auto said =
            run({"gdal_translate", "-q", "-of", "PNG", "-srcwin", "100", "200", "700", "400",
                 (folder / "wms.xml").string(), (folder / "out.png").string()});
        ASSERT_EQ(said.exit_code, 0) << said.err;
        const auto read = decode_tile(as_bytes(read_text(folder / "out.png")));
        Image expected{700, 400};
        for (int y = 0; y < 400; ++y) {
            for (int x = 0; x < 700; ++x) {
                paint((x + 100.5) / 1000, (y + 200.5) / 1000, expected.row(y) + 4 * x);
            }
        }
        EXPECT_LT(mean_difference(read, expected), 2) << version;
    }
}

}  // namespace
}  // namespace offgrid::test
