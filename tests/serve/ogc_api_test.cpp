#include "serve/ogc_api.h"

#include "serve/router.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* base = "http://maps.local/field";

/// `kenya` has images in web mercator, `hills` in two matrix sets, `alps` in one of its own,
/// `roads` has vector tiles.
std::unique_ptr<const LayerSet> some_layers() {
    std::vector<Layer> layers;
    layers.push_back(drawn_layer("kenya", "z1: a b / . d",
                                 {.name = "Kenya <b>",
                                  .format = TileFormat::png,
                                  .max_zoom = 1,
                                  .bounds = Box{0, -80, 90, 80}}));
    layers.push_back(drawn_layer("hills", "z0: world"));
    layers.push_back(
        drawn_layer("hills@WGS84", "z0: west east",
                    {.grid = &Grid::wgs84(), .format = TileFormat::png, .max_zoom = 0}));
    layers.back().name = "hills";
    layers.push_back(drawn_layer("alps", swiss_drawing,
                                 {.grid = swiss_grid(), .format = TileFormat::png, .max_zoom = 2}));
    layers.push_back(drawn_layer("roads", "z0: r", {.format = TileFormat::pbf, .max_zoom = 0}));
    return std::make_unique<const LayerSet>(std::move(layers));
}

struct OgcApi : testing::Test {
    Response ask(const std::string& path, std::vector<QueryField> query = {}) const {
        return router.answer({.path = path, .query = std::move(query), .base = base});
    }
    Json json(const std::string& path, std::vector<QueryField> query = {}) const {
        const auto response = ask(path, std::move(query));
        EXPECT_EQ(response.status, 200) << path;
        EXPECT_EQ(response.header("Content-Type"), "application/json") << path;
        return Json::parse(as_text(response.content()));
    }

    Live<LayerSet> layers{some_layers()};
    Router router{layers, [](std::string_view) {}};
};

/// The addresses of the links with that relation.
std::vector<std::string> links(const Json& document, std::string_view relation) {
    std::vector<std::string> found;
    for (const auto& link : document.at("links")) {
        if (link.at("rel") == relation) {
            found.push_back(link.at("href"));
        }
    }
    return found;
}

constexpr auto map_tilesets = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map";

TEST_F(OgcApi, leads_from_the_landing_page_to_a_tile) {
    const auto path_of = [](const std::string& href) {
        EXPECT_THAT(href, testing::StartsWith(base));
        return href.substr(std::string_view{base}.size());
    };

    const auto collections = json(path_of(links(json("/ogc"), "data").at(0)));
    const auto kenya = collections.at("collections").at(2);
    ASSERT_EQ(kenya.at("id"), "kenya");
    const auto tilesets = json(path_of(links(kenya, map_tilesets).at(0)));
    const auto tileset = json(path_of(links(tilesets.at("tilesets").at(0), "self").at(0)));
    auto item = path_of(links(tileset, "item").at(0));

    EXPECT_EQ(item,
              "/ogc/collections/kenya/map/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}"
              "?f=png");
    EXPECT_EQ(as_text(ask("/ogc/collections/kenya/map/tiles/WebMercatorQuad/1/0/1", {{"f", "png"}})
                          .content()),
              png("b"))
        << "row 0, column 1";
}

TEST_F(OgcApi, tells_where_a_tileset_has_tiles) {
    const auto tileset = json("/ogc/collections/kenya/map/tiles/WebMercatorQuad");

    EXPECT_EQ(tileset.at("tileMatrixSetLimits"), Json::parse(R"([
        {"tileMatrix": "0", "minTileRow": 0, "maxTileRow": 0, "minTileCol": 0, "maxTileCol": 0},
        {"tileMatrix": "1", "minTileRow": 0, "maxTileRow": 1, "minTileCol": 0, "maxTileCol": 1}
    ])"));
    EXPECT_EQ(tileset.at("boundingBox").at("lowerLeft"), Json({0, -80}));
    EXPECT_EQ(tileset.at("tileMatrixSetURI"),
              "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad");
}

TEST_F(OgcApi, has_a_tileset_for_each_grid_of_a_layer) {
    const auto tilesets = json("/ogc/collections/hills/map/tiles").at("tilesets");

    ASSERT_EQ(tilesets.size(), 2U);
    EXPECT_THAT(tilesets[1].at("tileMatrixSetURI"), HasSubstr("WorldCRS84Quad"));
    EXPECT_EQ(as_text(ask("/ogc/collections/hills/map/tiles/WorldCRS84Quad/0/0/1").content()),
              png("east"));
}

