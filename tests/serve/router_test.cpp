#include "serve/router.h"

#include "formats/base/error.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A router over layers that a test may look at from both sides.
struct Served {
    explicit Served(std::unique_ptr<const LayerSet> set) : layers{std::move(set)} {}

    Response ask(Request request) const { return router.answer(request); }
    Response get(std::string_view path) const {
        return ask({.path = path, .base = "http://maps.local:8080"});
    }
    Json json(std::string_view path) const { return Json::parse(as_text(get(path).content())); }

    Live<LayerSet> layers;
    std::vector<std::string> log;
    Router router{layers, [this](std::string_view line) { log.emplace_back(line); }};
};

enum class Changes { never, any_time };

std::string text_of(const Response& response) {
    return std::string{as_text(response.content())};
}

TEST(Router, serves_tiles_with_y_from_the_north) {
    const Served served{only(drawn_layer("kenya", "z1: a b / . d"))};

    EXPECT_EQ(text_of(served.get("/tiles/kenya/1/0/0.png")), png("a"));
    EXPECT_EQ(text_of(served.get("/tiles/kenya/1/1/0.png")), png("b"));
    EXPECT_EQ(text_of(served.get("/tiles/kenya/1/1/1.png")), png("d"));
    EXPECT_EQ(served.get("/tiles/kenya/1/1/1.png").header("Content-Type"), "image/png");
}

TEST(Router, answers_an_absent_tile_with_404_and_nothing_else) {
    const Served served{only(drawn_layer("kenya", "z1: a b / . d"))};
    for (const auto* path :
         {"/tiles/kenya/1/0/1.png", "/tiles/kenya/2/0/0.png", "/tiles/kenya/30/7/9.jpg"}) {
        const auto response = served.get(path);
        EXPECT_EQ(response.status, 404) << path;
        EXPECT_THAT(response.content(), IsEmpty()) << path;
    }
}

TEST(Router, takes_an_empty_tile_for_an_absent_one) {
    const Served served{only(layer_with("kenya", {}, [](const TileKey&) { return Tile{}; }))};
    EXPECT_EQ(served.get("/tiles/kenya/0/0/0.png").status, 404);
}

TEST(Router, refuses_malformed_addresses) {
    const Served served{only(drawn_layer("kenya", "z1: a b / . d"))};
    for (const auto* address : {"1/0/0",
                                "1/0/0.",
                                "1/0/0.txt",
                                "1/0/.png",
                                "/0/0.png",
                                "1//0.png",
                                "1/0/0.png/",
                                "1/0/0.png/x",
                                "1/0/0.p%6Eg",
                                "a/0/0.png",
                                "1/b/0.png",
                                "1/0/c.png",
                                "1/0/0x1.png",
                                "1/0/+1.png",
                                "1/0/ 1.png",
                                "1/0/1.5.png",
                                "-1/0/0.png",
                                "1/-1/0.png",
                                "1/0/-1.png",
                                "1/2/0.png",
                                "1/0/2.png",
                                "31/0/0.png",
                                "99999999999/0/0.png",
                                "1/99999999999999999999/0.png",
                                "1/0/99999999999999999999.png",
                                "1/%30/0.png",
                                "../../etc/passwd",
                                "%2e%2e/0/0.png",
                                "1/0/0%00.png",
                                "1/0/0.png%00"}) {
        const auto response = served.get(std::string{"/tiles/kenya/"} + address);
        EXPECT_EQ(response.status, 400) << address;
        EXPECT_THAT(text_of(response), Not(IsEmpty())) << address;
    }
    EXPECT_EQ(served.get("/tiles/ken%ya/0/0/0.png").status, 400);
}

TEST(Router, knows_only_its_layers_and_its_addresses) {
    const Served served{only(drawn_layer("kenya", "z0: a"))};
    for (const auto* path :
         {"/tiles/uganda/0/0/0.png", "/tiles/uganda.json", "/tiles/kenya%00/0/0/0.png",
          "/tiles/%2e%2e/0/0/0.png", "/tiles//0/0/0.png", "/tiles/Kenya/0/0/0.png", "/tiles/",
          "/tiles", "/tiles/kenya", "/tiles/kenya/", "/tiles/.json", "/layers", "/health/",
          "/../etc/passwd", "//", "", "*", "/admin"}) {
        EXPECT_EQ(served.get(path).status, 404) << path;
    }
    EXPECT_EQ(served.get("/tiles/" + std::string(4000, 'a') + "/0/0/0.png").status, 414);
}

