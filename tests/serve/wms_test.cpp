#include "formats/base/error.h"
#include "formats/base/live.h"
#include "formats/image/composite.h"
#include "formats/image/decode.h"
#include "formats/image/png.h"
#include "serve/router.h"
#include "tests/serve/coloured_tiles.h"
#include "tests/serve/layers_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Layer painted_layer(std::string id, const Grid& grid, std::string name = {}) {
    auto layer =
        layer_with(std::move(id), {.grid = &grid, .format = TileFormat::png, .max_zoom = 3},
                   [&grid](const TileKey& key) { return Tile{.content = painted_png(grid, key)}; });
    layer.name = std::move(name);
    return layer;
}

/// `world` in two reference systems, `half`, whose tiles are translucent, `roads` of vectors, and
/// some that fail.
std::vector<Layer> some_layers() {
    std::vector<Layer> layers;
    layers.push_back(painted_layer("world", Grid::google_maps_compatible()));
    layers.push_back(painted_layer("world@WGS84", Grid::wgs84(), "world"));
    layers.push_back(
        layer_with("half", {.format = TileFormat::png, .min_zoom = 1, .max_zoom = 3},
                   [](const TileKey& key) -> std::optional<Tile> {
                       if (key.x > 0) {
                           return std::nullopt;
                       }
                       return Tile{.content = encode_one_colour_png({255, 0, 0, 128}, 256, 256)};
                   }));
    layers.push_back(layer_with("roads", {.format = TileFormat::pbf}, [](const TileKey&) {
        return Tile{.content = png_bytes("not a picture")};
    }));
    layers.push_back(layer_with("deep", {.min_zoom = 12, .max_zoom = 14},
                                [](const TileKey&) { return std::optional<Tile>{}; }));
    layers.push_back(layer_with("damaged", {.format = TileFormat::png, .max_zoom = 3},
                                [](const TileKey&) { return Tile{.content = png_bytes("x")}; }));
    for (const auto& [name, code] : {std::pair{"broken", Errc::corrupt}, {"busy", Errc::busy}}) {
        layers.push_back(layer_with(name, {}, [code = code](const TileKey&) -> std::optional<Tile> {
            throw Error{code, "/srv/secret.mbtiles"};
        }));
    }
    return layers;
}

constexpr std::string_view part = "BBOX=-10000000,-5000000,8000000,9000000&WIDTH=90&HEIGHT=70";

struct Wms : testing::Test {
    /// The answer to `PATH?NAME=VALUE&…`.
    Response get(std::string_view address, std::string_view if_none_match = {}) {
        Request request{.if_none_match = if_none_match};
        const auto mark = std::min(address.find('?'), address.size());
        request.path = address.substr(0, mark);
        address.remove_prefix(std::min(mark + 1, address.size()));
        while (!address.empty()) {
            const auto field = address.substr(0, address.find('&'));
            const auto equals = std::min(field.find('='), field.size());
            request.query.push_back(
                {field.substr(0, equals), field.substr(std::min(equals + 1, field.size()))});
            address.remove_prefix(std::min(field.size() + 1, address.size()));
        }
        return router.answer(request);
    }

    /// A GetMap of 1.1.1 in web mercator; what comes later in `fields` is not seen.
    Response get_map(std::string_view fields, std::string_view names = "world") {
        return get(
            fmt::format("/wms?{}&SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS={}&STYLES="
                        "&SRS=EPSG:3857&FORMAT=image/png&{}",
                        fields, names, part));
    }

    static Image picture(const Response& response) {
        EXPECT_EQ(response.status, 200) << as_text(response.content());
        return decode_tile(response.content());
    }

    static std::vector<int> pixel(const Image& image, int x, int y) {
        const auto* const rgba = image.row(y) + 4 * x;
        return {rgba[0], rgba[1], rgba[2], rgba[3]};
    }

