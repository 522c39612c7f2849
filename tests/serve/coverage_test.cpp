#include "serve/coverage.h"

#include "formats/base/error.h"
#include "formats/package/package_reader.h"
#include "serve/coverages.h"
#include "serve/files_handler.h"
#include "serve/open_layers.h"
#include "serve/tile_boxes.h"
#include "tests/serve/layers_of.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

using Json = nlohmann::json;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// A store that lists its drawing, and does something before each tile.
class ListedReader final : public TileReader {
public:
    ListedReader(std::string_view drawing, StoreInfo info, std::function<void()> before_tile = {})
        : tiles_{draw(drawing)}, info_{std::move(info)}, before_tile_{std::move(before_tile)} {}

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey&) const override { return std::nullopt; }
    void scan(const TileRange& range, const Visitor& visit) const override {
        for (const auto& [key, word] : tiles_) {
            if (range.contains(key)) {
                if (before_tile_) {
                    before_tile_();
                }
                visit(key, as_bytes(word));
            }
        }
    }

private:
    Pyramid tiles_;
    StoreInfo info_;
    std::function<void()> before_tile_;
};

Layer listed_layer(std::string_view drawing, int max_zoom, std::function<void()> before_tile = {}) {
    return {.id = "a",
            .origin = "memory",
            .vector_layers = {},
            .format = TileFormat::png,
            .tiles = std::make_shared<ListedReader>(drawing, StoreInfo{.max_zoom = max_zoom},
                                                    std::move(before_tile))};
}

CoverageLimits limits(std::size_t max_boxes = 2000) {
    return {.max_boxes = max_boxes, .deadline = steady_clock::now() + std::chrono::minutes{1}};
}

Box box_of(const TileRange& range) {
    return Grid::google_maps_compatible().box_of(range);
}

TEST(TileBoxes, are_few_and_cover_what_was_added) {
    TileBoxes boxes{3};
    for (const auto& [x, y] : std::vector<std::pair<int, int>>{
             {0, 0}, {1, 0}, {2, 0}, {0, 1}, {1, 1}, {2, 1}, {5, 1}, {5, 2}, {7, 7}}) {
        boxes.add(TileKey{3, x, y});
    }
    EXPECT_THAT(boxes.merge(),
                UnorderedElementsAre(TileRange{3, 0, 0, 3, 2}, TileRange{3, 5, 1, 6, 3},
                                     TileRange{3, 7, 7, 8, 8}));
    EXPECT_THAT(coarser(Grid::google_maps_compatible(), boxes.merge()).merge(),
                UnorderedElementsAre(TileRange{2, 0, 0, 2, 1}, TileRange{2, 2, 0, 3, 2},
                                     TileRange{2, 3, 3, 4, 4}));
}

TEST(Coverage, is_that_of_the_deepest_zoom) {
    const auto found = coverage_of(listed_layer("z0: a\nz1: a b / . d\nz2@1,1: x y", 2), limits());
    EXPECT_TRUE(found.is_complete);
    EXPECT_EQ(found.zoom, 2);
    EXPECT_THAT(found.boxes, ElementsAre(box_of({2, 1, 1, 3, 2})));
}

TEST(Coverage, is_that_of_a_lower_zoom_where_there_would_be_too_many_boxes) {
    const auto layer = listed_layer("z0: a\nz1: a .\nz2: a . / . b", 2);
    const auto found = coverage_of(layer, limits(1));
    EXPECT_EQ(found.zoom, 1);
    EXPECT_THAT(found.boxes, ElementsAre(box_of({1, 0, 0, 1, 1})));
}

TEST(Coverage, is_the_bounds_where_there_is_no_time_or_no_list) {
    auto no_time = limits();
    no_time.deadline = steady_clock::now();
    EXPECT_FALSE(coverage_of(listed_layer("z0: a", 0), no_time).is_complete);
    auto stopped = limits();
    stopped.is_stopped = [] { return true; };
    EXPECT_FALSE(coverage_of(listed_layer("z0: a", 0), stopped).is_complete);
    const auto empty = coverage_of(listed_layer("", 2), limits());
    EXPECT_FALSE(empty.is_complete);
    EXPECT_THAT(empty.boxes, ElementsAre(Grid::google_maps_compatible().extent()));
}

