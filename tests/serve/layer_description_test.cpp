#include "serve/layer_description.h"

#include "serve/layer_documents.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

using Json = nlohmann::json;

Layer layer_of(StoreInfo info) {
    return drawn_layer("a", "z0: a", std::move(info));
}

LayerDescription described(StoreInfo info) {
    return describe(layer_of(std::move(info)));
}

/// Whether all numbers in the document are finite: JSON writes any other as null.
bool has_null(const Json& json) {
    return json.is_null() ||
           (json.is_structured() && std::any_of(json.begin(), json.end(),
                                                [](const Json& inner) { return has_null(inner); }));
}

TEST(LayerDescription, stays_on_earth_whatever_the_bounds_say) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    constexpr double mercator_edge = 85.05112877980659;
    constexpr Box world{-180, -mercator_edge, 180, mercator_edge};
    for (const auto& [stated, expected] :
         std::vector<std::pair<Box, Box>>{{{36, -2, 40, 1}, {36, -2, 40, 1}},
                                          {{-200, -100, 200, 100}, {-180, -90, 180, 90}},
                                          {{170, -20, -170, -10}, {-180, -20, 180, -10}},
                                          {{nan, -2, 40, 1}, world},
                                          {{36, -2, infinite, 1}, world},
                                          {{36, 1, 40, -2}, world},
                                          {{36, 1, 36, 1}, world},
                                          {{400, 1, 500, 2}, world},
                                          {{1e308, -1e308, -1e308, 1e308}, world}}) {
        const auto bounds = described({.bounds = stated}).bounds;
        EXPECT_NEAR(bounds.min_x, expected.min_x, 1e-9) << stated.min_x;
        EXPECT_NEAR(bounds.min_y, expected.min_y, 1e-9) << stated.min_x;
        EXPECT_NEAR(bounds.max_x, expected.max_x, 1e-9) << stated.min_x;
        EXPECT_NEAR(bounds.max_y, expected.max_y, 1e-9) << stated.min_x;
    }
}

TEST(LayerDescription, has_zooms_of_the_grid_in_their_order) {
    for (const auto& [stated, expected] :
         std::vector<std::pair<std::pair<int, int>, std::pair<int, int>>>{
             {{3, 9}, {3, 9}},
             {{9, 3}, {9, 9}},
             {{-5, 2}, {0, 2}},
             {{0, 1000}, {0, 30}},
             {{99, 100}, {30, 30}},
             {{std::numeric_limits<int>::min(), std::numeric_limits<int>::max()}, {0, 30}}}) {
        const auto layer = described({.min_zoom = stated.first, .max_zoom = stated.second});
        EXPECT_EQ((std::pair{layer.min_zoom, layer.max_zoom}), expected) << stated.first;
        EXPECT_GE(layer.center_zoom, layer.min_zoom);
        EXPECT_LE(layer.center_zoom, layer.max_zoom);
    }
}

TEST(LayerDescription, shows_the_tile_in_the_middle_of_the_bounds) {
    EXPECT_EQ(described({.max_zoom = 3}).thumbnail, (TileKey{0, 0, 0}));
    EXPECT_EQ(described({.min_zoom = 7, .max_zoom = 9, .bounds = Box{36, -2, 37, -1}}).thumbnail,
              (TileKey{7, 76, 64}));
    EXPECT_EQ(described({.grid = &Grid::wgs84(),
                         .min_zoom = 1,
                         .max_zoom = 2,
                         .bounds = Box{-180, -90, -100, -10}})
                  .thumbnail,
              (TileKey{1, 0, 1}));
    EXPECT_EQ(described({.grid = swiss_grid(), .max_zoom = 1}).thumbnail.z, 0);
}

TEST(LayerDescription, cuts_texts_and_takes_what_is_no_text_out_of_them) {
    const std::string replacement = "\xEF\xBF\xBD";
    for (const auto& [text, plain] : std::vector<std::pair<std::string, std::string>>{
             {"<b>&\"</b>", "<b>&\"</b>"},
             {"a\x01 \x7F\tb\n", "a   \tb\n"},
             {"\xC3\xA9", "\xC3\xA9"},
             {"\xFF", replacement},
             {"\xC0\xAF", replacement + replacement},
             {"\xED\xA0\x80", replacement + replacement + replacement},
             {"\xF4\x90\x80\x80", replacement + replacement + replacement + replacement},
             {"\xE2\x82", replacement + replacement},
             {std::string{"\0", 1}, " "},
             {"12345678901234\xC3\xA9", "12345678901234\xC3\xA9"},
             {"123456789012345\xC3\xA9", "123456789012345"},
             {std::string(100, 'x'), std::string(16, 'x')}}) {
        EXPECT_EQ(plain_text(text, 16), plain) << text;
    }
    const auto huge = described({.name = std::string(1 << 20, 'n'),
                                 .description = std::string(1 << 20, 'd'),
                                 .attribution = std::string(1 << 20, 'a')});
    EXPECT_LT(huge.name.size() + huge.description.size() + huge.attribution.size(), 20'000U);
}

TEST(LayerDescription, keeps_of_vector_layers_what_tilejson_knows) {
    const auto deep = std::string(5000, '[') + std::string(5000, ']');
    for (const auto& [stated, plain] : std::vector<std::pair<std::string, std::string>>{
             {"", "[]"},
             {"{", "[]"},
             {"{}", "[]"},
             {deep, "[]"},
             {R"([{"fields": {}}, 7, "x", {"id": 7}])", "[]"},
             {R"([{"id": "road"}])", R"([{"id": "road", "fields": {}}])"},
             {R"([{"id": "a", "minzoom": -1, "maxzoom": 1e300, "extra": [1]}])",
              R"([{"id": "a", "fields": {}}])"},
             {R"([{"id": "a", "fields": {"n": "Number", "x": {}}, "description": "d",
                   "minzoom": 3, "maxzoom": 9}])",
              R"([{"id": "a", "fields": {"n": "Number"}, "description": "d", "minzoom": 3,
                   "maxzoom": 9}])"},
             {"[\"" + std::string(2 << 20, 'x') + "\"]", "[]"}}) {
        EXPECT_EQ(Json::parse(plain_vector_layers(stated)), Json::parse(plain))
            << stated.substr(0, 60);
    }
}

TEST(LayerDocuments, are_json_with_finite_numbers_whatever_the_metadata_says) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    auto layer = layer_of({.name = "\xFF</script>",
                           .description = std::string(1 << 20, '\x01'),
                           .attribution = "<img src=x onerror=alert(1)>",
                           .format = TileFormat::pbf,
                           .min_zoom = 90,
                           .max_zoom = -3,
                           .bounds = Box{nan, nan, nan, nan}});
    layer.vector_layers = "[{\"id\": \"\\u0000\", \"minzoom\": 1e999}]";
    const auto document = Json::parse(tilejson(layer, "maps.local"));
    EXPECT_FALSE(has_null(document)) << document;
    EXPECT_LT(document.dump().size(), 70'000U);
    const auto list = Json::parse(layers_json(*only(std::move(layer)), "maps.local"));
    EXPECT_FALSE(has_null(list)) << list;
    EXPECT_EQ(list["layers"][0]["thumbnail"], "tiles/a/30/536870912/536870912.pbf");
}

}  // namespace
}  // namespace offgrid::test
