// Servers of tiles and maps as sources of a pack, on loopback.

#include "formats/http/http_client.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <set>
#include <sstream>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// tests/servers/tile_server.py.
class TileServer {
public:
    struct Seen {
        std::vector<std::string> paths{};
        int most = 0;  ///< under way at a time
    };

    TileServer(const fs::path& folder, const fs::path& mapcache)
        : process_{{"python3", OFFGRID_SOURCE_DIR "/tests/servers/tile_server.py", folder.string(),
                    "--mapcache", mapcache.string()}},
          url_{url_in(process_.wait_for_line("listening on http"))} {}

    const std::string& url() const { return url_; }
    std::string tiles(const std::string& manner) const {
        return url_ + "/" + manner + "/{z}/{x}/{y}.png";
    }

    Seen seen() const {
        const auto answer = http::Client{{}}.send({.method = "GET", .url = url_ + "/_seen"});
        const auto json = nlohmann::json::parse(as_text(answer.body));
        return {json.at("paths").get<std::vector<std::string>>(), json.at("most").get<int>()};
    }

private:
    Process process_;
    std::string url_;
};

/// A server of the tiles of a raster on zoom 8, 4 by 4 of them, and of the zooms above.
class OnlineSource : public testing::Test {
protected:
    OnlineSource() {
        auto raster = raster_on({8, 128, 124, 132, 128});
        raster.value = [](int x, int y, int band) { return (x / 4 + y / 2 * band) % 256; };
        const auto source = write_tiff(folder_ / "a.tif", raster);
        PackOptions package{.sources = {source},
                            .output = folder_ / "original",
                            .layer = "map",
                            .zooms = {{0, 8}},
                            .encoding = Encoding::png};
        pack_quietly(package);
        package.as = OutputKind::disk;
        package.output = folder_ / "tiles";
        pack_quietly(package);
        allow_wms();
        server_.emplace(folder_ / "tiles", folder_ / "original/mapcache.xml");
    }

    PackOptions options(const std::string& source) const {
        return {.sources = {source},
                .online = {.retries = 0},
                .output = folder_ / "out",
                .layer = "map",
                .zooms = {{6, 8}},
                .encoding = Encoding::png};
    }

    void expect_the_original(int zoom = 8) const {
        const PackedTiles original{folder_ / "original"};
        const PackedTiles made{folder_ / "out"};
        for (int y = 0; y < 4; ++y) {
            for (int x = 0; x < 4; ++x) {
                const TileKey key{zoom, 128 + x, 124 + y};
                EXPECT_EQ(original.image(key).rgba, made.image(key).rgba) << x << " " << y;
            }
        }
    }

    /// GDAL's description of the server's tiles.
    std::string gdal_xyz(const std::string& manner) const {
        return fmt::format(
            "<GDAL_WMS><Service name='TMS'><ServerUrl>{}/{}/${{z}}/${{x}}/${{y}}.png</ServerUrl>"
            "</Service><DataWindow><UpperLeftX>-20037508.34</UpperLeftX><UpperLeftY>20037508.34"
            "</UpperLeftY><LowerRightX>20037508.34</LowerRightX><LowerRightY>-20037508.34"
            "</LowerRightY><TileLevel>12</TileLevel><TileCountX>1</TileCountX><TileCountY>1"
            "</TileCountY><YOrigin>top</YOrigin></DataWindow><Projection>EPSG:3857</Projection>"
            "<BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>4</BandsCount>"
            "<ZeroBlockHttpCodes>204,404</ZeroBlockHttpCodes></GDAL_WMS>",
            server_->url(), manner);
    }

    TempFolder folder_;
    std::optional<TileServer> server_;

    /// The box of the tiles, shrunk a little.
    const Box box_{0.01, 0.01, 5.6, 5.6};

private:
    void allow_wms() const {
        const auto path = folder_ / "original/mapcache.xml";
        std::stringstream text;
        text << std::ifstream{path}.rdbuf();
        auto config = text.str();
        config.insert(config.find("<service "),
                      "<service type=\"wms\" enabled=\"true\"><full_wms>assemble</full_wms>"
                      "<format>PNG</format></service><format name=\"PNG\" type=\"PNG\"/>");
        std::ofstream{path} << config;
    }
};

TEST_F(OnlineSource, is_a_server_of_tiles_which_is_asked_for_each_once) {
    auto online = options(server_->tiles("ok"));
    online.bbox = box_;

    pack_quietly(online);

    expect_the_original();
    const auto seen = server_->seen();
    const std::set<std::string> different{seen.paths.begin(), seen.paths.end()};
    EXPECT_LE(seen.paths.size() - different.size(), 1U) << "one told how large tiles are";
    EXPECT_LE(seen.paths.size(), 6U * 6U) << "the tiles, and a ring around them for bilinear";
    EXPECT_LE(seen.most, 2);
}

TEST_F(OnlineSource, needs_zooms_where_it_cannot_say_how_deep_it_goes) {
    for (const auto& source : {server_->tiles("ok"), gdal_xyz("ok")}) {
        auto online = options(source);
        online.zooms.reset();
        EXPECT_THAT([&] { pack_quietly(online); },
                    throws(Errc::invalid_argument, HasSubstr("--zoom")));
    }
}

TEST_F(OnlineSource, that_is_down_ends_the_pack) {
    auto online = options(fmt::format("http://127.0.0.1:{}/{{z}}/{{x}}/{{y}}.png", free_port()));

    EXPECT_THAT([&] { pack_quietly(online); }, throws(Errc::io, HasSubstr("127.0.0.1")));
}