/// A package in the z-top layout without any of its files.
Layer named_layer(int top, const std::vector<std::pair<int, int>>& tops) {
    auto manifest = std::make_shared<Manifest>();
    manifest->layer = "a";
    manifest->max_zoom = top + 4;
    manifest->bounds = {-180, -85, 180, 85};
    manifest->pyramids = {{.min_zoom = 0, .max_zoom = top - 1, .names = "low.mbtiles"},
                          {.min_zoom = top,
                           .max_zoom = top + 4,
                           .names = "z{top}-{top_x}-{top_y}.mbtiles",
                           .options = {.top = top}}};
    std::vector<PackageFile> files{{.name = "low.mbtiles", .bytes = 7, .max_zoom = top - 1}};
    for (const auto& [x, y] : tops) {
        files.push_back({.name = "z" + std::to_string(top) + "-" + std::to_string(x) + "-" +
                                 std::to_string(y) + ".mbtiles",
                         .bytes = 9,
                         .min_zoom = top,
                         .max_zoom = top + 4});
    }
    manifest->files = FileList{std::move(files)};
    auto layer = listed_layer("", manifest->max_zoom, [] { FAIL() << "its tiles are not asked"; });
    layer.package = std::move(manifest);
    return layer;
}

std::vector<std::pair<int, int>> square(int side) {
    std::vector<std::pair<int, int>> all;
    for (int x = 0; x < side; ++x) {
        for (int y = 0; y < side; ++y) {
            all.emplace_back(x, y);
        }
    }
    return all;
}

TEST(Coverage, of_a_package_of_many_files_is_what_their_names_say) {
    const auto found = coverage_of(named_layer(8, square(16)), limits());
    EXPECT_TRUE(found.is_complete);
    EXPECT_EQ(found.zoom, 8);
    EXPECT_THAT(found.boxes, ElementsAre(box_of({8, 0, 240, 16, 256})))
        << "rows count from the south";

    std::vector<std::pair<int, int>> chess;
    for (const auto& [x, y] : square(64)) {
        if ((x + y) % 2 == 0) {
            chess.emplace_back(x, y);
        }
    }
    const auto coarse = coverage_of(named_layer(8, chess), limits());
    EXPECT_EQ(coarse.zoom, 7) << "2 048 boxes are too many";
    EXPECT_THAT(coarse.boxes, ElementsAre(box_of({7, 0, 96, 32, 128})));
}

TEST(Coverage, of_a_small_package_is_that_of_its_tiles) {
    const TempFolder folder;
    write_package(folder / "kenya", "kenya", "z0: w\nz1: a .\nz2: . b . .");
    const auto pool = sqlite::make_mbtiles_pool(8);
    const ServedPaths served{{folder / "kenya"}, *pool, [](std::string_view) {}};
    const auto layers = served.layers();
    const auto found = coverage_of(*layers->find("kenya"), limits());
    EXPECT_EQ(found.zoom, 2);
    EXPECT_THAT(found.boxes, ElementsAre(box_of({2, 1, 0, 2, 1})));
}

Json files_of(const Layer& layer, std::vector<QueryField> query = {}) {
    const auto response = answer_files(layer, {.query = std::move(query)});
    EXPECT_EQ(response.status, 200);
    return Json::parse(as_text(response.content()));
}

TEST(Files, are_those_of_the_package_in_the_box) {
    const auto layer = named_layer(2, square(4));
    const auto all = files_of(layer);
    EXPECT_EQ(all["files"].size(), 17U);
    EXPECT_FALSE(all["more"]);
    EXPECT_EQ(all["files"][0]["name"], "low.mbtiles");
    EXPECT_EQ(all["files"][0]["zooms"], Json::parse("[0, 1]"));

    const auto some = files_of(layer, {{"box", "1,1,2,2"}});
    ASSERT_EQ(some["files"].size(), 2U);
    const auto tile = box_of({2, 2, 1, 3, 2});
    EXPECT_EQ(some["files"][1], (Json{{"name", "z2-2-2.mbtiles"},
                                      {"bytes", 9},
                                      {"zooms", {2, 6}},
                                      {"box", {tile.min_x, tile.min_y, tile.max_x, tile.max_y}}}));
}