TEST(Router, finds_layers_whose_names_are_odd) {
    for (const auto& [id, escaped] :
         std::vector<std::pair<std::string, std::string>>{{"sf:restricted", "sf%3Arestricted"},
                                                          {"sf:restricted", "sf:restricted"},
                                                          {"a b", "a%20b"},
                                                          {"v1.2.json", "v1.2.json"},
                                                          {"\u00e9t\u00e9", "%C3%A9t%C3%A9"},
                                                          {"50%", "50%25"},
                                                          {"..x", "%2E.x"},
                                                          {"a?b#c", "a%3Fb%23c"}}) {
        const Served served{only(drawn_layer(id, "z0: a"))};
        EXPECT_EQ(served.get("/tiles/" + escaped + "/0/0/0.png").status, 200) << id;
        EXPECT_EQ(served.get("/tiles/" + escaped + ".json").status, 200) << id;
    }
}

TEST(Router, answers_other_methods_with_405) {
    const Served served{only(drawn_layer("kenya", "z0: a"))};
    for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", ""}) {
        for (const auto* path : {"/tiles/kenya/0/0/0.png", "/", "/nowhere"}) {
            const auto response = served.ask({.method = method, .path = path});
            EXPECT_EQ(response.status, 405) << method << " " << path;
            EXPECT_EQ(response.header("Allow"), "GET, HEAD");
        }
    }
    EXPECT_EQ(served.ask({.method = "HEAD", .path = "/tiles/kenya/0/0/0.png"}).status, 200);
}

TEST(Router, tells_a_client_that_it_has_the_tile_already) {
    Served served{only(drawn_layer("kenya", "z0: old"))};
    const std::string path = "/tiles/kenya/0/0/0.png";
    const auto etag = std::string{served.get(path).header("ETag")};

    const auto unchanged = served.ask({.path = path, .if_none_match = etag});
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.header("ETag"), etag);
    EXPECT_EQ(unchanged.header("Cache-Control"), "no-cache");

    served.layers.swap(only(drawn_layer("kenya", "z0: new")));
    const auto changed = served.ask({.path = path, .if_none_match = etag});
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(text_of(changed), png("new"));
    EXPECT_NE(changed.header("ETag"), etag);
}

/// A layer with one tile that counts how often it was read.
Layer counting_layer(std::string word, int& reads, Changes changes) {
    auto layer = drawn_layer("kenya", "z0: a");
    layer.max_age = std::chrono::seconds{60};
    layer.tiles = std::make_unique<MemoryReader>(
        StoreInfo{.format = TileFormat::png, .max_zoom = 2},
        [word = std::move(word), &reads](const TileKey&) -> std::optional<Tile> {
            ++reads;
            return Tile{png_bytes(word)};
        },
        changes == Changes::never);
    return layer;
}

TEST(Router, reads_nothing_for_a_client_that_has_a_tile_of_a_store_that_never_changes) {
    int reads = 0;
    const Served served{only(counting_layer("old", reads, Changes::never))};
    const std::string path = "/tiles/kenya/0/0/0.png";
    const auto etag = std::string{served.get(path).header("ETag")};
    ASSERT_EQ(reads, 1);

    const auto unchanged = served.ask({.path = path, .if_none_match = etag});

    EXPECT_EQ(reads, 1);
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.header("ETag"), etag);
    EXPECT_EQ(unchanged.header("Cache-Control"), "max-age=60");
    EXPECT_EQ(unchanged.header("Content-Type"), "");
    const auto other = served.ask({.path = path, .if_none_match = R"("other")"});
    EXPECT_EQ(other.status, 200);
    EXPECT_EQ(text_of(other), png("old"));
}

TEST(Router, sends_what_has_come_in_place_of_a_tile_that_it_knew) {
    int reads = 0;
    Served served{only(counting_layer("old", reads, Changes::never))};
    const std::string path = "/tiles/kenya/0/0/0.png";
    const auto etag = std::string{served.get(path).header("ETag")};

    served.layers.swap(only(counting_layer("new", reads, Changes::never)));
    const auto changed = served.ask({.path = path, .if_none_match = etag});

    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(text_of(changed), png("new"));
}

