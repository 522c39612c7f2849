#include "serve/wmts_capabilities.h"

#include "formats/base/live.h"
#include "serve/router.h"
#include "tests/serve/ask.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pugixml.hpp>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::HasSubstr;
using testing::Not;

GridRef grid_of(std::string name, std::string srs, Grid::Unit unit) {
    return GridRef{Grid{{.name = std::move(name),
                         .srs = std::move(srs),
                         .unit = unit,
                         .extent = {3'000'000, 5'000'000, 3'256'000, 5'100'000},
                         .resolutions = {1000, 500},
                         .origin = Grid::Origin::top_left}}};
}

/// A router over layers, and the documents that it gives.
struct Documents {
    explicit Documents(std::vector<Layer> some)
        : layers{std::make_unique<const LayerSet>(std::move(some))} {}

    Answer get(std::string_view address, std::string_view if_none_match = {}) const {
        return ask(router, address,
                   {.base = "http://maps.example", .if_none_match = if_none_match});
    }

    pugi::xml_document parsed(std::string_view address = "/wmts/1.0.0/WMTSCapabilities.xml") const {
        pugi::xml_document document;
        const auto body = get(address).body;
        EXPECT_TRUE(document.load_string(body.c_str())) << body.substr(0, 1000);
        return document;
    }

    Live<LayerSet> layers;
    Router router{layers, [](std::string_view) {}};
};

std::vector<Layer> some_layers() {
    std::vector<Layer> layers;
    layers.push_back(drawn_layer("osm", "z0: a",
                                 {.name = "<script>alert(1)</script> & \"\x01\xFF",
                                  .format = TileFormat::png,
                                  .max_zoom = 30,
                                  .bounds = Box{-500, -95, 200, 89.5}}));
    layers.push_back(
        drawn_layer("<script>", "z0: a", {.grid = &Grid::wgs84(), .format = TileFormat::jpeg}));
    layers.push_back(drawn_layer("Gauß", "z0: a",
                                 {.grid = grid_of("gk", "EPSG:31467", Grid::Unit::metre),
                                  .format = TileFormat::png,
                                  .max_zoom = 1}));
    layers.push_back(
        drawn_layer("feet", "z0: a",
                    {.grid = grid_of("ft", "EPSG:2263", Grid::Unit::foot),
                     .max_zoom = 0,
                     .bounds = Box{0, 0, std::numeric_limits<double>::infinity(), 9}}));
    layers.push_back(drawn_layer("roads", "z0: a", {.format = TileFormat::pbf, .max_zoom = 1}));
    layers.back().limits = [](int z) {
        return z == 1 ? TileRange{1, 1, 0, 2, 2} : TileRange{.z = z};
    };
    layers.back().dimensions = {{.name = "time", .default_value = "2024", .values = [] {
                                     return std::vector<std::string>{"2023", "2024"};
                                 }}};
    return layers;
}

/// What xmllint finds wrong, without the network.
std::string faults_of(const std::string& xml, const std::string& schema) {
    TempFolder folder;
    write_file(folder / "document.xml", xml);
    const auto checked = run({"xmllint", "--nonet", "--noout", "--schema",
                              OFFGRID_SOURCE_DIR "/tests/serve/schemas/" + schema,
                              (folder / "document.xml").string()});
    return checked.exit_code == 0 ? "" : checked.err;
}

TEST(WmtsCapabilities, have_all_that_the_standard_asks_for_in_its_order) {
    const Documents documents{some_layers()};
    for (const auto* address :
         {"/wmts/1.0.0/WMTSCapabilities.xml", "/mapcache/wmts?service=WMTS&request=GetCapabilities",
          "/service/wmts/rest/WMTSCapabilities.xml",
          "/gwc/service/wmts?Service=wmts&Request=getcapabilities&AcceptVersions=2.0.0,1.0.0"}) {
        const auto answer = documents.get(address);
        EXPECT_EQ(answer.status, 200) << address;
        EXPECT_EQ(answer.headers.at("Content-Type"), "application/xml");
        EXPECT_EQ(faults_of(answer.body, "wmts.xsd"), "") << address << "\n" << answer.body;
    }
    EXPECT_EQ(faults_of(Documents{{}}.get("/wmts?request=GetCapabilities").body, "wmts.xsd"), "");
    EXPECT_EQ(faults_of(documents.get("/wmts?request=GetTile").body, "ows.xsd"), "");
    EXPECT_EQ(faults_of(documents.get("/wmts?request=%3Cnonsense%00").body, "ows.xsd"), "");
}

