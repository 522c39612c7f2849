// Debian's MapCache, a program of other people, answers the same address with the same bytes, and
// lists the same layers and matrices.

#include "formats/base/live.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/open_layers.h"
#include "serve/router.h"
#include "serve/url.h"
#include "tests/serve/ask.h"
#include "tests/support/mapcache.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pugixml.hpp>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

/// Tilesets in grids that start below and above, one of which is cut off within a tile, with zooms
/// and an extent, and with dimensions.
constexpr const char* configuration = R"(
  <cache name="c" type="disk"><base>{0}/tiles</base></cache>
  <grid name="north"><extent>-1000000 -3000000 7000000 2100000</extent><srs>EPSG:3857</srs>
    <units>m</units><size>256 256</size><resolutions>20000 9000 4500</resolutions>
    <origin>top-left</origin></grid>
  <grid name="south"><extent>-1000000 -3000000 7000000 2100000</extent><srs>EPSG:3857</srs>
    <units>m</units><size>256 256</size><resolutions>20000 9000 4500</resolutions></grid>
  <grid name="feet"><extent>-1000000 -3000000 7000000 2100000</extent><srs>EPSG:2263</srs>
    <units>ft</units><size>256 256</size><resolutions>20000 9000</resolutions></grid>
  <tileset name="earth"><cache>c</cache><source>map</source><format>PNG</format>
    <grid>GoogleMapsCompatible</grid>
    <grid restricted_extent="0 0 90 45" minzoom="1" maxzoom="9">WGS84</grid>
    <grid>north</grid><grid>south</grid><expires>300</expires></tileset>
  <tileset name="hours"><cache>c</cache><source>map</source><format>PNG</format>
    <grid>GoogleMapsCompatible</grid><grid>feet</grid>
    <dimensions><dimension type="values" name="day" default="1"><value>1</value><value>2</value>
      </dimension><dimension type="values" name="hour" default="12"><value>06</value>
      <value>12</value></dimension></dimensions></tileset>
  <service type="wmts" enabled="true"/><service type="gmaps" enabled="true"/>
  <service type="ve" enabled="true"/><service type="mapguide" enabled="true"/>
  <service type="kml" enabled="true"/>)";

struct MapcachePeerServices : testing::Test {
    CgiResponse theirs(const std::string& address) {
        const auto question = std::min(address.find('?'), address.size());
        return ask_mapcache(config, *percent_decoded(address.substr(0, question)),
                            address.substr(std::min(question + 1, address.size())));
    }

    Answer ours(const std::string& address) {
        return ask(router, address, {.base = "http://localhost"});
    }

    TempFolder folder;
    std::filesystem::path config = write_mapcache_config(
        folder.path(), fmt::format(fmt::runtime(configuration), folder.path().string()));
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(8);
    Live<LayerSet> layers{ServedPaths{{config}, *pool, [](std::string_view) {}}.layers()};
    Router router{layers, [](std::string_view) {}};
};

