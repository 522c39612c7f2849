#include "serve/tms_capabilities.h"

#include "formats/base/live.h"
#include "serve/router.h"
#include "tests/serve/ask.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"

#include <gmock/gmock.h>
#include <pugixml.hpp>

#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct TmsCapabilities : testing::Test {
    static std::vector<Layer> some_layers() {
        std::vector<Layer> layers;
        layers.push_back(drawn_layer("hills", "z0: a", {.format = TileFormat::png, .max_zoom = 3}));
        layers.push_back(drawn_layer("hills@jpeg", "z0: b", {.format = TileFormat::jpeg}));
        layers.back().name = "hills";
        layers.push_back(drawn_layer(
            "<script>", "z1: c",
            {.grid = swiss_grid(), .format = TileFormat::png, .min_zoom = 1, .max_zoom = 2}));
        return layers;
    }

    pugi::xml_document get(const std::string& address) const {
        pugi::xml_document document;
        const auto answer = ask(router, address, {.base = "http://h"});
        EXPECT_EQ(answer.status, 200) << address;
        EXPECT_TRUE(document.load_string(answer.body.c_str())) << answer.body;
        return document;
    }

    Live<LayerSet> layers{std::make_unique<const LayerSet>(some_layers())};
    Router router{layers, [](std::string_view) {}};
};

TEST_F(TmsCapabilities, lead_from_the_versions_to_the_tiles) {
    const std::string base = "http://h";
    for (const std::string folder : {"/tms", "/mapcache/tms"}) {
        const std::string versions =
            get(folder).select_node("//TileMapService/@href").attribute().value();
        EXPECT_EQ(versions, base + folder + "/1.0.0/");
        const auto maps = get(versions.substr(base.size()));
        ASSERT_EQ(maps.select_nodes("//TileMap").size(), 3U);
        for (const auto& map : maps.select_nodes("//TileMap/@href")) {
            const auto found = get(std::string{map.attribute().value()}.substr(base.size()));
            EXPECT_TRUE(found.select_node("/TileMap/TileSets/TileSet/@href"))
                << map.attribute().value();
        }
    }
    EXPECT_EQ(get("/service/tms/1.0.0/").select_nodes("//TileMap").size(), 3U);
}

TEST_F(TmsCapabilities, tell_formats_of_one_grid_apart) {
    EXPECT_STREQ(get("/tms/1.0.0/hills@GoogleMapsCompatible@jpg")
                     .select_node("//TileFormat/@extension")
                     .attribute()
                     .value(),
                 "jpg");
    EXPECT_STREQ(get("/service/tms/1.0.0/hills@EPSG%3A900913@png")
                     .select_node("//TileFormat/@mime-type")
                     .attribute()
                     .value(),
                 "image/png");
}

TEST_F(TmsCapabilities, describe_a_grid_of_ones_own) {
    const auto map = get("/tms/1.0.0/%3Cscript%3E@Swiss").child("TileMap");
    EXPECT_STREQ(map.child_value("SRS"), "EPSG:2056");
    EXPECT_EQ(map.child("Origin").attribute("y").as_double(), 1350000 - 5 * 256 * 250)
        << "the rows of the deepest zoom start where its tiles end";
    const auto first = map.child("TileSets").child("TileSet");
    EXPECT_EQ(first.attribute("units-per-pixel").as_double(), 500);
    EXPECT_EQ(first.attribute("order").as_int(), 1);
    EXPECT_STREQ(first.attribute("href").value(), "http://h/tms/1.0.0/%3Cscript%3E%40Swiss/1");
    EXPECT_THAT(ask(router, "/tms/1.0.0/").body, Not(HasSubstr("<script")));
}

TEST_F(TmsCapabilities, know_no_other_maps_and_versions) {
    EXPECT_EQ(ask(router, "/tms/1.0.0/nothing").status, 404);
    EXPECT_EQ(ask(router, "/tms/1.0.0/hills@Swiss").status, 404);
    EXPECT_EQ(ask(router, "/tms/1.1.0/").status, 400);
    EXPECT_EQ(ask(router, "/service/tms/1.0.0/nothing").status, 400);
}

}  // namespace
}  // namespace offgrid::test