TEST_F(OnlineSource, that_fails_once_is_asked_again) {
    for (const auto& source : {server_->tiles("flaky"), gdal_xyz("flaky")}) {
        auto online = options(source);
        online.bbox = Box{0.1, 4.3, 1.3, 5.5};  // one tile
        online.zooms = {{8, 8}};
        online.online.retries = 1;
        online.overwrite = Overwrite::yes;

        const auto result = pack_quietly(online);

        EXPECT_THAT(result.damage, IsEmpty());
        EXPECT_EQ(PackedTiles{folder_ / "out"}.image({8, 128, 124}).rgba,
                  PackedTiles{folder_ / "original"}.image({8, 128, 124}).rgba);
    }
}

TEST_F(OnlineSource, that_fails_for_some_tiles_ends_the_pack) {
    for (const auto& source : {server_->tiles("broken"), gdal_xyz("broken")}) {
        auto online = options(source);
        online.bbox = box_;

        EXPECT_THAT([&] { pack_quietly(online); }, testing::ThrowsMessage<Error>(HasSubstr("500")));
    }
}

TEST_F(OnlineSource, lacks_the_tiles_that_fail_where_that_is_allowed) {
    for (const auto* const manner : {"broken", "html"}) {
        auto online = options(server_->tiles(manner));
        online.bbox = Box{1.5, 2.9, 5.5, 5.5};  // from column 129 on: the middle one is sound
        online.on_damage = OnDamage::report;
        online.overwrite = Overwrite::yes;

        const auto result = pack_quietly(online);

        EXPECT_FALSE(result.damage.empty());
        const PackedTiles tiles{folder_ / "out"};
        EXPECT_FALSE(tiles.get({8, 130, 124}));
        EXPECT_TRUE(tiles.get({8, 131, 125}));
    }
}

TEST_F(OnlineSource, that_answers_with_a_page_is_refused_with_what_it_said) {
    auto online = options(server_->tiles("html"));
    online.bbox = box_;

    EXPECT_THAT([&] { pack_quietly(online); }, throws(Errc::corrupt, HasSubstr("tile 8/")));
}

TEST_F(OnlineSource, is_asked_at_the_rate_that_is_allowed) {
    auto online = options(server_->tiles("ok"));
    online.bbox = box_;
    online.online.rate_limit = 20;

    const auto begin = Clock::now();
    pack_quietly(online);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();

    const auto requests = static_cast<double>(server_->seen().paths.size());
    EXPECT_GE(seconds, requests / 20 - 0.3);
}

TEST_F(OnlineSource, that_is_slow_is_asked_by_as_many_connections_as_allowed) {
    auto online = options(server_->tiles("slow"));
    online.bbox = Box{0.1, 0.1, 5.5, 5.5};
    online.zooms = {{8, 8}};
    online.top = 8;
    online.threads = 6;
    online.online.connections = 3;

    pack_quietly(online);

    EXPECT_EQ(server_->seen().most, 3);
}

TEST_F(OnlineSource, that_does_not_answer_does_not_hold_up_a_stop) {
    std::atomic<bool> is_stopped{false};
    auto stopped = std::async(std::launch::async, [&] {
        pack(options(server_->tiles("stuck")),
             {.files = posix_file_ops(), .is_stopped = is_stopped});
    });
    while (server_->seen().paths.empty()) {
        ASSERT_EQ(stopped.wait_for(std::chrono::milliseconds{20}), std::future_status::timeout);
    }

    const auto begin = Clock::now();
    is_stopped = true;

    EXPECT_THAT([&] { stopped.get(); }, throws(Errc::interrupted, HasSubstr("interrupted")));
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds{3});
}

// --- GDAL's drivers

TEST_F(OnlineSource, is_what_a_driver_of_gdal_asks_for_at_the_zoom_that_is_needed) {
    auto online = options(gdal_xyz("ok"));
    online.bbox = box_;

    pack_quietly(online);

    expect_the_original();
    const auto seen = server_->seen();
    EXPECT_THAT(seen.paths, testing::Each(StartsWith("/ok/8/")));
    EXPECT_LE(seen.paths.size(), 6U * 6U);
    EXPECT_LE(seen.most, 2);
}

TEST_F(OnlineSource, is_a_wmts_that_mapcache_serves) {
    auto online = options("WMTS:" + server_->url() + "/mapcache/wmts/1.0.0/WMTSCapabilities.xml");
    online.bbox = Box{0.1, 2.9, 2.7, 5.5};
    online.zooms = {{8, 8}};

    pack_quietly(online);

    const PackedTiles original{folder_ / "original"};
    const PackedTiles made{folder_ / "out"};
    for (const TileKey key : {TileKey{8, 128, 124}, TileKey{8, 129, 125}}) {
        EXPECT_EQ(original.image(key).rgba, made.image(key).rgba);
    }
    EXPECT_FALSE(fs::exists("gdalwmscache"));
}

TEST_F(OnlineSource, is_a_wms_that_mapcache_serves) {
    auto online = options("WMS:" + server_->url() +
                          "/mapcache/?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=map"
                          "&SRS=EPSG:3857&BBOX=-20037508.34,-20037508.34,20037508.34,20037508.34"
                          "&FORMAT=image/png");
    online.bbox = Box{0.1, 2.9, 2.7, 5.5};
    online.zooms = {{8, 8}};

    pack_quietly(online);

    const PackedTiles original{folder_ / "original"};
    const PackedTiles made{folder_ / "out"};
    const auto expected = original.image({8, 128, 124});
    const auto found = made.image({8, 128, 124});
    EXPECT_EQ(pixel_at(found, 100, 100), pixel_at(expected, 100, 100));
    EXPECT_LE(server_->seen().most, 2);
}

}  // namespace
}  // namespace offgrid::test
