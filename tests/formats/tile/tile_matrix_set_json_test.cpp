#include "formats/tile/tile_matrix_set_json.h"

#include "tests/support/errors.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace offgrid {
namespace {

using test::throws;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;
using Point = std::array<double, 2>;

/// What the levels of a set of the standard's annexes have in common: each has half the cells of
/// the one before.
struct Quad {
    const char* id = "";
    const char* crs = "";
    std::vector<std::string> axes{};
    double scale = 0;  ///< of level 0
    double cell = 0;   ///< of level 0
    Point origin{};
    int columns = 1;  ///< of level 0
    int levels = 0;
};

Json document_of(const Quad& quad) {
    Json json{{"id", quad.id}, {"crs", quad.crs}, {"orderedAxes", quad.axes}};
    for (int z = 0; z < quad.levels; ++z) {
        json["tileMatrices"].push_back({{"id", fmt::to_string(z)},
                                        {"scaleDenominator", std::ldexp(quad.scale, -z)},
                                        {"cellSize", std::ldexp(quad.cell, -z)},
                                        {"cornerOfOrigin", "topLeft"},
                                        {"pointOfOrigin", quad.origin},
                                        {"tileWidth", 256},
                                        {"tileHeight", 256},
                                        {"matrixWidth", quad.columns << z},
                                        {"matrixHeight", 1 << z}});
    }
    return json;
}

// OGC 17-083r4, annex D.
const Quad web_mercator_quad{.id = "WebMercatorQuad",
                             .crs = "http://www.opengis.net/def/crs/EPSG/0/3857",
                             .axes = {"X", "Y"},
                             .scale = 559082264.028717,
                             .cell = 156543.033928041,
                             .origin = {-20037508.3427892, 20037508.3427892},
                             .levels = 25};
const Quad world_crs84_quad{.id = "WorldCRS84Quad",
                            .crs = "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                            .axes = {"Lon", "Lat"},
                            .scale = 279541132.014358,
                            .cell = 0.703125,
                            .origin = {-180, 90},
                            .columns = 2,
                            .levels = 24};
const Quad european_laea_quad{.id = "EuropeanETRS89_LAEAQuad",
                              .crs = "http://www.opengis.net/def/crs/EPSG/0/3035",
                              .axes = {"Y", "X"},
                              .scale = 62779017.857142866,
                              .cell = 17578.125,
                              .origin = {5500000, 2000000},
                              .levels = 16};

/// Two levels in EPSG:2056, 2 by 1 and 3 by 2 tiles.
Json swiss() {
    return Json::parse(R"({
        "id": "Swiss", "crs": "http://www.opengis.net/def/crs/EPSG/0/2056", "orderedAxes": ["E", "N"],
        "tileMatrices": [
            {"id": "a", "scaleDenominator": 3571428.571428571, "cellSize": 1000, "cornerOfOrigin": "topLeft",
             "pointOfOrigin": [2420000, 1350000], "tileWidth": 256, "tileHeight": 256, "matrixWidth": 2, "matrixHeight": 2},
            {"id": "b", "scaleDenominator": 2678571.428571428, "cellSize": 750, "cornerOfOrigin": "topLeft",
             "pointOfOrigin": [2420000, 1350000], "tileWidth": 256, "tileHeight": 256, "matrixWidth": 3, "matrixHeight": 2}
        ]})");
}

Grid grid_of(const Json& document) {
    return Grid{parse_tile_matrix_set(document.dump())};
}

TEST(TileMatrixSet, web_mercator_has_the_tiles_of_the_built_in_grid) {
    const auto grid = grid_of(document_of(web_mercator_quad));
    const auto& built_in = Grid::google_maps_compatible();

    EXPECT_EQ(grid.name(), "WebMercatorQuad");
    EXPECT_EQ(grid.srs(), "EPSG:3857");
    EXPECT_EQ(grid.unit(), Grid::Unit::metre);
    EXPECT_EQ(grid.origin(), Grid::Origin::top_left);
    ASSERT_EQ(grid.levels(), 25);
    EXPECT_EQ(grid.matrix_width(24), std::int64_t{1} << 24);
    EXPECT_EQ(grid.matrix_height(24), std::int64_t{1} << 24);
    const TileKey key{17, 70'000, 50'000};
    EXPECT_NEAR(grid.box_of(key).min_x, built_in.box_of(key).min_x, 1e-6);
    EXPECT_NEAR(grid.box_of(key).max_y, built_in.box_of(key).max_y, 1e-6);
}