TEST_F(MapcachePeerServices, give_the_same_tile_for_the_same_address) {
    const std::string kvp = "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&STYLE=default";
    std::set<std::string> tiles;
    for (const auto& address : std::vector<std::string>{
             "/tms/1.0.0/earth/2/1/3.png",
             "/tms/1.0.0/earth@GoogleMapsCompatible/2/1/1.png",
             "/tms/1.0.0/earth@WGS84/2/4/2.png",
             "/tms/1.0.0/earth@north/1/2/1.png",
             "/tms/1.0.0/earth@south/1/2/1.png",
             "/tms/1.0.0/hours%5Bhour=06%5D/1/0/0.png",
             "/wmts/1.0.0/earth/default/GoogleMapsCompatible/2/2/1.png",
             "/wmts/1.0.0/earth/default/WGS84/2/1/5.png",
             "/wmts/1.0.0/earth/default/north/1/0/3.png",
             "/wmts/1.0.0/earth/default/south/1/0/3.png",
             "/wmts/1.0.0/hours/default/2/06/GoogleMapsCompatible/1/1/0.png",
             kvp + "&LAYER=earth&TILEMATRIXSET=north&TILEMATRIX=2&TILEROW=3&TILECOL=4",
             kvp + "&LAYER=earth&TILEMATRIXSET=WGS84&TILEMATRIX=2&TILEROW=1&TILECOL=6",
             kvp + "&LAYER=hours&TILEMATRIXSET=GoogleMapsCompatible&TILEMATRIX=1&TILEROW=0"
                   "&TILECOL=1&day=2&hour=06",
             "/gmaps/earth@GoogleMapsCompatible/3/2/1.png",
             "/gmaps/earth@north/1/1/2.png",
             "/gmaps/earth@south/1/1/2.png",
             "/ve?layer=earth@GoogleMapsCompatible&tile=031",
             "/ve?layer=earth@north&tile=12",
             "/mg/S0/earth@north/R0/C3/1_2.png",
             "/mg/S0/earth@south/R1/C3/1_2.png",
             "/mg/S1/earth@north/R0/C0/1_1.png",
             "/mg/S7/earth@WGS84/R0/C0/1_6.png",
             "/mg/S19/earth/R0/C0/2_3.png"}) {
        const auto made = theirs(address);  // rendered, and kept where we read it
        ASSERT_THAT(made.headers, HasSubstr("Content-Type: image/png")) << address << made.headers;
        const auto answer = ours(address);
        EXPECT_EQ(answer.status, 200) << address << answer.body;
        EXPECT_EQ(answer.body, made.body) << address;
        EXPECT_EQ(answer.headers.at("Content-Type"), "image/png");
        EXPECT_THAT(made.headers, HasSubstr("Expires: ")) << address;
        EXPECT_TRUE(answer.headers.contains("Expires")) << address;
        EXPECT_EQ(answer.headers.at("Cache-Control"), "max-age=300") << address;
        tiles.insert(made.body);
    }
    EXPECT_GT(tiles.size(), 14U) << "the map has something else in most places";
}

TEST_F(MapcachePeerServices, know_no_tile_where_mapcache_knows_none) {
    for (const auto& address : std::vector<std::string>{
             "/tms/1.0.0/earth/2/4/0.png", "/tms/1.0.0/nothing/2/1/0.png",
             "/tms/1.0.0/earth@nowhere/2/1/0.png", "/tms/1.0.0/earth@WGS84/0/0/0.png",
             "/wmts/1.0.0/earth/default/WGS84/2/1/50.png",
             "/wmts/1.0.0/earth/nicer/WGS84/2/1/5.png",
             "/wmts/1.0.0/hours/default/3/06/GoogleMapsCompatible/1/1/0.png",
             "/wmts?request=GetTile&layer=earth&tilematrixset=WGS84&tilematrix=2&tilerow=9&tilecol="
             "1",
             "/gmaps/earth@north/1/1/9.png", "/gmaps/earth/1/1", "/ve?layer=earth@north&tile=2222",
             "/mg/S9/earth@north/R0/C0/0_0.png", "/mg/S0/earth@north/R9/C0/9_0.png",
             "/kml/earth@WGS84/2/x/0.kml"}) {
        EXPECT_THAT(theirs(address).headers, HasSubstr("Status: 4")) << address;
        const auto status = ours(address).status;
        EXPECT_TRUE(status == 400 || status == 404) << address << ' ' << status;
    }
}

/// The numbers of an element.
std::vector<double> numbers_in(const pugi::xml_node& parent, const char* name) {
    std::vector<double> numbers;
    const char* text = parent.child_value(name);
    for (char* end = nullptr;; text = end) {
        const double number = std::strtod(text, &end);
        if (end == text) {
            return numbers;
        }
        numbers.push_back(number);
    }
}