TEST(WmtsCapabilities, show_names_as_text) {
    const auto body = Documents{some_layers()}.get("/wmts/1.0.0/WMTSCapabilities.xml").body;
    EXPECT_THAT(body, Not(HasSubstr("<script")));
    EXPECT_THAT(body, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;\uFFFD\uFFFD"));
    EXPECT_THAT(body, HasSubstr("<ows:Identifier>&lt;script&gt;</ows:Identifier>"));
    EXPECT_THAT(body, HasSubstr("/wmts/1.0.0/%3Cscript%3E/default/"));
    EXPECT_THAT(body, HasSubstr("/wmts/1.0.0/Gau%C3%9F/default/"));
}

TEST(WmtsCapabilities, give_corners_in_the_order_of_the_axes) {
    const auto document = Documents{some_layers()}.parsed();
    const auto corner = [&](const char* set) {
        return std::string{document
                               .select_node(fmt::format("//TileMatrixSet[ows:Identifier='{}']/"
                                                        "TileMatrix[1]/TopLeftCorner",
                                                        set)
                                                .c_str())
                               .node()
                               .child_value()};
    };
    EXPECT_EQ(corner("WGS84"), "90 -180") << "latitude first";
    EXPECT_EQ(corner("gk"), "5100000 3000000") << "northing first";
    EXPECT_EQ(corner("ft"), "3000000 5100000");
    EXPECT_EQ(corner("GoogleMapsCompatible"), "-20037508.342789248 20037508.342789248");
}

TEST(WmtsCapabilities, give_scales_for_pixels_of_the_standard) {
    const auto document = Documents{some_layers()}.parsed();
    const auto scale = [&](const char* set) {
        return document
            .select_node(
                fmt::format("//TileMatrixSet[ows:Identifier='{}']/TileMatrix[1]/ScaleDenominator",
                            set)
                    .c_str())
            .node()
            .text()
            .as_double();
    };
    EXPECT_NEAR(scale("GoogleMapsCompatible"), 559082264.0287178, 0.001);
    EXPECT_NEAR(scale("WGS84"), 279541132.0143589, 0.001);
    EXPECT_NEAR(scale("gk"), 1000 / 0.00028, 0.001);
    EXPECT_NEAR(scale("ft"), 1000 * 0.3048 / 0.00028, 0.001);
    EXPECT_EQ(document.select_nodes("//WellKnownScaleSet").size(), 1U)
        << "plate carree begins one zoom below that of OGC";
}

TEST(WmtsCapabilities, list_what_a_layer_covers) {
    const auto document = Documents{some_layers()}.parsed();
    const auto text = [&](const char* path) {
        return std::string{document.select_node(path).node().child_value()};
    };
    EXPECT_EQ(text("//Layer[ows:Identifier='osm']//ows:LowerCorner"), "-180 -90");
    EXPECT_EQ(text("//Layer[ows:Identifier='osm']//ows:UpperCorner"), "180 89.5");
    EXPECT_FALSE(document.select_node("//Layer[ows:Identifier='osm']//TileMatrixSetLimits"))
        << "it has all tiles";
    EXPECT_FALSE(document.select_node("//Layer[ows:Identifier='feet']/ows:WGS84BoundingBox"));
    const auto limits = document.select_nodes("//Layer[ows:Identifier='roads']//TileMatrixLimits");
    ASSERT_EQ(limits.size(), 1U);
    const auto node = limits[0].node();
    EXPECT_STREQ(node.child_value("TileMatrix"), "1");
    EXPECT_STREQ(node.child_value("MinTileRow"), "0");
    EXPECT_STREQ(node.child_value("MaxTileRow"), "1");
    EXPECT_STREQ(node.child_value("MinTileCol"), "1");
    EXPECT_STREQ(node.child_value("MaxTileCol"), "1");
    EXPECT_EQ(text("//Layer[ows:Identifier='roads']/Dimension/Default"), "2024");
    EXPECT_EQ(document.select_nodes("//Layer[ows:Identifier='roads']/Dimension/Value").size(), 2U);
}

TEST(WmtsCapabilities, name_addresses_that_are_answered) {
    const Documents documents{some_layers()};
    for (const auto* address : {"/mapcache/wmts/1.0.0/WMTSCapabilities.xml",
                                "/gwc/service/wmts/rest/WMTSCapabilities.xml"}) {
        const auto document = documents.parsed(address);
        std::string url =
            document.select_node("//Layer[ows:Identifier='osm']/ResourceURL/@template")
                .attribute()
                .value();
        for (const auto& [variable, value] : std::vector<std::pair<std::string, std::string>>{
                 {"{style}", "default"},
                 {"{TileMatrixSet}", "GoogleMapsCompatible"},
                 {"{TileMatrix}", "0"},
                 {"{TileRow}", "0"},
                 {"{TileCol}", "0"}}) {
            if (const auto at = url.find(variable); at != std::string::npos) {
                url.replace(at, variable.size(), value);
            }
        }
        const std::string base = "http://maps.example";
        ASSERT_THAT(url, testing::StartsWith(base));
        EXPECT_EQ(documents.get(url.substr(base.size())).body, png("a")) << url;
    }
}

TEST(WmtsCapabilities, are_not_sent_again_to_who_has_them) {
    auto layers = some_layers();
    layers.pop_back();  // the one whose dimension has other values at any time
    const Documents documents{std::move(layers)};
    const std::string address = "/wmts/1.0.0/WMTSCapabilities.xml";
    const auto first = documents.get(address);
    const auto& etag = first.headers.at("ETag");

    const auto again = documents.get(address, etag);
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(again.headers.at("ETag"), etag);
    const auto elsewhere = ask(documents.router, address, {.base = "http://other"});
    EXPECT_NE(elsewhere.headers.at("ETag"), etag) << "its addresses are others";
    EXPECT_THAT(elsewhere.body, Not(HasSubstr("maps.example")));
    EXPECT_THAT(ask(documents.router, address).body, HasSubstr("template=\"/wmts/1.0.0/osm/"))
        << "without a host addresses start at the root";
}

TEST(WmtsCapabilities, list_ten_thousand_layers_in_no_time) {
    std::vector<Layer> layers;
    for (int i = 0; i < 10'000; ++i) {
        layers.push_back(drawn_layer(fmt::format("layer-{}", i), "z0: a",
                                     {.format = TileFormat::png, .max_zoom = i % 15}));
    }
    const Documents documents{std::move(layers)};
    const auto start = std::chrono::steady_clock::now();
    const auto answer = documents.get("/wmts/1.0.0/WMTSCapabilities.xml");
    const auto took = std::chrono::steady_clock::now() - start;
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    RecordProperty("milliseconds", std::to_string(milliseconds));
    EXPECT_EQ(answer.status, 200);
    EXPECT_LT(milliseconds, 5000) << "far above what it takes on a busy machine";
    EXPECT_GT(answer.body.size(), 10'000'000U) << "each has limits of its own";
}

}  // namespace
}  // namespace offgrid::test