    Live<LayerSet> layers{std::make_unique<const LayerSet>(some_layers())};
    std::vector<std::string> log;
    Router router{layers, [this](std::string_view line) { log.emplace_back(line); }};
};

TEST_F(Wms, passes_a_stored_tile_through_unchanged) {
    const auto& grid = Grid::google_maps_compatible();
    const TileKey key{2, 1, 0};
    const auto box = grid.box_of(key);
    for (const auto* const more : {"", "&TILED=true"}) {
        const auto tile = get_map(fmt::format("BBOX={},{},{},{}&WIDTH=256&HEIGHT=256{}", box.min_x,
                                              box.min_y, box.max_x, box.max_y, more));
        EXPECT_EQ(as_text(tile.content()), as_text(painted_png(grid, key)));
        EXPECT_EQ(tile.header("geowebcache-cache-result"), "HIT");
        EXPECT_EQ(tile.header("geowebcache-tile-index"), "[1, 3, 2]");
    }
    const auto again =
        get(fmt::format("/service/wms?REQUEST=GetMap&VERSION=1.1.1&LAYERS=world&STYLES=&SRS=EPSG:"
                        "900913&FORMAT=image/png&BBOX={},{},{},{}&WIDTH=256&HEIGHT=256",
                        box.min_x, box.min_y, box.max_x, box.max_y),
            "*");
    EXPECT_EQ(again.status, 304);
}

TEST_F(Wms, refuses_a_tiled_request_that_is_no_tile) {
    const auto answer = get_map("TILED=true");
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(as_text(answer.content()), HasSubstr("line up with its grid"));
}

TEST_F(Wms, draws_the_same_at_every_address_and_in_both_versions) {
    const auto one = as_text(get_map("").content());
    const auto fields = [](std::string_view version) {
        return fmt::format("SERVICE=WMS&REQUEST=GetMap&{}&LAYERS=world&STYLES=&FORMAT=image/png&{}",
                           version, part);
    };
    for (const std::string_view path :
         {"/wms", "/mapcache/wms", "/mapcache", "/mapcache/", "/", "/service/wms",
          "/geowebcache/service/wms", "/gwc/service/wms", "/geoserver/gwc/service/wms"}) {
        for (const std::string_view version :
             {"VERSION=1.1.1&SRS=EPSG:3857", "VERSION=1.3.0&CRS=EPSG:3857", "SRS=EPSG:900913",
              "CRS=urn:ogc:def:crs:EPSG::3857"}) {
            const auto address = fmt::format("{}?{}", path, fields(version));
            EXPECT_EQ(as_text(get(address).content()), one) << address;
        }
    }
    EXPECT_THAT(get("/").header("Content-Type"), HasSubstr("text/html"));
}

TEST_F(Wms, takes_latitude_first_where_the_version_does) {
    const auto in_degrees = [&](std::string_view fields) {
        return picture(
            get(fmt::format("/wms?REQUEST=GetMap&LAYERS=world&STYLES=&WIDTH=80&HEIGHT=40"
                            "&FORMAT=image/png&{}",
                            fields)));
    };
    const auto east_first = in_degrees("VERSION=1.1.1&SRS=EPSG:4326&BBOX=-20,30,60,70");
    EXPECT_EQ(in_degrees("VERSION=1.3.0&CRS=EPSG:4326&BBOX=30,-20,70,60").rgba, east_first.rgba);
    EXPECT_EQ(in_degrees("VERSION=1.3.0&CRS=CRS:84&BBOX=-20,30,60,70").rgba, east_first.rgba);
    EXPECT_NE(in_degrees("VERSION=1.3.0&CRS=EPSG:4326&BBOX=-20,30,60,70").rgba, east_first.rgba);
}

