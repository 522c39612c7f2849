#include "formats/config/tile_tree.h"
#include "formats/pmtiles/pmtiles_reader.h"
#include "formats/pmtiles/pmtiles_writer.h"
#include "serve/layer_documents.h"
#include "serve/open_layers.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr TileKey world{0, 0, 0};

void write_pmtiles(const fs::path& path, std::string_view word) {
    PmtilesWriter writer{{.file = path}, {}};
    writer.put(world, png_bytes(word));
    writer.commit();
}

std::size_t open_descriptors() {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{}));
}

struct FoundLayers : testing::Test {
    ServedPaths serve(const std::vector<fs::path>& paths, ServedPathsOptions options = at_once()) {
        return {paths, *pool, [this](std::string_view line) { log.emplace_back(line); }, options};
    }

    /// The word of the first tile of each layer, by the layer's name.
    static std::map<std::string, std::string> words_of(const LayerSet& layers) {
        std::map<std::string, std::string> words;
        for (const auto& layer : layers.layers()) {
            words[layer.id] = word_in(layer.tiles->get(world));
        }
        return words;
    }

    static std::map<std::string, std::string> looked_at(ServedPaths& served) {
        served.look();
        return words_of(*served.layers());
    }

    static std::vector<std::string> quarantined_in(const LayerSet& layers) {
        std::vector<std::string> names;
        for (const auto& store : layers.not_served().quarantined) {
            names.push_back(store.name);
        }
        return names;
    }

    static ServedPathsOptions at_once() { return {.max_open_files = 8, .settling_time = 0ms}; }

    TempFolder folder;
    std::vector<std::string> log;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(8);
};

TEST_F(FoundLayers, are_called_by_their_files_and_where_these_are_as_far_as_needed) {
    for (const auto* name : {"a/x", "b", ".hidden"}) {
        fs::create_directories(folder / name);
    }
    write_mbtiles(folder / "roads.mbtiles", draw("z0: top"));
    write_pmtiles(folder / "roads.pmtiles", "pm");
    write_mbtiles(folder / "a/roads.mbtiles", draw("z0: a"));
    write_mbtiles(folder / "a/x/roads.mbtiles", draw("z0: ax"));
    write_mbtiles(folder / "b/rivers.mbtiles", draw("z0: b"));
    write_mbtiles(folder / ".hidden/secret.mbtiles", draw("z0: s"));
    write_package(folder / "v2", "rivers", "z0: v2");

    const auto served = serve({folder.path()});
    EXPECT_THAT(
        words_of(*served.layers()),
        ElementsAre(Pair("a:roads", "a"), Pair("b:rivers", "b"), Pair("rivers", "v2"),
                    Pair("roads", "top"), Pair("roads.pmtiles", "pm"), Pair("x:roads", "ax")));
}

TEST_F(FoundLayers, are_found_once_in_folders_that_link_to_each_other) {
    fs::create_directory(folder / "a");
    write_mbtiles(folder / "a/roads.mbtiles", draw("z0: r"));
    fs::create_directory_symlink(folder.path(), folder / "a/up");
    fs::create_directory_symlink(folder / "a", folder / "b");
    const auto served = serve({folder.path()});
    EXPECT_THAT(words_of(*served.layers()), ElementsAre(Pair("roads", "r")));
}

TEST_F(FoundLayers, are_not_looked_for_without_end) {
    fs::create_directories(folder / "1/2/3");
    write_mbtiles(folder / "1/2/near.mbtiles", draw("z0: n"));
    write_mbtiles(folder / "1/2/3/far.mbtiles", draw("z0: f"));
    const auto served = serve({folder.path()}, {.limits = {.max_depth = 2}, .settling_time = 0ms});
    EXPECT_THAT(words_of(*served.layers()), ElementsAre(Pair("near", "n")));
    EXPECT_THAT(log, ElementsAre(HasSubstr("more than is looked at")));
}

TEST_F(FoundLayers, come_and_go_with_their_files) {
    auto served = serve({folder.path()});
    EXPECT_THAT(words_of(*served.layers()), IsEmpty());

    write_mbtiles(folder / "roads.mbtiles", draw("z0: r"));
    fs::create_directory(folder / "new");
    write_pmtiles(folder / "new/sea.pmtiles", "s");
    EXPECT_THAT(looked_at(served), ElementsAre(Pair("roads", "r"), Pair("sea", "s")));

    const auto before = served.layers();
    fs::remove(folder / "new/sea.pmtiles");
    EXPECT_THAT(looked_at(served), ElementsAre(Pair("roads", "r")));
    EXPECT_EQ(served.layers()->find("roads")->tiles, before->find("roads")->tiles);
    EXPECT_FALSE(served.look().has_changed);
}