TEST(TileMatrixSet, plate_carree_is_east_first_whatever_the_reference_system_says) {
    auto north_first = world_crs84_quad;
    north_first.id = "WGS1984Quad";
    north_first.crs = "http://www.opengis.net/def/crs/EPSG/0/4326";
    north_first.axes = {"Lat", "Lon"};
    north_first.origin = {90, -180};
    auto without_axes = document_of(north_first);
    without_axes.erase("orderedAxes");
    for (const auto& document :
         {document_of(world_crs84_quad), document_of(north_first), without_axes}) {
        const auto grid = grid_of(document);

        EXPECT_EQ(grid.srs(), "EPSG:4326");
        EXPECT_EQ(grid.unit(), Grid::Unit::degree);
        EXPECT_EQ(grid.extent(), (Box{-180, -90, 180, 90}));
        EXPECT_TRUE(have_the_same_tiles(grid, Grid::wgs84()));
    }
}

TEST(TileMatrixSet, national_grids_list_northing_first) {
    const auto grid = grid_of(document_of(european_laea_quad));

    EXPECT_EQ(grid.extent(), (Box{2000000, 1000000, 6500000, 5500000}));
    EXPECT_EQ(grid.box_of(TileKey{1, 1, 0}), (Box{4250000, 3250000, 6500000, 5500000}));
}

TEST(TileMatrixSet, x_and_y_are_those_of_the_reference_system) {
    auto quad = european_laea_quad;
    quad.crs = "EPSG:31467";  // X is the northing there
    quad.axes = {"X", "Y"};
    EXPECT_EQ(grid_of(document_of(quad)).extent().min_x, 2000000);
    quad.axes = {"Y", "X"};
    EXPECT_EQ(grid_of(document_of(quad)).extent().min_x, 5500000);
}

TEST(TileMatrixSet, is_read_in_the_older_form) {
    // Land Information New Zealand's NZTM2000 grid, whose reference system lists northing first.
    Json json{{"type", "TileMatrixSetType"},
              {"identifier", "NZTM2000"},
              {"supportedCRS", "http://www.opengis.net/def/crs/EPSG/0/2193"},
              {"boundingBox",
               {{"type", "BoundingBoxType"},
                {"crs", "http://www.opengis.net/def/crs/EPSG/0/2193"},
                {"lowerCorner", {3087000, 274000}},
                {"upperCorner", {7173000, 3327000}}}}};
    for (const int z : {0, 1, 2}) {
        json["tileMatrix"].push_back({{"identifier", fmt::to_string(z)},
                                      {"scaleDenominator", 32000000 >> z},
                                      {"topLeftCorner", {10000000, -1000000}},
                                      {"tileWidth", 256},
                                      {"tileHeight", 256},
                                      {"matrixWidth", 2 << z},
                                      {"matrixHeight", 4 << z}});
    }

    const auto grid = grid_of(json);

    EXPECT_EQ(grid.name(), "NZTM2000");
    EXPECT_EQ(grid.srs(), "EPSG:2193");
    EXPECT_DOUBLE_EQ(grid.resolution(0), 8960);
    EXPECT_EQ(grid.extent().min_x, -1000000);
    EXPECT_EQ(grid.extent().max_y, 10000000);
    EXPECT_EQ(grid.matrix_width(2), 8);
    EXPECT_EQ(grid.matrix_height(2), 16);
}

TEST(TileMatrixSet, an_extent_is_found_that_gives_each_level_its_tiles) {
    const auto grid = grid_of(swiss());
    EXPECT_EQ(grid.matrix_width(0), 2);
    EXPECT_EQ(grid.matrix_width(1), 3);
    EXPECT_EQ(grid.matrix_height(1), 2);

    auto bounded = swiss();
    bounded["boundingBox"] = {{"lowerLeft", {2420000, 1030000}},
                              {"upperRight", {2900000, 1350000}}};
    EXPECT_EQ(grid_of(bounded).extent(), (Box{2420000, 1030000, 2900000, 1350000}));
    bounded["boundingBox"]["upperRight"] = {2600000, 1350000};
    EXPECT_EQ(grid_of(bounded).matrix_width(0), 2) << "a box of what is shown, not of the tiles";
    bounded["boundingBox"]["crs"] = "EPSG:4326";
    EXPECT_EQ(grid_of(bounded).matrix_width(0), 2);
}