TEST_F(Wms, lays_later_layers_over_earlier_ones_on_the_background) {
    EXPECT_THAT(pixel(picture(get_map("TRANSPARENT=true", "half")), 2, 2),
                ElementsAre(255, 0, 0, 128));
    EXPECT_THAT(pixel(picture(get_map("TRANSPARENT=true", "half")), 89, 2),
                ElementsAre(testing::_, testing::_, testing::_, 0));
    EXPECT_THAT(pixel(picture(get_map("BGCOLOR=0x0000FF", "half")), 89, 2),
                ElementsAre(0, 0, 255, 255));
    auto expected = picture(get_map("", "world"));
    const auto top = picture(get_map("TRANSPARENT=true", "half"));
    for (int y = 0; y < expected.height; ++y) {
        composite_over(top.row(y), expected.row(y), expected.width);
    }
    EXPECT_EQ(picture(get_map("", "world,half")).rgba, expected.rgba);
    EXPECT_EQ(picture(get_map("", "half,world")).rgba, picture(get_map("", "world")).rgba);
}

TEST_F(Wms, draws_in_the_format_that_is_asked_for) {
    const auto png = picture(get_map(""));
    for (const auto& [format, type, most] : {std::tuple{"image/jpeg", "image/jpeg", 6.0},
                                             {"image/webp", "image/webp", 6.0},
                                             {"image/png8", "image/png", 4.0}}) {
        const auto other = get_map(fmt::format("FORMAT={}", format));
        EXPECT_EQ(other.header("Content-Type"), type);
        EXPECT_LT(mean_difference(picture(other), png), most) << format;
    }
    const auto etag = std::string{get_map("").header("ETag")};
    EXPECT_THAT(etag, Not(IsEmpty()));
}

TEST_F(Wms, says_what_is_wrong_in_the_words_of_the_version) {
    struct Case {
        std::string fields;
        std::string code;
        int status;
    };
    for (const auto& [fields, code, status] :
         std::vector<Case>{{"LAYERS=none", "LayerNotDefined", 400},
                           {"LAYERS=roads", "LayerNotDefined", 400},
                           {"LAYERS=%3Cb%3E/etc", "LayerNotDefined", 400},
                           {"STYLES=red", "StyleNotDefined", 400},
                           {"FORMAT=text/html", "InvalidFormat", 400},
                           {"REQUEST=GetFeatureInfo", "OperationNotSupported", 501},
                           {"REQUEST=<x>", "OperationNotSupported", 501},
                           {"LAYERS=deep", "NoApplicableCode", 400},
                           {"LAYERS=broken", "NoApplicableCode", 500},
                           {"LAYERS=damaged", "NoApplicableCode", 500},
                           {"LAYERS=busy", "NoApplicableCode", 503}}) {
        const auto old = get_map(fields);
        EXPECT_EQ(old.status, status) << fields;
        EXPECT_EQ(old.header("Content-Type"), "application/vnd.ogc.se_xml");
        EXPECT_THAT(as_text(old.content()),
                    AllOf(HasSubstr("<ServiceExceptionReport version=\"1.1.1\">"),
                          HasSubstr(fmt::format("code=\"{}\"", code)), Not(HasSubstr("<b>")),
                          Not(HasSubstr("/srv")), Not(HasSubstr("/etc"))))
            << fields;
        const auto current = get_map(fields + "&VERSION=1.3.0&CRS=EPSG:3857");
        EXPECT_EQ(current.header("Content-Type"), "text/xml");
        EXPECT_THAT(as_text(current.content()), HasSubstr("version=\"1.3.0\"")) << fields;
    }
    EXPECT_THAT(as_text(get_map("SRS=EPSG:2056").content()), HasSubstr("\"InvalidSRS\""));
    EXPECT_THAT(as_text(get_map("SRS=<b>").content()), Not(HasSubstr("<b>")));
    EXPECT_THAT(as_text(get_map("VERSION=1.3.0&CRS=EPSG:2056").content()),
                HasSubstr("\"InvalidCRS\""));
    EXPECT_THAT(log, testing::Contains(HasSubstr("layer 'damaged', tile 0/0/0")));
}

