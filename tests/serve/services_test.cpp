#include "formats/base/error.h"
#include "formats/base/live.h"
#include "serve/http_server.h"
#include "serve/router.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"
#include "tests/support/http_client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto png_modified = std::chrono::sys_days{std::chrono::year{2024} / 5 / 17};

/// Zoom 2: the columns 1 and 2, the northern three rows.
TileRange northern_middle(int z) {
    return z == 2 ? TileRange{2, 1, 0, 3, 3} : TileRange{z, 0, 0, 0, 0};
}

/// A server and a client. `kenya` (PNG) covers a part of zoom 2, `roads` (vectors) the zooms 0 and
/// 1, `hills` comes in two matrix sets, and there is a layer `hills@x`.
struct Services : testing::Test {
    static std::vector<Layer> some_layers() {
        std::vector<Layer> layers;
        layers.push_back(
            layer_with("kenya", {.format = TileFormat::png, .max_zoom = 2}, [](const TileKey& key) {
                const auto word = fmt::format("{} {} {}", key.z, key.x, key.y);
                return Tile{.content = png_bytes(word), .modified = png_modified};
            }));
        layers.back().limits = northern_middle;
        layers.push_back(drawn_layer("roads", "z1: a ."));
        layers.back().format = TileFormat::pbf;
        layers.back().tiles = drawn_layer("", "z1: a .", {.max_zoom = 1}).tiles;
        layers.push_back(
            drawn_layer("hills@EPSG:4326@png", "z0: west east",
                        {.grid = &Grid::wgs84(), .format = TileFormat::png, .max_zoom = 0}));
        layers.push_back(drawn_layer("hills@GoogleMapsCompatible", "z0: world"));
        layers.push_back(
            drawn_layer("alps", swiss_drawing,
                        {.grid = swiss_grid(), .format = TileFormat::png, .max_zoom = 2}));
        layers.push_back(drawn_layer("hills@x@EPSG:900913@png", "z0: other"));
        for (const auto& [name, code] :
             {std::pair{"broken", Errc::corrupt}, {"busy", Errc::busy}}) {
            layers.push_back(
                layer_with(name, {}, [code = code](const TileKey&) -> std::optional<Tile> {
                    throw Error{code, "/srv/secret.mbtiles"};
                }));
        }
        return layers;
    }

    HttpResponse get(const std::string& target, const std::vector<std::string>& headers = {}) {
        return client.get(server.url() + target, headers);
    }

    /// A GetTile of the tile 2/1/0 of `kenya`, with fields of it changed or, with no value, left
    /// out.
    HttpResponse get_tile(const std::vector<std::pair<std::string, std::string>>& changes = {}) {
        std::string query = "/service/wmts?SERVICE=WMTS&VERSION=1.0.0&STYLE=";
        for (auto [name, value] :
             std::vector<std::pair<std::string, std::string>>{{"REQUEST", "GetTile"},
                                                              {"LAYER", "kenya"},
                                                              {"FORMAT", "image/png"},
                                                              {"TILEMATRIXSET", "EPSG:900913"},
                                                              {"TILEMATRIX", "EPSG:900913:2"},
                                                              {"TILEROW", "0"},
                                                              {"TILECOL", "1"}}) {
            for (const auto& [changed, to] : changes) {
                value = name == changed ? to : value;
            }
            query += value.empty() ? "" : fmt::format("&{}={}", name, value);
        }
        return get(query);
    }

    Live<LayerSet> layers{std::make_unique<const LayerSet>(some_layers())};
    std::mutex mutex;
    std::vector<std::string> log;
    Router router{layers, [this](std::string_view line) {
                      const std::lock_guard lock{mutex};
                      log.emplace_back(line);
                  }};
    HttpServer server{{.listen = "127.0.0.1:0"},
                      [this](const Request& request) {
                          auto asked = request;
                          const auto base = server.url();
                          asked.base = base;
                          return router.answer(asked);
                      },
                      [](std::string_view) {}};
    HttpClient client;
};