TEST_F(FoundLayers, show_a_file_that_took_the_name_of_another) {
    write_mbtiles(folder / "roads.mbtiles", draw("z0: old"));
    write_pmtiles(folder / "sea.pmtiles", "old");
    auto served = serve({folder.path()});
    const auto before = served.layers();
    EXPECT_THAT(words_of(*before), ElementsAre(Pair("roads", "old"), Pair("sea", "old")));

    write_mbtiles(folder / ".roads", draw("z0: new"));
    fs::rename(folder / ".roads", folder / "roads.mbtiles");
    write_pmtiles(folder / ".sea", "new");
    fs::rename(folder / ".sea", folder / "sea.pmtiles");

    EXPECT_THAT(looked_at(served), ElementsAre(Pair("roads", "new"), Pair("sea", "new")));
}

TEST_F(FoundLayers, show_a_file_that_was_made_anew_after_it_was_gone) {
    write_mbtiles(folder / "roads.mbtiles", draw("z0: old"));
    write_package(folder / "kenya", "kenya", "z0: old\nz1: a b / c d");
    auto served = serve({folder.path()});
    const auto before = served.layers();
    EXPECT_THAT(words_of(*before), ElementsAre(Pair("kenya", "old"), Pair("roads", "old")));

    fs::remove(folder / "roads.mbtiles");
    fs::remove_all(folder / "kenya");
    EXPECT_THAT(looked_at(served), IsEmpty());
    write_mbtiles(folder / "roads.mbtiles", draw("z0: new"));
    write_package(folder / "kenya", "kenya", "z0: new\nz1: a b / c d");
    EXPECT_THAT(looked_at(served), ElementsAre(Pair("kenya", "new"), Pair("roads", "new")));
}

TEST_F(FoundLayers, show_a_package_whose_files_were_replaced) {
    write_package(folder / "kenya", "kenya", "z0: old\nz1: a b / c d");
    auto served = serve({folder.path()});
    EXPECT_THAT(words_of(*served.layers()), ElementsAre(Pair("kenya", "old")));

    fs::rename(folder / "kenya", folder / ".old");
    write_package(folder / "kenya", "kenya", "z0: new\nz1: a b / c d");
    EXPECT_THAT(looked_at(served), ElementsAre(Pair("kenya", "new")));
}

TEST_F(FoundLayers, wait_until_a_file_is_complete) {
    auto served = serve({folder.path()}, {.settling_time = 1h});
    write_mbtiles(folder / "roads.mbtiles", draw("z0: r"));
    const auto look = served.look();
    EXPECT_TRUE(look.has_news);
    EXPECT_TRUE(look.is_settling);
    EXPECT_FALSE(look.is_unfinished);
    EXPECT_FALSE(look.has_changed);
    EXPECT_THAT(words_of(*served.layers()), IsEmpty());
    EXPECT_FALSE(served.look().has_news);
}

TEST_F(FoundLayers, leave_out_what_is_broken_until_it_is_another) {
    write_mbtiles(folder / "good.mbtiles", draw("z0: g"));
    write_file(folder / "later.mbtiles", "half of a file");
    auto served = serve({folder.path()});
    served.look();
    EXPECT_THAT(log, ElementsAre(HasSubstr("later.mbtiles is left out"))) << "said once";
    const auto health = nlohmann::json::parse(health_json(*served.layers(), {}));
    EXPECT_EQ(health["quarantined"][0]["name"], "later.mbtiles");
    EXPECT_THAT(health["quarantined"][0]["reason"], HasSubstr("not what it claims to be"));
    EXPECT_THAT(health.dump(), Not(HasSubstr(folder.path().string())));

    fs::remove(folder / "later.mbtiles");
    write_mbtiles(folder / "later.mbtiles", draw("z0: l"));
    EXPECT_THAT(looked_at(served), ElementsAre(Pair("good", "g"), Pair("later", "l")));
    EXPECT_THAT(served.layers()->not_served().quarantined, IsEmpty());
}

TEST_F(FoundLayers, are_served_before_all_of_them_are_opened) {
    for (int i = 0; i < 20; ++i) {
        write_mbtiles(folder.path() / ("l" + std::to_string(i) + ".mbtiles"),
                      draw("z0: t" + std::to_string(i)));
    }
    auto served =
        serve({folder.path()},
              {.max_open_files = 8, .opening_time = 0ms, .settling_time = 0ms, .threads = 1});
    const auto first = served.layers();
    EXPECT_THAT(first->layers(), SizeIs(1));
    EXPECT_EQ(first->not_served().waiting, 19U);
    EXPECT_EQ(word_in(first->find("l17")->tiles->get(world)), "t17");
    EXPECT_EQ(first->find("l20"), nullptr);

    while (served.look().is_unfinished) {
    }
    EXPECT_THAT(words_of(*served.layers()), SizeIs(20));
}