TEST(Router, looks_each_time_in_a_store_that_may_change) {
    int reads = 0;
    const Served served{only(counting_layer("old", reads, Changes::any_time))};
    const std::string path = "/tiles/kenya/0/0/0.png";
    const auto etag = std::string{served.get(path).header("ETag")};

    EXPECT_EQ(served.ask({.path = path, .if_none_match = etag}).status, 304);
    EXPECT_EQ(reads, 2);
}

TEST(Router, says_what_the_bytes_are_whatever_the_layer_claims) {
    struct Case {
        std::string content;
        std::optional<TileFormat> claimed;
        std::string media_type;
        std::string encoding;
    };
    for (const auto& [content, claimed, media_type, encoding] : std::vector<Case>{
             {"\xFF\xD8\xFF\xE0 jpeg", TileFormat::png, "image/jpeg", ""},
             {png("x"), std::nullopt, "image/png", ""},
             {"RIFF....WEBPVP8 ", TileFormat::png, "image/webp", ""},
             {"\x1F\x8B\x08 zipped", TileFormat::pbf, "application/vnd.mapbox-vector-tile", "gzip"},
             {"\x1A\x05 plain", TileFormat::pbf, "application/vnd.mapbox-vector-tile", ""},
             {"<script>", TileFormat::png, "application/octet-stream", ""},
         }) {
        const Served served{only(layer_with("kenya", {.format = claimed}, [&](const TileKey&) {
            return Tile{{content.begin(), content.end()}};
        }))};
        const auto response = served.get("/tiles/kenya/0/0/0.png");
        EXPECT_EQ(response.header("Content-Type"), media_type) << content;
        EXPECT_EQ(response.header("Content-Encoding"), encoding) << content;
        EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "*");
    }
}

TEST(Router, keeps_what_failed_for_the_operator) {
    const auto failing = [](Errc code) {
        return only(layer_with("kenya", {}, [code](const TileKey&) -> std::optional<Tile> {
            throw Error{code, "cannot open /srv/secret.mbtiles: failed"};
        }));
    };
    const Served broken{failing(Errc::corrupt)};
    const auto response = broken.get("/tiles/kenya/0/0/0.png");
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(text_of(response), Not(HasSubstr("/srv")));
    EXPECT_THAT(
        broken.log,
        ElementsAre("layer 'kenya', tile 0/0/0.png: cannot open /srv/secret.mbtiles: failed"));

    const Served busy{failing(Errc::busy)};
    EXPECT_EQ(busy.get("/tiles/kenya/0/0/0.png").status, 503);
    EXPECT_EQ(busy.get("/tiles/kenya/0/0/0.png").header("Retry-After"), "1");
}

TEST(Router, describes_a_layer_as_tilejson) {
    const Served served{only(drawn_layer("sf:hills", "z0: a",
                                         {.name = "Hills",
                                          .attribution = "survey",
                                          .format = TileFormat::jpeg,
                                          .min_zoom = 3,
                                          .max_zoom = 9,
                                          .bounds = Box{36, -2, 40, 1}}))};
    EXPECT_EQ(served.json("/tiles/sf%3Ahills.json"), Json::parse(R"({
        "tilejson": "3.0.0", "scheme": "xyz", "name": "Hills", "attribution": "survey", "format": "jpg",
        "tiles": ["http://maps.local:8080/tiles/sf%3Ahills/{z}/{x}/{y}.jpg"],
        "minzoom": 3, "maxzoom": 9, "bounds": [36.0, -2.0, 40.0, 1.0], "center": [38.0, -0.5, 6]})"));
}