// PR-01
TEST_F(Services, give_the_same_tile_by_every_address) {
    for (
        const auto& address :
        {"/tiles/kenya/2/1/0.png",
         "/service/wmts?service=WMTS&request=GetTile&version=1.0.0&layer=kenya&style=&format=image/"
         "png&tilematrixset=EPSG:900913&tilematrix=EPSG:900913:2&tilerow=0&tilecol=1",
         "/service/wmts?REQUEST=gettile&Layer=kenya&Format=image%2Fpng&TileMatrixSet="
         "GoogleMapsCompatible&TileMatrix=2&TileRow=0&TileCol=1",
         "/service/wmts/rest/kenya/EPSG:900913/EPSG:900913:2/0/1?format=image/png",
         "/service/wmts/rest/kenya/any%20style/WebMercatorQuad/2/0/1",
         "/service/tms/1.0.0/kenya/2/1/3.png", "/service/tms/1.0.0/kenya@EPSG:900913@png/2/1/3.png",
         "/service/tms/1.0.0/kenya@EPSG%3A900913@png8/2/1/0.png8?flipY=true",
         "/service/gmaps?layers=kenya&zoom=2&x=1&y=0&format=image/png",
         "/service/gmaps?layers=kenya&zoom=2&x=1&y=0",
         "/service/mgmaps?layers=kenya&zoom=15&x=1&y=0",
         "/service/ve?quadkey=01&layers=kenya&format=image/png",
         "/geowebcache/service/ve?quadkey=01&layers=kenya",
         "/gwc/service/ve?quadkey=01&layers=kenya",
         "/geoserver/gwc/service/ve?quadkey=01&layers=kenya"}) {
        const auto answer = get(address);
        EXPECT_EQ(answer.status, 200) << address << "\n" << answer.body;
        EXPECT_EQ(answer.body, png("2 1 0")) << address;
    }
}

// PR-02
TEST_F(Services, say_which_rows_and_columns_there_are) {
    struct Case {
        std::string field;
        std::string value;
        std::string locator;
        std::string text;
    };
    for (const auto& [field, value, locator, text] :
         std::vector<Case>{{"TILECOL", "0", "TILECOL", "0 is not within 1 and 2"},
                           {"TILECOL", "3", "TILECOL", "3 is not within 1 and 2"},
                           {"TILECOL", "-1", "TILECOL", "-1 is not within 1 and 2"},
                           {"TILEROW", "3", "TILEROW", "3 is not within 0 and 2"},
                           {"TILEROW", "9223372036854775807", "TILEROW", "not within 0 and 2"},
                           {"TILEMATRIX", "EPSG:900913:1", "TILEMATRIX", "no tiles in this"},
                           {"TILEMATRIX", "EPSG:900913:30", "TILEMATRIX", "no tiles in this"}}) {
        const auto answer = get_tile({{field, value}});
        EXPECT_EQ(answer.status, 400) << field << value;
        EXPECT_EQ(answer.headers.at("content-type"), "application/xml");
        EXPECT_THAT(answer.body, HasSubstr(fmt::format(
                                     R"(exceptionCode="TileOutOfRange" locator="{}")", locator)));
        EXPECT_THAT(answer.body, HasSubstr(text));
    }
}

// PR-03
TEST_F(Services, say_which_part_of_a_wmts_request_is_missing) {
    for (const std::string field :
         {"LAYER", "FORMAT", "TILEMATRIXSET", "TILEMATRIX", "TILEROW", "TILECOL"}) {
        const auto answer = get_tile({{field, ""}});
        EXPECT_EQ(answer.status, 400) << field;
        EXPECT_THAT(
            answer.body,
            HasSubstr(fmt::format(R"(exceptionCode="MissingParameterValue" locator="{}")", field)));
    }
    EXPECT_THAT(get_tile({{"REQUEST", ""}}).body,
                HasSubstr(R"(exceptionCode="MissingParameterValue" locator="request")"));
}

