#include "serve/arcgis.h"

#include "serve/router.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;

/// Rows that begin at another edge at each level: 3 tiles and a half, counted from the south.
GridRef ragged_grid() {
    return GridRef{Grid{{.name = "ragged",
                         .srs = "EPSG:25832",
                         .extent = {0, 0, 256'000, 384'000},
                         .resolutions = {1000, 500},
                         .origin = Grid::Origin::bottom_left}}};
}

struct Arcgis : testing::Test {
    static std::unique_ptr<const LayerSet> some_layers() {
        std::vector<Layer> layers;
        layers.push_back(drawn_layer("kenya", "z1: a b / . d",
                                     {.attribution = "<script>",
                                      .format = TileFormat::png,
                                      .max_zoom = 1,
                                      .bounds = Box{0, -80, 90, 80}}));
        layers.push_back(
            drawn_layer("alps", swiss_drawing,
                        {.grid = swiss_grid(), .format = TileFormat::png, .max_zoom = 2}));
        layers.push_back(
            drawn_layer("ragged", "z0: a / b",
                        {.grid = ragged_grid(), .format = TileFormat::png, .max_zoom = 1}));
        return std::make_unique<const LayerSet>(std::move(layers));
    }

    Response ask(const std::string& rest) const {
        return router.answer({.path = "/arcgis/rest/" + rest});
    }
    Json json(const std::string& rest) const { return Json::parse(as_text(ask(rest).content())); }

    Live<LayerSet> layers{some_layers()};
    Router router{layers, [](std::string_view) {}};
};

TEST_F(Arcgis, lists_a_service_for_each_tileset) {
    const auto services = json("services").at("services");
    ASSERT_EQ(services.size(), 3U);
    EXPECT_EQ(services[1], Json({{"name", "kenya"}, {"type", "MapServer"}}));
}

TEST_F(Arcgis, serves_tiles_by_row_from_the_north_and_column) {
    EXPECT_EQ(as_text(ask("services/kenya/MapServer/tile/1/0/1").content()), png("b"));
    EXPECT_EQ(as_text(ask("services/kenya/MapServer/tile/1/1/1").content()), png("d"));
    EXPECT_EQ(as_text(ask("services/alps/MapServer/tile/1/2/1").content()), png("n"));
}

TEST_F(Arcgis, describes_web_mercator_by_the_number_that_its_clients_know) {
    const auto service = json("services/kenya/MapServer");

    EXPECT_EQ(service.at("spatialReference"), Json({{"wkid", 102100}, {"latestWkid", 3857}}));
    const auto& tiles = service.at("tileInfo");
    EXPECT_EQ(tiles.at("rows"), 256);
    EXPECT_DOUBLE_EQ(tiles.at("origin").at("y"), 20037508.342789248);
    ASSERT_EQ(tiles.at("lods").size(), 2U);
    EXPECT_NEAR(tiles.at("lods").at(0).at("scale"), 591'658'710.9, 0.1) << "at 96 dots an inch";
}

TEST_F(Arcgis, describes_a_national_grid) {
    const auto service = json("services/alps/MapServer");

    EXPECT_EQ(service.at("spatialReference").at("latestWkid"), 2056);
    EXPECT_EQ(service.at("units"), "esriMeters");
    EXPECT_EQ(service.at("tileInfo").at("origin"), Json({{"x", 2420000.0}, {"y", 1350000.0}}));
}

TEST_F(Arcgis, does_not_describe_a_grid_that_has_no_one_origin) {
    EXPECT_EQ(ask("services/ragged/MapServer").status, 404);
    EXPECT_EQ(ask("services/ragged/MapServer/tile/0/1/0").status, 200);
}

TEST_F(Arcgis, refuses_what_is_not_there_or_wrong) {
    for (const auto& [rest, status] :
         std::vector<std::pair<std::string, int>>{{"", 404},
                                                  {"none", 404},
                                                  {"services/none/MapServer", 404},
                                                  {"services/%zz/MapServer", 400},
                                                  {"services/kenya", 404},
                                                  {"services/kenya/FeatureServer", 404},
                                                  {"services/kenya/MapServer/export", 404},
                                                  {"services/kenya/MapServer/tile", 400},
                                                  {"services/kenya/MapServer/tile/1/0", 400},
                                                  {"services/kenya/MapServer/tile/1/0/1/", 400},
                                                  {"services/kenya/MapServer/tile/x/0/1", 400},
                                                  {"services/kenya/MapServer/tile/1/0/1.png", 400},
                                                  {"services/kenya/MapServer/tile/1/0/2", 404},
                                                  {"services/kenya/MapServer/tile/9/0/0", 404},
                                                  {"services/kenya/MapServer/tile/-1/0/0", 404}}) {
        EXPECT_EQ(ask(rest).status, status) << rest;
    }
    EXPECT_EQ(json("services/none/MapServer").at("error").at("code"), 404);
}

}  // namespace
}  // namespace offgrid::test
