#include "serve/mapcache_services.h"

#include "formats/base/live.h"
#include "serve/quadkey.h"
#include "serve/router.h"
#include "tests/serve/ask.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* world = R"(z1: a b / c d
                                 z2: . e . . / . . . . / . . . . / . . . f)";

/// `osm` in two grids, `alps` in a national one that starts above, `below` in the same that starts
/// below, `weather` with two dimensions, which a finder knows.
struct MapcacheServices : testing::Test {
    static std::vector<Layer> some_layers() {
        std::vector<Layer> layers;
        layers.push_back(drawn_layer("osm", world));
        layers.push_back(
            drawn_layer("osm@WGS84", "z1: g h i j / k l m n",
                        {.grid = &Grid::wgs84(), .format = TileFormat::png, .max_zoom = 1}));
        for (auto& layer : layers) {
            layer.name = "osm";
            layer.max_age = std::chrono::seconds{300};
        }
        layers.push_back(
            drawn_layer("alps", swiss_drawing,
                        {.grid = swiss_grid(), .format = TileFormat::png, .max_zoom = 2}));
        layers.push_back(drawn_layer("below", swiss_drawing,
                                     {.grid = swiss_grid(Grid::Origin::bottom_left),
                                      .format = TileFormat::png,
                                      .max_zoom = 2}));
        layers.push_back(drawn_layer("weather", "z0: noon"));
        layers.back().dimensions = {{.name = "day",
                                     .default_value = "1",
                                     .values =
                                         [] {
                                             return std::vector<std::string>{"1", "2"};
                                         }},
                                    {.name = "Hour", .default_value = "12", .values = [] {
                                         return std::vector<std::string>{"06", "12"};
                                     }}};
        return layers;
    }

    static std::shared_ptr<const Layer> find_weather(std::string_view id) {
        if (id == "weather[day=2][Hour=06]@GoogleMapsCompatible") {
            return std::make_shared<const Layer>(drawn_layer(std::string{id}, "z0: morning"));
        }
        return id == "weather[Hour=06]@GoogleMapsCompatible"
                   ? std::make_shared<const Layer>(drawn_layer(std::string{id}, "z0: six"))
                   : nullptr;
    }

    Answer get(const std::string& address) { return ask(router, address); }

    Live<LayerSet> layers{std::make_unique<const LayerSet>(some_layers(), std::nullopt,
                                                           std::vector<LayerFinder>{find_weather})};
    Router router{layers, [](std::string_view) {}};
};

TEST_F(MapcacheServices, give_the_same_tile_by_every_address_at_the_root_and_behind_their_alias) {
    struct Case {
        std::string address;
        std::string word;
    };
    for (const auto& [address, word] : std::vector<Case>{
             {"/tms/1.0.0/osm/2/1/3.png", "e"},
             {"/tms/1.0.0/osm@GoogleMapsCompatible/2/1/3.png", "e"},
             {"/tms/1.0.0/osm@GoogleMapsCompatible/2/1/3.whatever", "e"},
             {"/tms/1.0.0/osm@WGS84/1/3/0.png", "n"},
             {"/wmts/1.0.0/osm/default/GoogleMapsCompatible/2/0/1.png", "e"},
             {"/wmts/1.0.0/osm/default/WebMercatorQuad/2/0/1.png", "e"},
             {"/wmts/1.0.0/osm/default/WGS84/WGS84:1/1/3.png", "n"},
             {"/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=osm&STYLE=default"
              "&TILEMATRIXSET=WGS84&TILEMATRIX=1&TILEROW=1&TILECOL=3",
              "n"},
             {"/gmaps/osm@GoogleMapsCompatible/2/1/0.png", "e"},
             {"/gmaps/osm@WGS84/1/3/1.png", "n"},
             {"/ve?layer=osm@GoogleMapsCompatible&tile=01", "e"},
             {"/ve?layer=osm&tile=33", "f"},
             {"/mg/S0/osm/R0/C0/0_1.png", "e"},
             {"/mg/S0/osm@GoogleMapsCompatible/R3/C0/0_3.png", "f"},
             {"/mg/S1/osm/R0/C1/1_0.png", "d"},
             {"/tms/1.0.0/alps/2/7/0.png", "t"},
             {"/tms/1.0.0/below/2/7/0.png", "t"},
             {"/wmts/1.0.0/alps/default/Swiss/2/4/7.png", "t"},
             {"/wmts/1.0.0/weather/default/GoogleMapsCompatible/0/0/0.png", "noon"},
             {"/wmts/1.0.0/weather/default/2/06/GoogleMapsCompatible/0/0/0.png", "morning"},
             {"/wmts?request=GetTile&layer=weather&tilematrixset=GoogleMapsCompatible"
              "&tilematrix=0&tilerow=0&tilecol=0&HOUR=06",
              "six"},
             {"/gmaps/weather%5BHour=06%5D@GoogleMapsCompatible/0/0/0.png", "six"}}) {
        EXPECT_EQ(get(address).body, png(word)) << address;
        EXPECT_EQ(get("/mapcache" + address).body, png(word)) << address;
    }
}

