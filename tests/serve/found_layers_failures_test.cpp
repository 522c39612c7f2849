#include "serve/open_layers.h"
#include "tests/serve/no_descriptors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

struct FoundLayersFailures : testing::Test {
    ServedPaths serve() {
        return {{folder / "maps"},
                *pool,
                [this](std::string_view line) { log.emplace_back(line); },
                {.max_open_files = 8, .settling_time = 0ms, .retry_time = 0ms}};
    }

    static std::vector<std::string> names_of(const LayerSet& layers) {
        std::vector<std::string> names;
        for (const auto& layer : layers.layers()) {
            names.push_back(layer.id);
        }
        return names;
    }

    TempFolder folder;
    std::vector<std::string> log;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(8);
};

TEST_F(FoundLayersFailures, leave_what_is_served_when_folders_cannot_be_read) {
    fs::create_directories(folder / "maps/a/1/0");
    fs::create_directories(folder / "maps/b");
    write_file(folder / "maps/a/1/0/0.png", png("tile"));
    write_mbtiles(folder / "maps/b/roads.mbtiles", draw("z0: r"));
    auto served = serve();
    const auto watched = served.folders();
    {
        const NoDescriptors none;
        EXPECT_FALSE(served.look().has_changed);
        EXPECT_FALSE(served.look().has_changed);
    }
    EXPECT_THAT(names_of(*served.layers()), ElementsAre("a", "roads"));
    EXPECT_EQ(served.folders(), watched);
    EXPECT_THAT(log, ElementsAre(HasSubstr("cannot look at"))) << "said once";

    fs::remove(folder / "maps/b/roads.mbtiles");
    EXPECT_TRUE(served.look().has_changed);
    EXPECT_THAT(names_of(*served.layers()), ElementsAre("a"));
}

TEST_F(FoundLayersFailures, leave_what_is_served_beside_a_link_that_leads_nowhere) {
    fs::create_directories(folder / "maps");
    write_mbtiles(folder / "maps/roads.mbtiles", draw("z0: r"));
    fs::create_symlink("loop", folder / "maps/loop");
    auto served = serve();
    EXPECT_THAT(names_of(*served.layers()), ElementsAre("roads"));
    fs::remove(folder / "maps/roads.mbtiles");
    served.look();
    EXPECT_THAT(names_of(*served.layers()), IsEmpty());
}

TEST_F(FoundLayersFailures, are_told_to_clients_without_any_path) {
    fs::create_directories(folder / "maps/My Secret Files/of [us]");
    write_file(folder / "maps/My Secret Files/of [us]/bad.mbtiles", "no database");
    write_file(folder / "maps/mapcache.xml",
               R"(<mapcache><cache name="c" type="sqlite3"><dbfile>/home/some one/x</dbfile>)");
    const auto served = serve();
    const auto layers = served.layers();
    std::vector<std::string> told;
    for (const auto& store : layers->not_served().quarantined) {
        told.push_back(store.name + " - " + store.reason);
    }
    EXPECT_THAT(
        told, ElementsAre("My Secret Files/of [us]/bad.mbtiles - corrupt: its content is not what "
                          "it claims to be",
                          AllOf(StartsWith("mapcache.xml - "), Not(HasSubstr("/home")),
                                Not(HasSubstr(folder.path().string())))));
    EXPECT_THAT(log, Contains(HasSubstr("file is not a database")));
}

TEST_F(FoundLayersFailures, are_told_of_folders_of_tiles_that_describe_themselves_badly) {
    struct Row {
        std::string folder{};
        std::string tile{};
        std::string description{};
        std::string content{};
    };
    const std::vector<Row> rows{
        {"brace{z}", "0/0/0.png", "", ""},
        {"format", "0/0/0.png", "tilemapresource.xml", "<TileMap><TileSets/></TileMap>"},
        {"grid", "0/0/0.png", "tilemapresource.xml",
         R"(<TileMap><SRS>EPSG:2154</SRS><TileFormat width="256"/><TileSets>)"
         R"(<TileSet order="0" units-per-pixel="1"/></TileSets></TileMap>)"},
        {"json", "0/0/0.png", "metadata.json", "[1"},
        {"xml", "0/0/0.png", "tilemapresource.xml", "<TileMap>"},
        {"zoom", "0/0/0.png", "tilemapresource.xml",
         R"(<TileMap><SRS>EPSG:3857</SRS><TileFormat width="256"/><TileSets>)"
         R"(<TileSet order="-7" units-per-pixel="nan"/></TileSets></TileMap>)"},
    };
    for (const auto& row : rows) {
        const auto tree = folder / "maps" / row.folder;
        fs::create_directories((tree / row.tile).parent_path());
        write_file(tree / row.tile, png("tile"));
        if (!row.description.empty()) {
            write_file(tree / row.description, row.content);
        }
    }
    const auto served = serve();
    const auto layers = served.layers();
    EXPECT_THAT(names_of(*layers), IsEmpty());
    std::vector<std::string> quarantined;
    for (const auto& store : layers->not_served().quarantined) {
        quarantined.push_back(store.name);
    }
    EXPECT_THAT(quarantined, ElementsAre("brace{z}", "format", "grid", "json", "xml", "zoom"));
}

TEST_F(FoundLayersFailures, are_no_folders_whose_names_are_not_those_of_tiles) {
    for (const auto* tile : {"a/100/0/0.png", "b/01/0/0.png", "c/0/0/0.exe", "d/0/x/0.png",
                             "e/L0/R00000000/C00000000.png", "f/00/000/000/000.png", "g/0/0.png"}) {
        const auto path = folder / "maps" / tile;
        fs::create_directories(path.parent_path());
        write_file(path, png("tile"));
    }
    const auto served = serve();
    EXPECT_THAT(names_of(*served.layers()), IsEmpty());
    EXPECT_THAT(log, IsEmpty());
}

TEST_F(FoundLayersFailures, end_when_the_served_folder_comes_back) {
    fs::create_directories(folder / "maps");
    write_mbtiles(folder / "maps/roads.mbtiles", draw("z0: old"));
    auto served = serve();
    const auto before = served.layers();

    fs::rename(folder / "maps", folder / "away");
    EXPECT_TRUE(served.look().has_changed);
    EXPECT_THAT(names_of(*served.layers()), IsEmpty());
    EXPECT_FALSE(served.look().has_changed);

    fs::create_directories(folder / "maps");
    write_mbtiles(folder / "maps/roads.mbtiles", draw("z0: new"));
    EXPECT_TRUE(served.look().has_changed);
    EXPECT_EQ(word_in(served.layers()->find("roads")->tiles->get({0, 0, 0})), "new");
}

}  // namespace
}  // namespace offgrid::test