TEST_F(OgcApi, describes_matrix_sets_by_ogcs_names_or_their_own) {
    const auto document = json("/ogc/tileMatrixSets");
    std::set<std::string> ids;
    for (const auto& set : document.at("tileMatrixSets")) {
        ids.insert(set.at("id"));
    }
    EXPECT_THAT(ids, ElementsAre("Swiss", "WebMercatorQuad", "WorldCRS84Quad"));
    EXPECT_EQ(json("/ogc/tileMatrixSets/WorldCRS84Quad").at("crs"),
              "http://www.opengis.net/def/crs/OGC/1.3/CRS84");
    EXPECT_EQ(json("/ogc/tileMatrixSets/Swiss").at("tileMatrices").size(), 3U);
}

TEST_F(OgcApi, lists_vector_tiles_apart) {
    EXPECT_EQ(json("/ogc/collections/roads").at("dataType"), "vector");
    EXPECT_EQ(ask("/ogc/collections/roads/tiles/WebMercatorQuad/0/0/0").status, 200);
    EXPECT_EQ(ask("/ogc/collections/roads/map/tiles/WebMercatorQuad/0/0/0").status, 404);
}

TEST(OgcApiOfDimensions, asks_anew_what_a_name_means) {
    auto described = drawn_layer("scenes", "z0: old");
    described.is_found_anew = true;
    std::vector<Layer> listed;
    listed.push_back(std::move(described));
    const auto now = std::make_shared<const Layer>(drawn_layer("scenes", "z0: new"));
    const Live<LayerSet> layers{std::make_unique<const LayerSet>(
        std::move(listed), std::nullopt,
        std::vector<LayerFinder>{[now](std::string_view) { return now; }})};
    const Router router{layers, [](std::string_view) {}};

    const auto tile =
        router.answer({.path = "/ogc/collections/scenes/map/tiles/WebMercatorQuad/0/0/0"});

    EXPECT_EQ(as_text(tile.content()), png("new"));
}

TEST_F(OgcApi, pages_through_many_layers) {
    const auto first = json("/ogc/collections", {{"limit", "3"}});
    EXPECT_EQ(first.at("numberMatched"), 4);
    EXPECT_EQ(first.at("collections").size(), 3U);
    EXPECT_THAT(links(first, "next"),
                ElementsAre(std::string{base} + "/ogc/collections?offset=3&limit=3"));

    const auto last = json("/ogc/collections", {{"offset", "3"}, {"limit", "3"}});
    EXPECT_EQ(last.at("collections").at(0).at("id"), "roads");
    EXPECT_THAT(links(last, "next"), ElementsAre());
}

TEST_F(OgcApi, says_what_can_be_asked) {
    const auto response = ask("/ogc/api");
    EXPECT_THAT(response.header("Content-Type"), HasSubstr("openapi"));
    const auto definition = Json::parse(as_text(response.content()));
    EXPECT_EQ(definition.at("servers").at(0).at("url"), std::string{base} + "/ogc");
    EXPECT_EQ(definition.at("paths").size(), 12U);
}

TEST_F(OgcApi, refuses_what_is_not_there_or_wrong) {
    const std::string kenya = "/ogc/collections/kenya/map/tiles/WebMercatorQuad";
    for (const auto& [path, status] :
         std::vector<std::pair<std::string, int>>{{"/ogc/nothing", 404},
                                                  {"/ogc//collections", 404},
                                                  {"/ogc/collections/none", 404},
                                                  {"/ogc/collections/%zz", 400},
                                                  {"/ogc/collections/..%2F..%2Fetc", 404},
                                                  {"/ogc/collections/kenya/map", 404},
                                                  {"/ogc/collections/kenya/map/tiles/Swiss", 404},
                                                  {"/ogc/tileMatrixSets/none", 404},
                                                  {kenya + "/1", 404},
                                                  {kenya + "/1/0/2", 404},
                                                  {kenya + "/1/0/-1", 404},
                                                  {kenya + "/31/0/0", 404},
                                                  {kenya + "/1/0/99999999999999999999", 400},
                                                  {kenya + "/a/0/0", 400},
                                                  {kenya + "/1/1/0", 404}}) {
        const auto response = ask(path);
        EXPECT_EQ(response.status, status) << path;
    }
    EXPECT_EQ(ask(kenya + "/1/0/1", {{"f", "jpg"}}).status, 400);
    EXPECT_EQ(ask("/ogc/collections", {{"limit", "-1"}}).status, 400);
    EXPECT_EQ(ask("/ogc", {{"f", "html"}}).status, 400);
    EXPECT_EQ(ask("/ogc/nothing").header("Content-Type"), "application/problem+json");
}

}  // namespace
}  // namespace offgrid::test
