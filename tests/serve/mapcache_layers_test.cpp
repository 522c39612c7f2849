#include "serve/mapcache_layers.h"

#include "formats/base/live.h"
#include "formats/sqlite/cache_store.h"
#include "serve/open_layers.h"
#include "serve/router.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A `mapcache.xml` with one SQLite cache of three tilesets, each served in its own way.
struct ServedConfig : testing::Test {
    ServedConfig() {
        write_file(path, fmt::format(R"(<mapcache>
  <source name="upstream" type="wms"><http><url>http://wms.example/</url></http></source>
  <cache name="c" type="sqlite3"><dbfile>{}/tiles.sqlite3</dbfile></cache>
  <tileset name="roads"><cache>c</cache><source>upstream</source><format>PNG</format>
    <grid>GoogleMapsCompatible</grid><grid>WGS84</grid><expires>60</expires></tileset>
  <tileset name="weather"><cache>c</cache><format>PNG</format><grid>GoogleMapsCompatible</grid>
    <dimensions><dimension type="values" name="hour" default="12">
      <value>06</value><value>12</value></dimension></dimensions></tileset>
</mapcache>)",
                                     folder.path().string()));
        put("roads", "roads of the world");
        put("weather", "at noon", "12");
        put("weather", "at six", "06");
    }

    void put(const std::string& tileset, const std::string& word, const std::string& hour = {}) {
        TilesetSlice slice{.values = {.tileset = tileset, .extension = "png"}};
        if (!hour.empty()) {
            slice.values.dimensions = {{"hour", hour}};
        }
        sqlite::CacheWriter writer{{.name = "c", .file = (folder / "tiles.sqlite3").string()},
                                   std::move(slice)};
        writer.put({0, 0, 0}, png_bytes(word));
        writer.commit();
    }

    Live<LayerSet> open() {
        return Live<LayerSet>{
            open_paths({path}, *pool, [this](std::string_view line) { log.emplace_back(line); })};
    }

    Response ask(const Live<LayerSet>& layers, std::string_view address) {
        return Router{layers, [this](std::string_view line) { log.emplace_back(line); }}.answer(
            {.path = address});
    }

    static std::string body_of(const Response& response) {
        const auto content = response.content();
        return {content.begin(), content.end()};
    }

    TempFolder folder;
    std::filesystem::path path = folder / "mapcache.xml";
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(8);
    std::vector<std::string> log;
};

TEST_F(ServedConfig, lists_every_tileset_in_each_of_its_grids) {
    std::vector<std::string> names;
    for (const auto& layer : MapcacheLayers{path, [](std::string_view) {}}.listed()) {
        names.push_back(layer.id);
    }
    EXPECT_THAT(names, ElementsAre("roads", "roads@WGS84", "weather"));
}

TEST_F(ServedConfig, answers_tiles_with_how_long_they_may_be_kept) {
    const auto layers = open();
    const auto answer = ask(layers, "/tiles/roads/0/0/0.png");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(body_of(answer), png("roads of the world"));
    EXPECT_EQ(answer.header("Cache-Control"), "max-age=60");
    EXPECT_THAT(std::string{answer.header("Last-Modified")}, HasSubstr(" GMT"));
}

TEST_F(ServedConfig, answers_absent_tiles_with_404) {
    const auto layers = open();
    EXPECT_EQ(ask(layers, "/tiles/roads/1/0/0.png").status, 404);
    EXPECT_EQ(ask(layers, "/tiles/roads@WGS84/0/0/0.png").status, 404);
}

TEST_F(ServedConfig, finds_values_of_dimensions_by_the_names_of_mapcache) {
    const auto layers = open();
    EXPECT_EQ(body_of(ask(layers, "/tiles/weather/0/0/0.png")), png("at noon"));
    EXPECT_EQ(body_of(ask(layers, "/tiles/weather%5Bhour=06%5D/0/0/0.png")), png("at six"));
    EXPECT_EQ(body_of(ask(layers, "/tiles/weather%5Bhour=06%5D@GoogleMapsCompatible/0/0/0.png")),
              png("at six"));
}

TEST_F(ServedConfig, answers_404_for_what_the_file_does_not_have) {
    const auto layers = open();
    for (const auto* name :
         {"rivers", "roads@g", "roads[hour=06]", "weather[hour=07]", "weather[hour=06",
          "weather[hour]", "weather]", "@", "weather[=]", "[hour=06]@WGS84"}) {
        EXPECT_EQ(ask(layers, fmt::format("/tiles/{}/0/0/0.png", name)).status, 404) << name;
    }
    EXPECT_THAT(log, ElementsAre(HasSubstr("upstream")));
}

TEST_F(ServedConfig, keeps_answering_when_many_values_are_asked) {
    write_file(path, fmt::format(R"(<mapcache>
  <cache name="c" type="sqlite3"><dbfile>{}/tiles.sqlite3</dbfile></cache>
  <tileset name="weather"><cache>c</cache><format>PNG</format><grid>GoogleMapsCompatible</grid>
    <dimensions><dimension type="regex" name="hour" default="12"><regex>^[0-9]+$</regex></dimension>
    </dimensions></tileset></mapcache>)",
                                 folder.path().string()));
    const auto layers = open();
    for (int hour = 0; hour < 300; ++hour) {
        EXPECT_EQ(ask(layers, fmt::format("/tiles/weather[hour=1000{}]/0/0/0.png", hour)).status,
                  404);
    }
    EXPECT_EQ(body_of(ask(layers, "/tiles/weather[hour=06]/0/0/0.png")), png("at six"));
}

TEST_F(ServedConfig, says_once_what_it_does_not_use) {
    open();
    EXPECT_THAT(log, ElementsAre(HasSubstr("upstream")));
}

TEST_F(ServedConfig, answers_500_and_names_the_cache_when_a_database_is_damaged) {
    const auto layers = open();
    write_file(folder / "tiles.sqlite3", "garbage");
    EXPECT_EQ(ask(layers, "/tiles/roads/0/0/0.png").status, 500);
    EXPECT_THAT(log.back(), HasSubstr("'c'"));
}

TEST_F(ServedConfig, refuses_a_file_with_an_error_and_names_the_line) {
    write_file(path, "<mapcache>\n<cache name='c' type='cloud'/>\n</mapcache>");
    EXPECT_THAT([&] { open(); }, throws(Errc::invalid_argument, HasSubstr(":2: ")));
}

}  // namespace
}  // namespace offgrid::test