TEST_F(FoundLayers, are_served_after_a_failure_that_was_not_theirs) {
    write_mbtiles(folder / "a.mbtiles", draw("z0: a"));
    write_pmtiles(folder / "b.pmtiles", "b");
    auto served = serve({folder.path()}, {.max_open_files = 8,
                                          .opening_time = 0ms,
                                          .settling_time = 0ms,
                                          .retry_time = 0ms,
                                          .threads = 1});
    {
        std::vector<sqlite::MbtilesPool::Place> taken;
        for (int i = 0; i < 8; ++i) {
            taken.push_back(pool->reserve(0ms));
        }
        EXPECT_EQ(served.layers()->find("b"), nullptr);
        EXPECT_THAT(quarantined_in(*served.layers()), ElementsAre("b.pmtiles"));
    }
    EXPECT_THAT(looked_at(served), ElementsAre(Pair("a", "a"), Pair("b", "b")));
    EXPECT_THAT(quarantined_in(*served.layers()), IsEmpty());
}

TEST_F(FoundLayers, are_not_opened_again_and_again_when_they_are_broken) {
    write_file(folder / "bad.pmtiles", "half of a file");
    auto served = serve({folder.path()}, {.settling_time = 0ms, .retry_time = 0ms});
    EXPECT_FALSE(served.look().has_changed);
    EXPECT_THAT(quarantined_in(*served.layers()), ElementsAre("bad.pmtiles"));
}

TEST_F(FoundLayers, are_listed_when_the_last_was_opened_for_somebody_who_asked) {
    write_mbtiles(folder / "a.mbtiles", draw("z0: a"));
    write_mbtiles(folder / "b.mbtiles", draw("z0: b"));
    auto served = serve({folder.path()}, {.opening_time = 0ms, .settling_time = 0ms, .threads = 1});
    const auto first = served.layers();
    EXPECT_THAT(first->layers(), SizeIs(1));
    EXPECT_TRUE(first->find("b"));
    EXPECT_TRUE(served.look().has_changed);
    EXPECT_THAT(served.layers()->layers(), SizeIs(2));
}

TEST_F(FoundLayers, may_be_kept_as_long_before_they_are_listed) {
    write_mbtiles(folder / "a.mbtiles", draw("z0: a"));
    write_mbtiles(folder / "b.mbtiles", draw("z0: b"));
    write_mbtiles(folder / "c.mbtiles", draw("z0: c"));
    const auto served = serve({folder.path()}, {.opening_time = 0ms,
                                                .settling_time = 0ms,
                                                .threads = 1,
                                                .max_ages = {.all = 60s, .by_layer = {{"c", 5s}}}});
    const auto layers = served.layers();
    EXPECT_EQ(layers->find("a")->max_age, 60s);
    EXPECT_EQ(layers->find("b")->max_age, 60s);
    EXPECT_EQ(layers->find("c")->max_age, 5s);
    EXPECT_EQ(layers->not_served().waiting, 2U);
}

TEST_F(FoundLayers, hold_no_more_files_open_than_the_pool_may) {
    for (int i = 0; i < 60; ++i) {
        write_pmtiles(folder.path() / ("p" + std::to_string(i) + ".pmtiles"), "p");
        write_mbtiles(folder.path() / ("m" + std::to_string(i) + ".mbtiles"), draw("z0: m"));
    }
    const auto before = open_descriptors();
    const auto served = serve({folder.path()});
    EXPECT_THAT(words_of(*served.layers()), SizeIs(120));
    EXPECT_LE(pool->statistics().open, 8U);
    EXPECT_LE(open_descriptors(), before + 8);
}

TEST_F(FoundLayers, are_the_folders_of_tiles_in_each_layout) {
    const auto tile = [&](std::string_view name, std::string_view word) {
        fs::create_directories((folder / name).parent_path());
        write_file(folder / name, png(word));
    };
    tile("xyz/1/0/0.png", "north");
    tile("tms/1/0/0.png", "south");
    write_file(folder / "tms/metadata.json", R"({"name": "T", "scheme": "tms"})");
    tile("proxy/dop_EPSG900913/01/000/000/000/000/000/000.png", "south");
    tile("esri/_alllayers/L01/R00000000/C00000000.png", "north");
    const auto served = serve({folder.path()});
    const auto layers = served.layers();
    const auto word_at = [&](std::string_view layer, const TileKey& key) {
        return word_in(layers->find(layer)->tiles->get(key));
    };
    EXPECT_EQ(word_at("xyz", {1, 0, 0}), "north");
    EXPECT_EQ(word_at("tms", {1, 0, 1}), "south");
    EXPECT_EQ(word_at("dop_EPSG900913", {1, 0, 1}), "south");
    EXPECT_EQ(word_at("esri", {1, 0, 0}), "north");
    EXPECT_EQ(layers->find("tms")->info().name, "T");
}