TEST(Files, are_no_more_than_the_limit) {
    const auto layer = named_layer(8, square(64));
    EXPECT_EQ(files_of(layer)["files"].size(), 500U);
    EXPECT_TRUE(files_of(layer)["more"]);
    const auto exact = files_of(layer, {{"limit", "4097"}});
    EXPECT_EQ(exact["files"].size(), 4097U);
    EXPECT_FALSE(exact["more"]);
    for (const auto& [name, value] :
         std::vector<std::pair<std::string_view, std::string_view>>{{"limit", "0"},
                                                                    {"limit", "5001"},
                                                                    {"limit", "-1"},
                                                                    {"limit", "x"},
                                                                    {"limit", "1.5"},
                                                                    {"box", "1,2,3"},
                                                                    {"box", "1,2,3,4,5"},
                                                                    {"box", "1,2,nan,4"},
                                                                    {"box", "1,2,inf,4"},
                                                                    {"box", "3,2,1,4"},
                                                                    {"box", "1,2,3,"},
                                                                    {"box", "a,b,c,d"}}) {
        EXPECT_EQ(answer_files(layer, {.query = {{name, value}}}).status, 400) << value;
    }
}

TEST(Files, of_a_single_file_are_that_by_its_own_name) {
    const TempFolder folder;
    write_mbtiles(folder / "kenya.mbtiles", draw("z0: w"));
    const auto pool = sqlite::make_mbtiles_pool(8);
    const ServedPaths served{{folder / "kenya.mbtiles"}, *pool, [](std::string_view) {}};
    const auto layers = served.layers();
    const auto files = files_of(*layers->find("kenya"))["files"];
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0]["name"], "kenya.mbtiles");
    EXPECT_GT(files[0]["bytes"], 0);
    EXPECT_TRUE(files_of(listed_layer("z0: a", 0))["files"].empty());
}

struct ServedCoverage {
    explicit ServedCoverage(Layer layer) : layers{only(std::move(layer))} {}

    Json ask() {
        const auto lease = layers.acquire();
        return Json::parse(coverages.json(lease, lease->find("a")));
    }

    Live<LayerSet> layers;
    Coverages coverages{[](std::string_view) {},
                        {.deadline = std::chrono::minutes{1}, .patience = std::chrono::minutes{1}}};
};

TEST(Coverages, are_found_out_once) {
    std::atomic<int> lists = 0;
    ServedCoverage served{listed_layer("z0: a", 0, [&] { ++lists; })};
    EXPECT_EQ(served.ask()["complete"], true);
    EXPECT_EQ(served.ask()["srs"], "EPSG:3857");
    EXPECT_EQ(lists, 1);
}

TEST(Coverages, let_others_go_on_while_one_waits) {
    std::promise<void> begun;
    std::promise<void> finish;
    ServedCoverage served{listed_layer("z0: a", 0, [&, ended = finish.get_future().share()] {
        begun.set_value();
        ended.wait();
    })};
    auto waiting = std::async(std::launch::async, [&] { return served.ask(); });
    begun.get_future().wait();
    const auto other = served.ask();
    EXPECT_EQ(other["pending"], true);
    EXPECT_EQ(other["complete"], false);
    finish.set_value();
    EXPECT_EQ(waiting.get()["complete"], true);
    EXPECT_FALSE(served.ask().contains("pending"));
}

TEST(Coverages, are_the_bounds_of_a_store_that_fails) {
    ServedCoverage served{listed_layer("z0: a", 0, [] {
        throw Error{Errc::corrupt, "cannot open /srv/secret.mbtiles"};
    })};
    const auto found = served.ask();
    EXPECT_EQ(found["complete"], false);
    EXPECT_FALSE(found.contains("pending"));
}

}  // namespace
}  // namespace offgrid::test