TEST_F(MapcachePeerServices, list_the_same_matrices) {
    pugi::xml_document mine;
    pugi::xml_document others;
    ASSERT_TRUE(mine.load_string(ours("/wmts/1.0.0/WMTSCapabilities.xml").body.c_str()));
    ASSERT_TRUE(others.load_string(theirs("/wmts/1.0.0/WMTSCapabilities.xml").body.c_str()));
    int compared = 0;
    for (const auto& set : mine.select_nodes("//Contents/TileMatrixSet")) {
        const std::string id = set.node().child_value("ows:Identifier");
        for (const auto& matrix : set.node().children("TileMatrix")) {
            const auto path =
                fmt::format("//TileMatrixSet[ows:Identifier='{}']/TileMatrix[ows:Identifier='{}']",
                            id, matrix.child_value("ows:Identifier"));
            const auto other = others.select_node(path.c_str()).node();
            ASSERT_TRUE(other) << path;
            for (const auto* name : {"ScaleDenominator", "TopLeftCorner", "TileWidth", "TileHeight",
                                     "MatrixWidth", "MatrixHeight"}) {
                const auto found = numbers_in(matrix, name);
                const auto wanted = numbers_in(other, name);
                ASSERT_EQ(found.size(), wanted.size()) << path << name;
                for (std::size_t i = 0; i < found.size(); ++i) {
                    EXPECT_NEAR(found[i], wanted[i], 1e-6 + 1e-8 * std::abs(wanted[i]))
                        << path << name;
                    ++compared;
                }
            }
        }
    }
    EXPECT_GT(compared, 200);
}

TEST_F(MapcachePeerServices, list_the_same_layers_with_the_same_limits) {
    pugi::xml_document mine;
    pugi::xml_document others;
    ASSERT_TRUE(mine.load_string(ours("/wmts/1.0.0/WMTSCapabilities.xml").body.c_str()));
    ASSERT_TRUE(others.load_string(theirs("/wmts/1.0.0/WMTSCapabilities.xml").body.c_str()));
    const auto all = [](const pugi::xml_document& document, const char* path) {
        std::multiset<std::string> texts;
        for (const auto& found : document.select_nodes(path)) {
            texts.insert(found.attribute() ? found.attribute().value()
                                           : found.node().child_value());
        }
        return texts;
    };
    for (const auto* path :
         {"//Layer/ows:Identifier", "//Layer/Format", "//Layer/Style/ows:Identifier",
          "//Layer/Dimension/ows:Identifier", "//Layer/Dimension/Default",
          "//Layer/Dimension/Value", "//Layer/TileMatrixSetLink/TileMatrixSet",
          "//Layer/ResourceURL/@template", "//Contents/TileMatrixSet/ows:Identifier"}) {
        EXPECT_EQ(all(mine, path), all(others, path)) << path;
    }
    int compared = 0;
    for (const auto& limits : mine.select_nodes(
             "//Layer[ows:Identifier='earth']/TileMatrixSetLink[TileMatrixSet='WGS84']"
             "//TileMatrixLimits")) {
        const auto path = fmt::format("//TileMatrixLimits[TileMatrix='WGS84:{}']",
                                      limits.node().child_value("TileMatrix"));
        const auto other = others.select_node(path.c_str()).node();
        ASSERT_TRUE(other) << path;
        const auto number = [](const pugi::xml_node& node, const char* name) {
            return node.child(name).text().as_llong();
        };
        const auto mine_at = limits.node();
        EXPECT_EQ(number(mine_at, "MinTileCol"), number(other, "MinTileCol")) << path;
        EXPECT_EQ(number(mine_at, "MaxTileCol"), number(other, "MaxTileCol")) << path;
        // MapCache counts these rows from the grid's origin; those of its GetTile from the north.
        const auto last_row =
            Grid::wgs84().matrix_height(mine_at.child("TileMatrix").text().as_int()) - 1;
        EXPECT_EQ(number(mine_at, "MinTileRow"), last_row - number(other, "MaxTileRow")) << path;
        EXPECT_EQ(number(mine_at, "MaxTileRow"), last_row - number(other, "MinTileRow")) << path;
        ++compared;
    }
    EXPECT_EQ(compared, 9) << "the zooms 1 to 9";
}

}  // namespace
}  // namespace offgrid::test