TEST(Router, tells_what_tilejson_cannot_say_of_other_grids) {
    const auto described = [](const GridRef& grid) {
        return Served{only(drawn_layer("a", "z0: a", {.grid = grid, .max_zoom = 2}))}.json(
            "/tiles/a.json");
    };
    EXPECT_FALSE(described(&Grid::google_maps_compatible()).contains("crs"));
    const auto large = described(&Grid::google_maps_compatible_512());
    EXPECT_EQ(large["tileSize"], 512);
    EXPECT_FALSE(large.contains("crs")) << "the addresses are those of web mercator";
    EXPECT_EQ(described(&Grid::wgs84())["crs"], "EPSG:4326");
    const auto swiss = described(swiss_grid(Grid::Origin::bottom_left));
    EXPECT_EQ(swiss["crs"], "EPSG:2056");
    EXPECT_EQ(swiss["tileMatrixSet"]["id"], "Swiss");
    const auto& level = swiss["tileMatrixSet"]["tileMatrices"][2];
    EXPECT_EQ(level["cornerOfOrigin"], "topLeft") << "as rows count in the addresses";
    EXPECT_EQ(level["pointOfOrigin"], Json::parse("[2420000.0, 1350000.0]"));
    const GridRef nameless{Grid{
        {.name = "a", .srs = "+proj=laea", .extent = {0, 0, 1, 1}, .resolutions = {1, 0.5, 0.25}}}};
    EXPECT_FALSE(described(nameless).contains("tileMatrixSet"));
}

TEST(Router, lists_where_the_rows_of_a_grid_begin) {
    const auto grid_of_layer = [](const GridRef& grid) {
        return Served{only(drawn_layer("a", "z0: a", {.grid = grid, .max_zoom = 1}))}.json(
            "/layers.json")["layers"][0]["grid"];
    };
    EXPECT_FALSE(grid_of_layer(&Grid::wgs84()).contains("norths"));
    EXPECT_FALSE(grid_of_layer(swiss_grid()).contains("norths"));
    const auto grid = grid_of_layer(swiss_grid(Grid::Origin::bottom_left));
    EXPECT_EQ(grid["norths"], Json::parse("[1542000.0, 1414000.0]"));
    EXPECT_EQ(grid["unit"], "m");
}

TEST(Router, describes_vector_layers_even_when_it_knows_none) {
    auto layer = drawn_layer("roads", "z0: a", {.format = TileFormat::pbf});
    EXPECT_EQ(Served{only(std::move(layer))}.json("/tiles/roads.json")["vector_layers"],
              Json::array());

    auto described = drawn_layer("roads", "z0: a", {.format = TileFormat::pbf});
    described.vector_layers = R"([{"id":"road","fields":{}}])";
    EXPECT_EQ(
        Served{only(std::move(described))}.json("/tiles/roads.json")["vector_layers"][0]["id"],
        "road");
}

TEST(Router, starts_addresses_at_the_root_where_the_client_sees_no_name_of_ours) {
    const Served served{only(drawn_layer("kenya", "z0: a"))};
    const auto response = served.ask({.path = "/tiles/kenya.json"});
    EXPECT_EQ(Json::parse(as_text(response.content()))["tiles"][0], "/tiles/kenya/{z}/{x}/{y}.png");
}

TEST(Router, stays_valid_json_when_metadata_is_not_text) {
    const Served served{only(
        drawn_layer("kenya", "z0: a", {.name = "\xFF\xFE\"</script>", .attribution = {"\0", 1}}))};
    EXPECT_TRUE(served.json("/layers.json").contains("layers"));
    EXPECT_TRUE(served.json("/tiles/kenya.json").contains("name"));
}

TEST(Router, lists_the_layers_by_name_and_tells_its_health) {
    std::vector<Layer> layers;
    layers.push_back(drawn_layer("uganda", "z0: a"));
    layers.push_back(drawn_layer("kenya", "z0: a"));
    const Served served{std::make_unique<const LayerSet>(std::move(layers), 42)};

    const auto list = served.json("/layers.json");
    EXPECT_EQ(list["generation"], 42);
    EXPECT_EQ(list["layers"][0]["id"], "kenya");
    EXPECT_EQ(list["layers"][1]["id"], "uganda");
    EXPECT_EQ(list["layers"][0]["grid"]["srs"], "EPSG:3857");
    EXPECT_EQ(served.json("/health"),
              Json::parse(R"({"status": "ok", "layers": 2, "generation": 42, "opening": 0,
                              "quarantined": [], "depots": [], "draining": []})"));
}

std::unique_ptr<const LayerSet> generation(std::uint64_t number) {
    std::vector<Layer> layers;
    layers.push_back(drawn_layer("kenya", "z0: a"));
    return std::make_unique<const LayerSet>(std::move(layers), number);
}

