#include "serve/catalogue.h"

#include "tests/serve/layers_of.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::drawn_layer;
using ::testing::ElementsAre;

Grid local_grid(double resolution, std::size_t levels = 2) {
    std::vector<double> resolutions;
    for (std::size_t z = 0; z < levels; ++z) {
        resolutions.push_back(resolution / static_cast<double>(1U << z));
    }
    return Grid{{.name = "local",
                 .srs = "EPSG:25832",
                 .extent = {0, 0, 256'000, 256'000},
                 .resolutions = resolutions}};
}

Layer layer_in(std::string id, GridRef grid, std::string name = {}) {
    auto layer = drawn_layer(std::move(id), "z0: a", {.grid = std::move(grid), .max_zoom = 0});
    layer.name = std::move(name);
    return layer;
}

LayerSet set_of(Layer one, Layer other) {
    std::vector<Layer> layers;
    layers.push_back(std::move(one));
    layers.push_back(std::move(other));
    return LayerSet{std::move(layers)};
}

std::vector<std::string> matrix_sets_of(const Catalogue& catalogue) {
    std::vector<std::string> ids;
    for (const auto& set : catalogue.matrix_sets()) {
        ids.push_back(set.id);
    }
    return ids;
}

TEST(Catalogue, lists_the_tilesets_of_a_layer_together) {
    const auto set = set_of(layer_in("osm", &Grid::google_maps_compatible(), "osm"),
                            layer_in("osm@WGS84", &Grid::wgs84(), "osm"));

    const auto& layers = set.catalogue().layers();

    ASSERT_EQ(layers.size(), 1U);
    EXPECT_EQ(layers[0].name, "osm");
    ASSERT_EQ(layers[0].tilesets.size(), 2U);
    EXPECT_EQ(layers[0].tilesets[1].matrix_set->id, "WGS84");
}

TEST(Catalogue, lists_a_store_once_that_has_two_names) {
    auto plain = layer_in("osm", &Grid::wgs84(), "osm");
    auto full = plain;
    full.id = "osm@EPSG:4326@png";
    const auto set = set_of(std::move(plain), std::move(full));

    EXPECT_EQ(set.catalogue().layers().at(0).tilesets.size(), 1U);
}

TEST(Catalogue, has_one_matrix_set_for_grids_with_the_same_tiles) {
    const auto set = set_of(layer_in("a", GridRef{local_grid(1000)}),
                            layer_in("b", GridRef{local_grid(1000, 3)}));

    EXPECT_THAT(matrix_sets_of(set.catalogue()), ElementsAre("local"));
    EXPECT_EQ(set.catalogue().matrix_sets()[0].grid->levels(), 3) << "the one with more levels";
}

TEST(Catalogue, tells_grids_apart_that_have_one_name) {
    const auto set =
        set_of(layer_in("a", GridRef{local_grid(1000)}), layer_in("b", GridRef{local_grid(500)}));

    const auto& catalogue = set.catalogue();

    EXPECT_THAT(matrix_sets_of(catalogue), ElementsAre("local", "local-2"));
    EXPECT_EQ(catalogue.find_layer("b")->tilesets[0].matrix_set->id, "local-2");
    EXPECT_EQ(catalogue.find_matrix_set("local-2")->grid->resolution(0), 500);
}

TEST(Catalogue, finds_nothing_under_other_names) {
    const auto set = set_of(layer_in("a", &Grid::wgs84()), layer_in("b", &Grid::wgs84()));

    EXPECT_EQ(set.catalogue().find_layer("c"), nullptr);
    EXPECT_EQ(set.catalogue().find_matrix_set("c"), nullptr);
}

}  // namespace
}  // namespace offgrid