TEST_F(MapcacheServices, say_how_long_a_tile_may_be_kept_in_both_ways) {
    const auto answer = get("/gmaps/osm/2/1/0.png");
    EXPECT_EQ(answer.headers.at("Cache-Control"), "max-age=300");
    EXPECT_THAT(answer.headers.at("Expires"), HasSubstr(" GMT"));
    EXPECT_FALSE(answer.headers.contains("geowebcache-crs"));
}

TEST_F(MapcacheServices, refuse_what_is_no_address_of_theirs) {
    for (const std::string address :
         {"/tms/1.0.1/osm/2/1/3.png",
          "/tms/1.0.0/nothing/2/1/3.png",
          "/tms/1.0.0/osm/2/1/3",
          "/tms/1.0.0/osm/2/1/x.png",
          "/tms/1.0.0/osm@nowhere/2/1/3.png",
          "/tms/1.0.0/osm;alps/2/1/3.png",
          "/tms/1.0.0/%zz/2/1/3.png",
          "/tms/1.0.0/osm%00/2/1/3.png",
          "/tms/1.0.0/osm/2/99999999999999999999/3.png",
          "/tms/1.0.0/osm/2/1/4.png",
          "/tms/1.0.0/osm/-1/0/0.png",
          "/tms/1.0.0/../2/1/3.png",
          "/tms/1.0.0/osm/2/1%2F3.png",
          "/wmts/1.0.0/osm/nicer/GoogleMapsCompatible/2/0/1.png",
          "/wmts/1.0.0/osm/default/GoogleMapsCompatible/2/0/1",
          "/wmts/1.0.0/osm/default/GoogleMapsCompatible/2/0/4.png",
          "/wmts/1.0.0/osm/default/GoogleMapsCompatible/2/-1/0.png",
          "/wmts/1.0.0/osm/default/GoogleMapsCompatible/3/0/1.png",
          "/wmts/1.0.0/osm/default/GoogleMapsCompatible/2147483648/0/1.png",
          "/wmts/1.0.0/osm/default/Swiss/2/0/1.png",
          "/wmts/1.0.0/osm/default/06/GoogleMapsCompatible/2/0/1.png",
          "/wmts/1.0.0/weather/default/3/06/GoogleMapsCompatible/0/0/0.png",
          "/wmts/1.0.0/weather/default/2][Hour=06]/x/GoogleMapsCompatible/0/0/0.png",
          "/wmts/2.0.0/osm/default/GoogleMapsCompatible/2/0/1.png",
          "/wmts/1.0.0/",
          "/wmts/%zz",
          "/wmts/a/b/c/d/e/f/g/h/i/j/k/l/m",
          "/wmts",
          "/gmaps/osm/2/1/0",
          "/gmaps/osm/2/4/0.png",
          "/gmaps/osm@Swiss/2/1/0.png",
          "/gmaps",
          "/gmaps/",
          "/ve",
          "/ve?layer=osm",
          "/ve?layer=osm&tile=04",
          "/ve?tile=01",
          "/ve/x?layer=osm&tile=01",
          "/ve?layer=osm&tile=0000000000000000000000000000000000000000",
          "/mg/osm/R0/C0/0_1.png",
          "/mg/S3/osm/R0/C0/0_1.png",
          "/mg/S-1/osm/R0/C0/0_1.png",
          "/mg/S0/osm/R0/C0/0-1.png",
          "/mg/S0/osm/R9223372036854775807/C0/1_1.png",
          "/mg/S0/osm/R0/C0/0_1",
          "/mg/S0/osm/R0",
          "/mg/S0/osm/R4/C0/0_0.png",
          "/kml",
          "/kml/osm",
          "/kml/osm.kmz",
          "/kml/nothing.kml",
          "/kml/osm/2/1.kml",
          "/kml/osm/2/1/9.kml",
          "/kml/alps.kml"}) {
        const auto answer = get(address);
        EXPECT_THAT(answer.status, testing::AnyOf(400, 404)) << address;
        EXPECT_THAT(answer.body, Not(HasSubstr("\x89PNG"))) << address;
    }
    for (const auto* address :
         {"/tmsx/1.0.0/osm/2/1/3.png", "/mapcachex/tms/1.0.0/", "/mapcache"}) {
        EXPECT_EQ(get(address).status, 404) << address;
    }
}