TEST_F(Services, say_which_part_of_a_wmts_request_is_wrong) {
    for (const auto& [field, value] :
         std::vector<std::pair<std::string, std::string>>{{"LAYER", "uganda"},
                                                          {"FORMAT", "image/jpeg"},
                                                          {"TILEMATRIXSET", "EPSG:4326"},
                                                          {"TILEMATRIX", "EPSG:900913:31"},
                                                          {"TILEMATRIX", "-1"},
                                                          {"TILEMATRIX", "two"},
                                                          {"TILEMATRIX", "EPSG:4326:2"},
                                                          {"TILEMATRIX", "nonsense:2"},
                                                          {"TILEROW", "1.5"},
                                                          {"TILECOL", "0x1"}}) {
        const auto answer = get_tile({{field, value}});
        EXPECT_EQ(answer.status, 400) << field << value;
        EXPECT_THAT(
            answer.body,
            HasSubstr(fmt::format(R"(exceptionCode="InvalidParameterValue" locator="{}")", field)));
    }
    EXPECT_THAT(get("/service/wmts?service=WMS&request=GetTile").body,
                HasSubstr(R"(exceptionCode="InvalidParameterValue" locator="service")"));
    for (const auto* operation : {"GetMap", "GetFeatureInfo"}) {
        const auto answer = get_tile({{"REQUEST", operation}});
        EXPECT_EQ(answer.status, 501) << operation;
        EXPECT_THAT(answer.body, HasSubstr(R"(exceptionCode="OperationNotSupported")"));
    }
    EXPECT_THAT(get("/service/wmts?request=GetTile&version=2.0.0").body,
                HasSubstr(R"(exceptionCode="InvalidParameterValue" locator="VERSION")"));
    EXPECT_THAT(get("/service/wmts?request=GetCapabilities&acceptversions=1.1.0,2.0.0").body,
                HasSubstr(R"(exceptionCode="VersionNegotiationFailed")"));
    EXPECT_THAT(get_tile({{"LAYER", "%3Cscript%3E"}}).body, Not(HasSubstr("script")));
}

// PR-04
TEST_F(Services, answer_404_where_a_tms_layer_has_no_tiles) {
    for (const auto* tile : {"2/0/3", "2/3/3", "2/1/0", "1/0/0", "2/4/0", "2/0/-1", "31/0/0",
                             "2/1/-9223372036854775808"}) {
        EXPECT_EQ(get(fmt::format("/service/tms/1.0.0/kenya/{}.png", tile)).status, 404) << tile;
    }
    EXPECT_EQ(get("/service/tms/1.0.0/kenya/2/1/1.png").status, 200) << "the last row covered";
    EXPECT_EQ(get("/service/tms/1.0.0/roads/2/0/3.pbf").status, 404) << "below the deepest zoom";
}

TEST_F(Services, refuse_what_is_no_address_of_theirs) {
    for (const auto* address : {"tms/1.0.1/kenya/2/1/3.png",
                                "tms/1.0.0/uganda/2/1/3.png",
                                "tms/1.0.0/kenya/2/1/3.jpg",
                                "tms/1.0.0/kenya/2/1/3",
                                "tms/1.0.0/kenya@EPSG:4326@png/2/1/3.png",
                                "tms/1.0.0/@@/0/0/0.png",
                                "tms/1.0.0/%zz/2/1/3.png",
                                "tms",
                                "wms?layers=kenya",
                                "x?a=%zz",
                                "wmts/rest/%zz/EPSG:900913/2/0/1",
                                "gmaps?layers=%zz&zoom=2&x=1&y=0",
                                "gmaps?layers=kenya&zoom=2&x=0&y=0",
                                "gmaps?zoom=2&x=1&y=0",
                                "gmaps?layers=kenya&zoom=2&x=1",
                                "gmaps?layers=kenya&zoom=-1&x=0&y=0",
                                "gmaps?layers=uganda&zoom=0&x=0&y=0",
                                "mgmaps?layers=kenya&zoom=18&x=0&y=0",
                                "ve?layers=kenya",
                                "ve?quadkey=04&layers=kenya",
                                "ve?quadkey=0000000000000000000000000000000&layers=kenya"}) {
        const auto answer = get(std::string{"/service/"} + address);
        EXPECT_EQ(answer.status, 400) << address;
        EXPECT_THAT(answer.body, Not(testing::IsEmpty())) << address;
    }
    EXPECT_THAT(get("/service/gmaps?layers=kenya&zoom=2&x=3&y=0").body,
                HasSubstr("The X coordinate is not sane: 3"));
    for (const auto* address :
         {"wmts/rest/kenya/2/0/1", "wmts/soap", "wmts/rest/a/b/c/d/e/f/g/h/i", "ve/x?quadkey=0",
          "wmts/rest/kenya/EPSG:900913/2/0/1/", "gmaps/x?layers=kenya&zoom=2&x=1&y=0"}) {
        EXPECT_EQ(get(std::string{"/service/"} + address).status, 404) << address;
    }
}