/// Expects of the layer all tiles that a reader visits. How many these are.
std::size_t expect_the_same_tiles(const TileReader& own, const TileReader& served) {
    std::size_t tiles = 0;
    for (int z = own.info().min_zoom; z <= own.info().max_zoom; ++z) {
        own.scan(own.info().grid->whole(z), [&](const TileKey& key, BytesView content) {
            const auto tile = served.get(key);
            ASSERT_TRUE(tile) << key.z << '/' << key.x << '/' << key.y;
            EXPECT_TRUE(std::ranges::equal(tile->content, content));
            ++tiles;
        });
    }
    return tiles;
}

std::unique_ptr<TileReader> own_reader(const fs::path& file, sqlite::MbtilesPool& pool) {
    if (file.extension() == ".pmtiles") {
        return std::make_unique<PmtilesReader>(PmtilesOptions{.file = file});
    }
    return std::make_unique<sqlite::MbtilesReader>(file, Grid::google_maps_compatible(), pool);
}

TEST_F(FoundLayers, are_those_of_every_real_store) {
    const auto tiles = shared_data("tiles");
    const auto derived = shared_data("derived");
    if (!tiles || !derived) {
        GTEST_SKIP();
    }
    const auto served = serve({*tiles, *derived});
    const auto layers = served.layers();
    EXPECT_THAT(quarantined_in(*layers), IsEmpty()) << health_json(*layers, {});
    std::map<std::string, const Layer*> by_origin;
    for (const auto& layer : layers->layers()) {
        by_origin[layer.origin] = &layer;
    }
    const auto other_pool = sqlite::make_mbtiles_pool(2);
    std::size_t compared = 0;
    for (const auto* part : {"tiles", "derived"}) {
        for (const auto& file : shared_files(part)) {
            const auto extension = file.extension();
            if (extension == ".mbtiles" || extension == ".pmtiles") {
                SCOPED_TRACE(file.string());
                ASSERT_THAT(by_origin, Contains(testing::Key(file.string())));
                compared += expect_the_same_tiles(*own_reader(file, *other_pool),
                                                  *by_origin.at(file.string())->tiles);
            }
        }
    }
    EXPECT_GT(compared, 1'000U);
    EXPECT_THAT(by_origin, Contains(testing::Key((*tiles / "mapproxy/cache.gpkg").string())));
    const auto xyz = layers->find("bahamas_xyz");
    const auto tms = layers->find("bahamas_tms");
    ASSERT_TRUE(xyz && tms);
    EXPECT_EQ(word_in(xyz->tiles->get({8, 71, 109})), word_in(tms->tiles->get({8, 71, 109})));
    EXPECT_GT(expect_the_same_tiles(*config::open_tile_tree(*derived / "bahamas_xyz"), *xyz->tiles),
              0U);
    EXPECT_EQ(as_text(xyz->tiles->get({8, 71, 109})->content),
              read_text(*derived / "bahamas_xyz/8/71/109.png"));
}

TEST_F(FoundLayers, are_not_harmed_by_hostile_files_beside_them) {
    write_mbtiles(folder / "good.mbtiles", draw("z0: g"));
    const auto files = shared_files("bad");
    std::size_t number = 0;
    for (const auto& file : files) {
        const auto stem = "bad" + std::to_string(number++);
        fs::copy_file(file, folder.path() / (stem + file.extension().string()));
        const bool is_database = file.extension() == ".db";
        for (const auto* extension : {".mbtiles", ".gpkg", ".pmtiles", ".tif"}) {
            if (is_database || file.extension() != extension) {
                fs::copy_file(file, folder.path() / (stem + extension));
            }
        }
    }
    const auto start = std::chrono::steady_clock::now();
    const auto served = serve({folder.path()});
    const auto layers = served.layers();
    EXPECT_EQ(word_in(layers->find("good")->tiles->get(world)), "g");
    EXPECT_LT(std::chrono::steady_clock::now() - start, 60s);
    EXPECT_THAT(health_json(*layers, {}), Not(HasSubstr(folder.path().string())));
    if (!files.empty()) {
        EXPECT_GT(layers->not_served().quarantined.size(), files.size());
    }
}

}  // namespace
}  // namespace offgrid::test