TEST_F(MapcacheServices, lead_from_the_demo_to_the_viewer) {
    for (const auto* address : {"/demo", "/demo/wmts", "/mapcache/demo"}) {
        const auto answer = ask(router, address, {.base = "https://maps.example/tiles"});
        EXPECT_EQ(answer.status, 302);
        EXPECT_EQ(answer.headers.at("Location"), "https://maps.example/tiles/");
    }
    EXPECT_EQ(get("/demo").headers.at("Location"), "/");
}

TEST_F(MapcacheServices, lead_a_super_overlay_from_zoom_to_zoom) {
    const auto root = ask(router, "/mapcache/kml/osm@WGS84.kml", {.base = "http://h"});
    EXPECT_EQ(root.status, 200);
    EXPECT_EQ(root.headers.at("Content-Type"), "application/vnd.google-earth.kml+xml");
    EXPECT_THAT(root.body, AllOf(HasSubstr("<href>http://h/mapcache/kml/osm%40WGS84/0/0/0.kml<"),
                                 HasSubstr("<href>http://h/mapcache/kml/osm%40WGS84/0/1/0.kml<"),
                                 Not(HasSubstr("GroundOverlay"))));

    const auto tile = get("/kml/osm%40WGS84/0/1/0.kml");
    EXPECT_THAT(tile.body, AllOf(HasSubstr("<href>/kml/osm%40WGS84/1/3/0.kml<"),
                                 HasSubstr("<href>/tms/1.0.0/osm%40WGS84/0/1/0.png<"),
                                 HasSubstr("<north>90</north>"), HasSubstr("<west>0</west>")));
    EXPECT_EQ(get("/tms/1.0.0/osm%40WGS84/1/3/0.png").body, png("n"));
    EXPECT_THAT(get("/kml/osm%40WGS84/1/3/0.kml").body, Not(HasSubstr("NetworkLink")))
        << "there is no next zoom";
}

TEST(Quadkey, has_a_digit_for_each_zoom) {
    EXPECT_EQ(parse_quadkey("0132"), (TileKey{4, 6, 3}));
    EXPECT_EQ(parse_quadkey(""), (TileKey{0, 0, 0}));
    EXPECT_EQ(parse_quadkey("014"), std::nullopt);
    EXPECT_EQ(parse_quadkey(std::string(32, '0')), std::nullopt);
}

}  // namespace
}  // namespace offgrid::test