// PR-05
TEST_F(Services, tell_where_a_tile_is_and_since_when) {
    const auto answer = get_tile();
    const auto& headers = answer.headers;
    EXPECT_EQ(headers.at("geowebcache-cache-result"), "HIT");
    EXPECT_EQ(headers.at("geowebcache-tile-index"), "[1, 3, 2]");
    EXPECT_EQ(headers.at("geowebcache-tile-bounds"),
              "-10018754.171394624,10018754.171394624,0.0,20037508.342789248");
    EXPECT_EQ(headers.at("geowebcache-gridset"), "GoogleMapsCompatible");
    EXPECT_EQ(headers.at("geowebcache-crs"), "EPSG:3857");
    EXPECT_EQ(headers.at("last-modified"), "Fri, 17 May 2024 00:00:00 GMT");
    EXPECT_EQ(get("/service/tms/1.0.0/hills@EPSG:4326@png/0/1/0.png")
                  .headers.at("geowebcache-tile-bounds"),
              "0.0,-90.0,180.0,90.0");
}

// PR-05
TEST_F(Services, do_not_send_a_tile_again_that_is_of_the_time_the_client_has) {
    const std::string path = "/service/gmaps?layers=kenya&zoom=2&x=1&y=0";
    const std::string same = "If-Modified-Since: Fri, 17 May 2024 00:00:00 GMT";
    EXPECT_EQ(client.head(server.url() + path, {same}).status, 304);
    const auto unchanged = get(path, {same});
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.body, "");
    EXPECT_EQ(unchanged.headers.at("last-modified"), "Fri, 17 May 2024 00:00:00 GMT");

    EXPECT_EQ(get(path, {"If-Modified-Since: Thu, 16 May 2024 23:59:59 GMT"}).status, 200);
    EXPECT_EQ(get(path, {"If-Modified-Since: yesterday"}).status, 200);
    EXPECT_EQ(get(path, {same, "If-None-Match: \"another\""}).status, 200) << "the tag decides";
    EXPECT_EQ(get(path, {"If-Modified-Since: Sat, 18 May 2024 00:00:00 GMT"}).status, 200)
        << "a rollback brings back what is older";
}

// PR-06
TEST_F(Services, answer_204_for_a_vector_tile_that_is_not_there) {
    const auto absent = get("/service/tms/1.0.0/roads/1/1/1.pbf");
    EXPECT_EQ(absent.status, 204);
    EXPECT_EQ(absent.headers.at("geowebcache-cache-result"), "MISS");
    EXPECT_EQ(get("/service/tms/1.0.0/roads/1/0/1.pbf").status, 200);
    EXPECT_EQ(get("/service/tms/1.0.0/hills@EPSG:4326@png/1/0/0.png").status, 404) << "no vectors";
}

// PR-07
TEST_F(Services, do_not_ask_whether_a_wmts_client_accepts_xml) {
    const auto answer =
        get("/service/wmts/rest/kenya/EPSG:900913/2/0/1?format=image/png", {"Accept: image/png"});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, png("2 1 0"));

    const std::string document = "/service/wmts/rest/WMTSCapabilities.xml";
    for (const auto& [accept, status] :
         std::vector<std::pair<std::string, int>>{{"image/png", 406},
                                                  {"text/html, application/xml;q=0", 406},
                                                  {"text/html,application/xml;q=0.9", 200},
                                                  {"*/*", 200},
                                                  {"", 200}}) {
        EXPECT_EQ(get(document, {"Accept: " + accept}).status, status) << accept;
    }
}

TEST_F(Services, lead_to_tilejson) {
    for (const auto* address :
         {"/service/wmts?request=GetTileJSON&layer=kenya&tileformat=png",
          "/service/wmts/rest/kenya/tilejson/png", "/service/wmts/rest/kenya/any/tilejson/png"}) {
        const auto answer = get(address);
        EXPECT_EQ(answer.status, 302) << address;
        EXPECT_THAT(answer.headers.at("location"), testing::EndsWith("/tiles/kenya.json"));
    }
    EXPECT_EQ(get("/service/wmts/rest/uganda/tilejson/png").status, 400);
}