TEST_F(Wms, answers_with_a_blank_picture_where_the_client_wants_no_words) {
    const auto blank =
        picture(get_map("LAYERS=none&EXCEPTIONS=application/vnd.ogc.se_blank&BGCOLOR=0x00FF00"));
    EXPECT_EQ(blank.width, 90);
    EXPECT_EQ(blank.height, 70);
    EXPECT_THAT(pixel(blank, 5, 5), ElementsAre(0, 255, 0, 255));
    EXPECT_EQ(get_map("LAYERS=none&EXCEPTIONS=BLANK&WIDTH=1000000000").status, 400);
}

TEST_F(Wms, answers_503_when_maps_are_drawn_already) {
    const Log silent = [](std::string_view) {};
    const WmsService* self = nullptr;
    int inner_status = 0;
    Live<LayerSet> set{only(layer_with("nested", {.max_zoom = 0}, [&](const TileKey&) {
        // While this map is drawn, another is asked for.
        Request request{.query = {{"REQUEST", "GetMap"},
                                  {"VERSION", "1.1.1"},
                                  {"LAYERS", "nested"},
                                  {"SRS", "EPSG:3857"},
                                  {"BBOX", "1,1,2,2"},
                                  {"WIDTH", "9"},
                                  {"HEIGHT", "9"},
                                  {"FORMAT", "image/png"}}};
        inner_status = self->answer(set.acquire(), request).status;
        return std::optional<Tile>{};
    }))};
    const WmsService service{{.max_drawing = 1, .max_wait = std::chrono::milliseconds{1}}, silent};
    self = &service;
    Request request{.query = {{"REQUEST", "GetMap"},
                              {"VERSION", "1.1.1"},
                              {"LAYERS", "nested"},
                              {"SRS", "EPSG:3857"},
                              {"BBOX", "1,1,2,2"},
                              {"WIDTH", "10"},
                              {"HEIGHT", "9"},
                              {"FORMAT", "image/png"}}};
    EXPECT_EQ(service.answer(set.acquire(), request).status, 200);
    EXPECT_EQ(inner_status, 503);
}

TEST_F(Wms, lists_layers_once_in_every_system_they_are_in) {
    const auto current = get("/wms?REQUEST=GetCapabilities");
    const std::string xml{as_text(current.content())};
    EXPECT_EQ(current.header("Content-Type"), "text/xml");
    EXPECT_THAT(xml, AllOf(HasSubstr("<Name>world</Name>"), HasSubstr("<CRS>EPSG:4326</CRS>"),
                           HasSubstr("<CRS>CRS:84</CRS>"), HasSubstr("<MaxWidth>2048</MaxWidth>"),
                           Not(HasSubstr("roads")), Not(HasSubstr("world@")),
                           HasSubstr("<BoundingBox CRS=\"EPSG:4326\" minx=\"-90\" miny=\"-180\""),
                           HasSubstr("<BoundingBox CRS=\"CRS:84\" minx=\"-180\" miny=\"-90\"")));
    const std::string old{as_text(get("/wms?REQUEST=GetCapabilities&VERSION=1.1.1").content())};
    EXPECT_THAT(old, AllOf(HasSubstr("<SRS>EPSG:4326</SRS>"), Not(HasSubstr("CRS:84")),
                           Not(HasSubstr("TileSet")),
                           HasSubstr("SRS=\"EPSG:4326\" minx=\"-180\" miny=\"-90\"")));
    EXPECT_THAT(as_text(get("/wms?REQUEST=GetCapabilities&VERSION=1.1.1&TILED=true").content()),
                AllOf(HasSubstr("<Resolutions>156543.0339"), HasSubstr("<Layers>world</Layers>")));
    EXPECT_EQ(get("/wms?REQUEST=GetCapabilities", current.header("ETag")).status, 304);
}

}  // namespace
}  // namespace offgrid::test