TEST(Router, names_the_generations_that_requests_still_use_in_its_health) {
    Served served{generation(41)};
    const std::vector<Live<LayerSet>::Lease> requests(3, served.layers.acquire());
    served.layers.swap(generation(42));

    const auto health = served.json("/health");
    EXPECT_EQ(health["generation"], 42);
    ASSERT_EQ(health["draining"].size(), 1U);
    EXPECT_EQ(health["draining"][0]["generation"], 41);
    EXPECT_EQ(health["draining"][0]["leases"], 3);
    EXPECT_GE(health["draining"][0]["seconds"], 0.0);
}

TEST(Router, counts_what_it_answers) {
    Served served{generation(41)};
    const auto etag = std::string{served.get("/tiles/kenya/0/0/0.png").header("ETag")};
    served.ask({.method = "HEAD", .path = "/tiles/kenya/0/0/0.png"});
    served.ask({.path = "/tiles/kenya/0/0/0.png", .if_none_match = etag});
    served.get("/tiles/uganda/0/0/0.png");
    served.layers.swap(generation(42));

    const auto metrics = text_of(served.get("/metrics"));
    const auto bytes = png("a").size() + std::string_view{"no such layer\n"}.size();
    for (const auto& line :
         {std::string{"offgrid_requests_total{class=\"2xx\"} 2\n"},
          std::string{"offgrid_requests_total{class=\"3xx\"} 1\n"},
          std::string{"offgrid_requests_total{class=\"4xx\"} 1\n"},
          std::string{"offgrid_requests_total{class=\"5xx\"} 0\n"},
          "\noffgrid_sent_bytes_total " + std::to_string(bytes) + "\n",
          std::string{"\noffgrid_layers 1\n"}, std::string{"\noffgrid_generation 42\n"},
          std::string{"\noffgrid_leases 1\n"}, std::string{"\noffgrid_draining 0\n"},
          std::string{"\noffgrid_swaps_total 1\n"}}) {
        EXPECT_THAT(metrics, HasSubstr(line));
    }
    EXPECT_THAT(metrics, Not(HasSubstr("offgrid_pool")));
}

TEST(Router, counts_a_failure_that_the_server_answers) {
    const Served served{only(layer_with("kenya", {}, [](const TileKey&) -> std::optional<Tile> {
        throw std::runtime_error{"no error of ours"};
    }))};
    EXPECT_THROW(served.get("/tiles/kenya/0/0/0.png"), std::runtime_error);
    EXPECT_THAT(text_of(served.get("/metrics")),
                HasSubstr("offgrid_requests_total{class=\"5xx\"} 1\n"));
}

TEST(Router, tells_about_the_pools_where_it_is_told) {
    const Live<LayerSet> layers{generation(1)};
    const Router router{
        layers, [](std::string_view) {}, {.pools = [] {
            return PoolReports{
                {"", {.open = 9, .idle = 8, .waiting = 7, .evictions = 6, .reaped = 5}},
                {"a \"\\\n", {.open = 4, .idle = 3, .waiting = 2, .evictions = 1}}};
        }}};
    const auto response = router.answer({.path = "/metrics"});
    EXPECT_EQ(response.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_THAT(text_of(response), testing::AllOf(HasSubstr("\noffgrid_pool_open 9\n"),
                                                  HasSubstr("\noffgrid_pool_idle 8\n"),
                                                  HasSubstr("\noffgrid_pool_waiting 7\n"),
                                                  HasSubstr("\noffgrid_pool_evictions_total 6\n"),
                                                  HasSubstr("\noffgrid_pool_reaped_total 5\n")));
    EXPECT_THAT(text_of(response),
                HasSubstr("# TYPE offgrid_pool_waiting gauge\noffgrid_pool_waiting 7\n"
                          "offgrid_pool_waiting{store=\"a \\\"\\\\\\n\"} 2\n"));
}

TEST(LayerSet, refuses_two_layers_of_one_name) {
    std::vector<Layer> layers;
    layers.push_back(drawn_layer("kenya", "z0: a"));
    layers.push_back(drawn_layer("kenya", "z0: b"));
    layers.front().origin = "/a/kenya";
    layers.back().origin = "/b/kenya";
    EXPECT_THAT([&] { LayerSet{std::move(layers)}; },
                testing::Throws<Error>(testing::Property(
                    &Error::what, testing::AllOf(HasSubstr("'kenya'"), HasSubstr("/a/kenya"),
                                                 HasSubstr("/b/kenya")))));
}

}  // namespace
}  // namespace offgrid::test