TEST_F(Services, give_a_super_overlay_and_its_tiles) {
    const auto root = get("/service/kml/hills.png.kml");
    EXPECT_EQ(root.headers.at("content-type"), "application/vnd.google-earth.kml+xml");
    EXPECT_THAT(root.body, HasSubstr("/service/kml/hills/x1y0z0.png.kml<"));
    EXPECT_THAT(get("/service/kml/hills/x1y0z0.png.kml").body,
                HasSubstr("<href>" + server.url() + "/service/kml/hills/x1y0z0.png<"));
    const auto tile = get("/service/kml/hills/x1y0z0.png");
    EXPECT_EQ(tile.body, png("east"));
    EXPECT_EQ(tile.headers.at("geowebcache-crs"), "EPSG:4326");
    EXPECT_EQ(get("/service/kml/kenya/x1y3z2.png").body, png("2 1 0")) << "y from the south";
    for (const auto* address :
         {"hills", "hills.kml", "hills/x1y0.png", "hills/y0x1z0.png", "hills/x2y0z0.png",
          "hills/x-1y0z0.png.kml", "uganda.png.kml", "kenya/x0y0z2.png", "hills/x1y0z0.jpg"}) {
        EXPECT_EQ(get(std::string{"/service/kml/"} + address).status, 404) << address;
    }
}

TEST_F(Services, answer_in_a_grid_of_ones_own) {
    for (const auto* const target :
         {"/service/wmts?request=GetTile&layer=alps&format=image/png&tilematrixset=Swiss"
          "&tilematrix=Swiss:2&tilerow=4&tilecol=7",
          "/service/wmts/rest/alps/Swiss/2/4/7?format=image/png",
          "/service/tms/1.0.0/alps@Swiss@png/2/7/0.png",
          "/service/tms/1.0.0/alps@Swiss@png/2/7/4.png?flipY=true", "/tiles/alps/2/7/4.png"}) {
        const auto answer = get(target);
        EXPECT_EQ(answer.status, 200) << target;
        EXPECT_EQ(answer.body, png("t")) << target;
    }
    EXPECT_EQ(get("/service/wmts/rest/alps/Swiss/2/5/7?format=image/png").status, 400)
        << "the grid has five rows";
    EXPECT_EQ(get("/service/gmaps?layers=alps&zoom=0&x=0&y=0").status, 400)
        << "the layer is not in web mercator";
}

TEST_F(Services, find_the_tileset_of_a_layer_in_that_matrix_set_and_format) {
    for (const auto* address :
         {"wmts/rest/hills/EPSG:4326/EPSG:4326:0/0/1?format=image/png",
          "wmts/rest/hills/WorldCRS84Quad/0/0/1", "wmts/rest/hills@EPSG:4326@png/WGS84/0/0/1",
          "tms/1.0.0/hills@EPSG:4326@png/0/1/0.png", "tms/1.0.0/hills@WGS84@png8/0/1/0.png8",
          "tms/1.0.0/hills/0/1/0.png?_=100%"}) {
        EXPECT_EQ(get(std::string{"/service/"} + address).body, png("east")) << address;
    }
    for (const auto* address :
         {"wmts/rest/hills/EPSG:3857/0/0/0", "gmaps?layers=hills&zoom=0&x=0&y=0",
          "gmaps?layers=hills&zoom=0&x=0&y=0&format=image/png8",
          "tms/1.0.0/hills@EPSG:900913@png/0/0/0.png"}) {
        EXPECT_EQ(get(std::string{"/service/"} + address).body, png("world")) << address;
    }
    EXPECT_EQ(get("/service/gmaps?layers=hills@x&zoom=0&x=0&y=0").body, png("other"));
    EXPECT_THAT(get("/service/wmts/rest/hills/EPSG:900913/0/0/0?format=image/webp").body,
                HasSubstr("FORMAT"));
}

TEST_F(Services, keep_what_failed_for_the_operator) {
    const auto broken = get("/service/gmaps?layers=broken&zoom=0&x=0&y=0");
    EXPECT_EQ(broken.status, 500);
    EXPECT_THAT(broken.body, Not(HasSubstr("/srv")));
    const auto busy = get("/service/tms/1.0.0/busy/0/0/0.png");
    EXPECT_EQ(busy.status, 503);
    EXPECT_EQ(busy.headers.at("retry-after"), "1");
    const std::lock_guard lock{mutex};
    EXPECT_THAT(log,
                testing::ElementsAre(HasSubstr("layer 'broken', tile 0/0/0: /srv/secret.mbtiles"),
                                     HasSubstr("layer 'busy', tile 0/0/0: /srv/secret.mbtiles")));
}

}  // namespace
}  // namespace offgrid::test