TEST(TileMatrixSet, a_document_that_rounds_gets_one_row_more) {
    // Of OGC's SwissLV95CellSizes, whose level of 1.5 m has 833 rows where 833.3 are needed.
    Json json{{"id", "SwissLV95CellSizes"}, {"crs", "EPSG:2056"}, {"orderedAxes", {"E", "N"}}};
    struct Level {
        double cell;
        int columns;
        int rows;
    };
    for (const auto& [cell, columns, rows] :
         {Level{2, 938, 625}, {1.5, 1250, 833}, {1, 1875, 1250}, {0.1, 18751, 12500}}) {
        json["tileMatrices"].push_back({{"scaleDenominator", cell / 0.00028},
                                        {"cellSize", cell},
                                        {"pointOfOrigin", {2419995.75, 1350004.29}},
                                        {"tileWidth", 256},
                                        {"tileHeight", 256},
                                        {"matrixWidth", columns},
                                        {"matrixHeight", rows}});
    }
    const auto grid = grid_of(json);
    EXPECT_EQ(grid.matrix_height(0), 625);
    EXPECT_EQ(grid.matrix_height(1), 834);
    EXPECT_EQ(grid.matrix_height(2), 1250);
    EXPECT_EQ(grid.matrix_height(3), 12500);
    EXPECT_EQ(grid.matrix_width(3), 18751);
}

TEST(TileMatrixSet, a_reference_system_may_be_an_object) {
    for (
        const auto* const crs :
        {R"({"uri": "http://www.opengis.net/def/crs/EPSG/0/2056"})",
         R"({"wkt": "PROJCRS[\"CH1903+ / LV95\",BASEGEOGCRS[\"CH1903+\",ID[\"EPSG\",4150]],ID[\"EPSG\",2056]]"})",
         R"({"wkt": "PROJCS[\"LV95\",GEOGCS[\"a\",AUTHORITY[\"EPSG\",\"4150\"]],AUTHORITY[\"EPSG\",\"2056\"]]"})",
         R"({"wkt": {"type": "ProjectedCRS", "id": {"authority": "EPSG", "code": 2056}}})"}) {
        auto json = swiss();
        json["crs"] = Json::parse(crs);
        EXPECT_EQ(grid_of(json).srs(), "EPSG:2056") << crs;
    }
    for (const auto* const crs :
         {R"({"wkt": "PROJCRS[\"mine\",BASEGEOGCRS[\"b\",ID[\"EPSG\",4150]],CS[Cartesian,2]]"})",
          R"({"wkt": "ID[\""})", R"({"wkt": {"id": {"authority": 1, "code": []}}})",
          R"({"wkt": 3})", R"({"referenceSystem": {}})", R"("nowhere")"}) {
        auto json = swiss();
        json["crs"] = Json::parse(crs);
        EXPECT_THAT([&] { grid_of(json); }, throws(Errc::unsupported, HasSubstr("'crs'"))) << crs;
    }
}

TEST(TileMatrixSet, names_what_is_wrong) {
    using Change = std::function<void(Json&, Json & level_1)>;
    struct Case {
        Errc code;
        const char* why;
        Change change;
    };
    const std::vector<Case> cases{
        {Errc::corrupt, "no object", [](Json& j, Json&) { j = Json::array(); }},
        {Errc::corrupt, "no field 'crs'", [](Json& j, Json&) { j.erase("crs"); }},
        {Errc::corrupt, "'crs' is neither", [](Json& j, Json&) { j["crs"] = 7; }},
        {Errc::corrupt, "'id'", [](Json& j, Json&) { j["id"] = "a/b"; }},
        {Errc::corrupt, "'id'", [](Json& j, Json&) { j["id"] = std::string(129, 'a'); }},
        {Errc::corrupt, "'id'", [](Json& j, Json&) { j["id"] = 7; }},
        {Errc::corrupt, "'orderedAxes'", [](Json& j, Json&) { j["orderedAxes"] = {"Lat"}; }},
        {Errc::corrupt, "'orderedAxes'",
         [](Json& j, Json&) {
             j["orderedAxes"] = {"up", "N"};
         }},
        {Errc::corrupt, "'orderedAxes'",
         [](Json& j, Json&) {
             j["orderedAxes"] = {"E", "E"};
         }},
        {Errc::corrupt, "'srsAliases'", [](Json& j, Json&) { j["srsAliases"] = 3; }},
        {Errc::corrupt, "'srsAliases'", [](Json& j, Json&) { j["srsAliases"] = {3}; }},
        {Errc::corrupt, "'tileMatrices'", [](Json& j, Json&) { j["tileMatrices"] = 3; }},
        {Errc::corrupt, "'tileMatrices'",
         [](Json& j, Json&) { j["tileMatrices"] = Json::array(); }},
        {Errc::corrupt, "1 to 64 levels",
         [](Json& j, Json& level) { j["tileMatrices"] = std::vector<Json>(65, level); }},
        {Errc::corrupt, "level 1: it is no object", [](Json&, Json& l) { l = 3; }},
        {Errc::corrupt, "level 1: no field 'pointOfOrigin'",
         [](Json&, Json& l) { l.erase("pointOfOrigin"); }},
        {Errc::corrupt, "level 1: no field 'scaleDenominator'",
         [](Json&, Json& l) { l.erase("cellSize"), l.erase("scaleDenominator"); }},
        {Errc::corrupt, "level 1: 'cellSize'", [](Json&, Json& l) { l["cellSize"] = 0; }},
        {Errc::corrupt, "level 1: 'cellSize'", [](Json&, Json& l) { l["cellSize"] = -1; }},
        {Errc::corrupt, "level 1: 'cellSize'", [](Json&, Json& l) { l["cellSize"] = "1"; }},
        {Errc::corrupt, "level 1: 'cellSize'", [](Json&, Json& l) { l["cellSize"] = 1e300; }},
        {Errc::corrupt, "level 1: 'tileWidth'", [](Json&, Json& l) { l["tileWidth"] = 1 << 20; }},
        {Errc::corrupt, "level 1: 'tileWidth'", [](Json&, Json& l) { l["tileWidth"] = 255.5; }},
        {Errc::corrupt, "level 1: 'tileHeight'", [](Json&, Json& l) { l["tileHeight"] = 0; }},
        {Errc::corrupt, "level 1: 'matrixWidth'", [](Json&, Json& l) { l["matrixWidth"] = 5e9; }},
        {Errc::corrupt, "level 1: 'matrixWidth'",
         [](Json&, Json& l) { l["matrixWidth"] = 0xFFFF'FFFF'FFFF'FFFF; }},
        {Errc::corrupt, "level 1: 'pointOfOrigin'",
         [](Json&, Json& l) { l["pointOfOrigin"] = {1}; }},
        {Errc::corrupt, "level 1: 'pointOfOrigin'",
         [](Json&, Json& l) {
             l["pointOfOrigin"] = {"a", 1};
         }},
        {Errc::corrupt, "level 1: 'pointOfOrigin'",
         [](Json&, Json& l) {
             l["pointOfOrigin"] = {1e300, 1};
         }},
        {Errc::corrupt, "level 1: 'cornerOfOrigin'",
         [](Json&, Json& l) { l["cornerOfOrigin"] = "topRight"; }},
        {Errc::corrupt, "boundingBox: it is no object",
         [](Json& j, Json&) { j["boundingBox"] = 3; }},
        {Errc::corrupt, "boundingBox: no field 'lowerLeft'",
         [](Json& j, Json&) { j["boundingBox"] = Json::object(); }},
        {Errc::unsupported, "level 1: it has variable widths",
         [](Json&, Json& l) {
             l["variableMatrixWidths"] = {{{"coalesce", 2}}};
         }},
        {Errc::unsupported, "level 1: its tiles have 256 by 512 pixels",
         [](Json&, Json& l) { l["tileHeight"] = 512; }},
        {Errc::unsupported, "level 1: its tiles are of another size",
         [](Json&, Json& l) { l["tileHeight"] = l["tileWidth"] = 512; }},
        {Errc::unsupported, "level 1: it has another origin",
         [](Json&, Json& l) {
             l["pointOfOrigin"] = {2420000, 1350100};
         }},
        {Errc::unsupported, "level 1: it has another origin",
         [](Json&, Json& l) { l["cornerOfOrigin"] = "bottomLeft"; }},
        {Errc::unsupported, "level 1: it is not finer",
         [](Json&, Json& l) { l["cellSize"] = 1000; }},
        {Errc::unsupported, "level 0 has 2 by 2 tiles, where the extent of the others has",
         [](Json&, Json& l) { l["matrixWidth"] = 30; }},
        {Errc::unsupported, "level 0: its scale and the size of its cells imply a unit",
         [](Json& j, Json&) { j["tileMatrices"][0]["scaleDenominator"] = 1; }},
    };
    for (const auto& [code, why, change] : cases) {
        auto json = swiss();
        auto level = json["tileMatrices"][1];
        change(json, level);
        if (json.is_object() && json["tileMatrices"].size() == 2) {
            json["tileMatrices"][1] = level;
        }
        EXPECT_THAT([&] { grid_of(json); }, throws(code, HasSubstr(why))) << json;
    }
}

TEST(TileMatrixSet, refuses_what_is_no_document) {
    for (const std::string& text :
         {std::string{}, std::string{"{"}, std::string{"[]"}, std::string{"null"},
          std::string(100'000, '['), std::string(2 << 20, ' '),
          "{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}"}) {
        EXPECT_THAT([&] { parse_tile_matrix_set(text); },
                    throws(Errc::corrupt, HasSubstr("tile matrix set: ")))
            << text.substr(0, 20);
    }
}

Grid odd_grid(Grid::Origin origin) {
    return Grid{{.name = "odd",
                 .srs = "EPSG:2263",
                 .srs_aliases = {"EPSG:102718", "ESRI:102718"},
                 .unit = Grid::Unit::foot,
                 .extent = {0.1, 0.2, 2.1 * 512, 2.3 * 512},
                 .tile_size = 512,
                 .resolutions = {2, 1.1, 0.5, 0.25},
                 .origin = origin}};
}

TEST(TileMatrixSet, what_is_written_is_read_back_the_same) {
    for (const auto& grid :
         {Grid::google_maps_compatible(), Grid::wgs84(), Grid::google_maps_compatible_512(),
          Grid::wgs84_512(), odd_grid(Grid::Origin::top_left), odd_grid(Grid::Origin::bottom_left),
          grid_of(swiss()), grid_of(document_of(world_crs84_quad)),
          grid_of(document_of(european_laea_quad))}) {
        EXPECT_EQ(grid_of(to_tile_matrix_set(grid)), grid) << to_tile_matrix_set(grid);
    }
}

TEST(TileMatrixSet, is_written_in_the_order_of_the_reference_system) {
    const auto plate_carree = to_tile_matrix_set(Grid::wgs84(), TileRows::from_north);
    EXPECT_EQ(plate_carree["crs"], "http://www.opengis.net/def/crs/EPSG/0/4326");
    EXPECT_EQ(plate_carree["orderedAxes"], Json::parse(R"(["Lat", "Lon"])"));
    EXPECT_EQ(plate_carree["tileMatrices"][0]["pointOfOrigin"], Json::parse("[90.0, -180.0]"));
    EXPECT_NEAR(plate_carree["tileMatrices"][0]["scaleDenominator"], 279541132.0143589, 1);

    const auto crs84 = to_tile_matrix_set(grid_of(document_of(world_crs84_quad)));
    EXPECT_EQ(crs84["crs"], world_crs84_quad.crs);
    EXPECT_EQ(crs84["tileMatrices"][0]["pointOfOrigin"], Json::parse("[-180.0, 90.0]"));

    const auto europe = to_tile_matrix_set(grid_of(document_of(european_laea_quad)));
    EXPECT_EQ(europe["tileMatrices"][3]["pointOfOrigin"], Json::parse("[5500000.0, 2000000.0]"));
}

TEST(TileMatrixSet, rows_can_be_written_from_the_north_whatever_the_origin) {
    const Grid grid{{.name = "odd",
                     .srs = "EPSG:3857",
                     .extent = {0, 0, 2.1 * 256, 2.1 * 256},
                     .resolutions = {2, 1}}};
    const auto from_north = to_tile_matrix_set(grid, TileRows::from_north)["tileMatrices"];
    EXPECT_EQ(from_north[0]["cornerOfOrigin"], "topLeft");
    EXPECT_EQ(from_north[0]["pointOfOrigin"], Json::parse("[0.0, 1024.0]"));
    EXPECT_EQ(from_north[1]["pointOfOrigin"], Json::parse("[0.0, 768.0]"));
    const auto from_origin = to_tile_matrix_set(grid)["tileMatrices"];
    EXPECT_EQ(from_origin[1]["cornerOfOrigin"], "bottomLeft");
    EXPECT_EQ(from_origin[1]["pointOfOrigin"], Json::parse("[0.0, 0.0]"));
}

TEST(TileMatrixSet, is_written_for_a_reference_system_that_is_a_urn_or_a_uri) {
    for (const auto* const srs :
         {"urn:ogc:def:crs:EPSG::3857", "http://www.opengis.net/def/crs/EPSG/0/3857"}) {
        const Grid grid{{.name = "a", .srs = srs, .extent = {0, 0, 1, 1}, .resolutions = {1}}};
        EXPECT_EQ(to_tile_matrix_set(grid)["crs"], "http://www.opengis.net/def/crs/EPSG/0/3857");
    }
}

TEST(TileMatrixSet, is_not_written_for_a_reference_system_without_a_code) {
    const Grid grid{{.name = "a", .srs = "+proj=laea", .extent = {0, 0, 1, 1}, .resolutions = {1}}};
    EXPECT_THAT([&] { to_tile_matrix_set(grid); },
                throws(Errc::invalid_argument, HasSubstr("'+proj=laea'")));
}

}  // namespace
}  // namespace offgrid
