#include "serve/mapcache_layers.h"

#include "formats/base/live.h"
#include "formats/disk/disk_store.h"
#include "formats/sqlite/cache_store.h"
#include "formats/sqlite/sqlite.h"
#include "formats/store/locker.h"
#include "serve/open_layers.h"
#include "serve/router.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

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

    /// A file with the elements, in which `{0}` is the test's folder.
    void configure(std::string_view elements) {
        write_file(path, fmt::format("<mapcache>{}</mapcache>",
                                     fmt::format(fmt::runtime(elements), folder.path().string())));
    }

    /// Put a tile into the disk cache in the folder of that name.
    void put_file(const std::string& name, const std::string& tileset, const TileKey& key,
                  const std::string& content, const std::string& extension = "png") {
        FileLocker locker{{.folder = folder.path()}};
        TilesetSlice slice{.values = {.tileset = tileset, .extension = extension}};
        DiskWriter{{.base = folder / name}, std::move(slice), locker}.put(
            key, {reinterpret_cast<const std::uint8_t*>(content.data()), content.size()});
    }

    void execute(const std::string& database, const char* sql) {
        sqlite::Db{(folder / database).string(), sqlite::OpenMode::update}.execute(sql);
    }

    Live<LayerSet> open() {
        return Live<LayerSet>{ServedPaths{
            {path}, *pool, [this](std::string_view line) {
                log.emplace_back(line);
            }}.layers()};
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

TEST_F(ServedConfig, leaves_out_a_tileset_that_cannot_be_served_and_serves_the_others) {
    configure(R"(
  <cache name="d" type="disk"><base>{0}/d</base></cache>
  <cache name="none" type="composite"><cache grids="WGS84">d</cache></cache>
  <tileset name="good"><cache>d</cache><format>PNG</format><grid>GoogleMapsCompatible</grid></tileset>
  <tileset name="my tiles/x"><cache>d</cache><grid>GoogleMapsCompatible</grid></tileset>
  <tileset name="unmatched"><cache>none</cache><grid>GoogleMapsCompatible</grid></tileset>
  <tileset name="two"><cache>d</cache><grid>GoogleMapsCompatible</grid>
    <dimensions><dimension type="sqlite" name="P" default="a"><dbfile>{0}/p.db</dbfile>
      <validate_query>select v from m</validate_query><list_query>select v from m</list_query>
    </dimension></dimensions></tileset>)");
    execute("p.db", "create table m(v); insert into m values('1'),('2')");
    put_file("d", "good", {0, 0, 0}, png("w"));
    const auto layers = open();
    EXPECT_EQ(layers.acquire()->layers().size(), 1U);
    EXPECT_EQ(body_of(ask(layers, "/tiles/good/0/0/0.png")), png("w"));
    for (const auto* cause :
         {"tileset 'my tiles/x' is left out: no layer can have this name",
          "tileset 'unmatched' is left out: cache 'none': no cache for grid 'GoogleMapsCompatible'",
          "tileset 'two' is left out: dimension 'P' of tileset 'two': 'a' means several values"}) {
        EXPECT_THAT(log, Contains(HasSubstr(cause)));
    }
    EXPECT_EQ(ask(layers, "/tiles/unmatched@GoogleMapsCompatible/0/0/0.png").status, 500)
        << "not known to be absent";
}

TEST_F(ServedConfig, refuses_a_file_of_which_no_tileset_can_be_served) {
    configure(R"(<cache name="d" type="disk"><base>{0}/d</base></cache>
  <tileset name="a/b"><cache>d</cache><grid>GoogleMapsCompatible</grid></tileset>)");
    EXPECT_THAT([&] { open(); }, throws(Errc::invalid_argument, HasSubstr("'a/b' is left out")));
}

TEST_F(ServedConfig, answers_500_for_a_zoom_that_no_cache_is_for) {
    configure(R"(<cache name="d" type="disk"><base>{0}/d</base></cache>
  <cache name="all" type="composite"><cache max-zoom="2">d</cache></cache>
  <tileset name="t"><cache>all</cache><grid>GoogleMapsCompatible</grid></tileset>)");
    const auto layers = open();
    EXPECT_EQ(ask(layers, "/tiles/t/2/0/0.png").status, 404);
    EXPECT_EQ(ask(layers, "/tiles/t/3/0/0.png").status, 500);
    EXPECT_THAT(log.back(), HasSubstr("cache 'all': no cache for zoom 3"));
}

#ifdef OFFGRID_HAS_LMDB
TEST_F(ServedConfig, falls_back_from_a_cache_that_cannot_be_opened) {
    configure(R"(<cache name="gone" type="lmdb"><base>{0}/gone</base></cache>
  <cache name="d" type="disk"><base>{0}/d</base></cache>
  <cache name="both" type="fallback"><cache>gone</cache><cache>d</cache></cache>
  <tileset name="t"><cache>both</cache><grid>GoogleMapsCompatible</grid></tileset>)");
    put_file("d", "t", {0, 0, 0}, png("w"));
    const auto layers = open();
    EXPECT_THAT(log, ElementsAre(HasSubstr("cache 'gone'")));
    EXPECT_EQ(body_of(ask(layers, "/tiles/t/0/0/0.png")), png("w"));
    EXPECT_EQ(ask(layers, "/tiles/t/1/0/0.png").status, 404);
    EXPECT_THAT(log, ElementsAre(HasSubstr("cache 'gone'")));
}
#endif

TEST_F(ServedConfig, serves_only_the_zooms_and_the_extent_of_the_tileset) {
    configure(R"(<cache name="d" type="disk"><base>{0}/d</base></cache>
  <tileset name="t"><cache>d</cache>
    <grid minzoom="1" maxzoom="1" restricted_extent="1 1 20000000 20000000" tolerance="0"
      >GoogleMapsCompatible</grid></tileset>)");
    for (const TileKey key : {TileKey{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {2, 3, 0}}) {
        put_file("d", "t", key, png("w"));
    }
    const auto layers = open();
    EXPECT_EQ(ask(layers, "/tiles/t/1/1/0.png").status, 200);
    EXPECT_EQ(ask(layers, "/tiles/t/1/0/0.png").status, 404) << "west of the extent";
    EXPECT_EQ(ask(layers, "/tiles/t/0/0/0.png").status, 404) << "above the zooms";
    EXPECT_EQ(ask(layers, "/tiles/t/2/3/0.png").status, 404) << "below the zooms";
}

TEST_F(ServedConfig, says_how_long_a_tile_that_expires_is_of_use) {
    configure(R"(<cache name="d" type="disk"><base>{0}/d</base></cache>
  <tileset name="t"><cache>d</cache><grid>GoogleMapsCompatible</grid>
    <expires>60</expires><auto_expire>1000</auto_expire></tileset>)");
    put_file("d", "t", {0, 0, 0}, png("new"));
    put_file("d", "t", {1, 0, 0}, png("old"));
    put_file("d", "t", {1, 1, 0}, png("too old"));
    const auto set_age = [&](const TileKey& key, std::chrono::seconds age) {
        const DiskPaths paths{{.base = folder / "d"},
                              {.values = {.tileset = "t", .extension = "png"}}};
        std::filesystem::last_write_time(paths.path_of(key),
                                         std::filesystem::file_time_type::clock::now() - age);
    };
    set_age({1, 0, 0}, std::chrono::seconds{900});
    set_age({1, 1, 0}, std::chrono::seconds{5000});
    const auto layers = open();
    const auto max_age = [&](std::string_view address) {
        return std::string{ask(layers, address).header("Cache-Control")};
    };
    EXPECT_THAT(max_age("/tiles/t/0/0/0.png"), MatchesRegex("max-age=(1000|9[89][0-9])"));
    EXPECT_THAT(max_age("/tiles/t/1/0/0.png"), MatchesRegex("max-age=(100|[89][0-9])"));
    EXPECT_EQ(max_age("/tiles/t/1/1/0.png"), "no-cache");
}

TEST_F(ServedConfig, serves_tiles_that_are_no_images_as_their_format_says) {
    configure(R"(<cache name="d" type="disk"><base>{0}/d</base></cache>
  <format name="R" type="RAW"><extension>json</extension><mime_type>application/json</mime_type></format>
  <tileset name="t"><cache>d</cache><grid>GoogleMapsCompatible</grid><format>R</format></tileset>)");
    put_file("d", "t", {0, 0, 0}, R"({"a":1})", "json");
    const auto layers = open();
    const auto answer = ask(layers, "/tiles/t/0/0/0.json");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_THAT(body_of(ask(layers, "/tiles/t.json")), HasSubstr("/{z}/{x}/{y}.json"));
    EXPECT_EQ(ask(layers, "/tiles/t/0/0/0.txt").status, 400);
}

TEST_F(ServedConfig, sees_that_a_value_in_a_database_means_something_else) {
    configure(R"(<cache name="c" type="sqlite3"><dbfile>{0}/tiles.sqlite3</dbfile></cache>
  <tileset name="weather"><cache>c</cache><format>PNG</format><grid>GoogleMapsCompatible</grid>
    <dimensions><dimension type="sqlite" name="hour" default="last"><dbfile>{0}/p.db</dbfile>
      <validate_query>select v from m where k=:dim</validate_query>
      <list_query>select k from m</list_query></dimension></dimensions></tileset>)");
    execute("p.db", "create table m(k,v); insert into m values('last','06'),('noon','12')");
    const auto layers = open();
    EXPECT_EQ(body_of(ask(layers, "/tiles/weather/0/0/0.png")), png("at six"));
    EXPECT_EQ(body_of(ask(layers, "/tiles/weather[hour=last]/0/0/0.png")), png("at six"));
    EXPECT_EQ(body_of(ask(layers, "/tiles/weather[hour=noon]/0/0/0.png")), png("at noon"));
    execute("p.db", "update m set v='12' where k='last'");
    EXPECT_EQ(body_of(ask(layers, "/tiles/weather/0/0/0.png")), png("at noon"));
    EXPECT_EQ(body_of(ask(layers, "/tiles/weather[hour=last]/0/0/0.png")), png("at noon"));
    write_file(folder / "p.db", "garbage");
    EXPECT_EQ(ask(layers, "/tiles/weather/0/0/0.png").status, 500);
}

TEST_F(ServedConfig, keeps_tiles_of_slower_caches_unless_the_tileset_is_read_only) {
    configure(R"(<cache name="fast" type="disk"><base>{0}/fast</base></cache>
  <cache name="slow" type="disk"><base>{0}/slow</base></cache>
  <cache name="m" type="multitier"><cache>fast</cache><cache>slow</cache></cache>
  <tileset name="t"><cache>m</cache><grid>GoogleMapsCompatible</grid></tileset>
  <tileset name="r"><cache>m</cache><grid>GoogleMapsCompatible</grid><read-only>true</read-only></tileset>)");
    put_file("slow", "t", {0, 0, 0}, png("w"));
    put_file("slow", "r", {0, 0, 0}, png("w"));
    const auto layers = open();
    EXPECT_EQ(ask(layers, "/tiles/t/0/0/0.png").status, 200);
    EXPECT_EQ(ask(layers, "/tiles/r/0/0/0.png").status, 200);
    EXPECT_TRUE(std::filesystem::exists(folder / "fast/t"));
    EXPECT_FALSE(std::filesystem::exists(folder / "fast/r"));
}

#ifdef OFFGRID_HAS_HTTP
TEST_F(ServedConfig, sends_clients_to_the_server_that_has_the_tiles) {
    configure(R"(<cache name="web" type="rest"><use_redirects>true</use_redirects>
    <url>http://tiles.example/{{tileset}}/{{z}}/{{x}}/{{y}}.{{ext}}</url></cache>
  <cache name="all" type="composite"><cache>web</cache></cache>
  <tileset name="t"><cache>all</cache><format>PNG</format><expires>60</expires>
    <grid minzoom="1" maxzoom="3">GoogleMapsCompatible</grid></tileset>)");
    const auto layers = open();
    const auto answer = ask(layers, "/tiles/t/1/1/0.png");
    EXPECT_EQ(answer.status, 302);
    EXPECT_EQ(answer.header("Location"), "http://tiles.example/t/1/1/1.png");
    EXPECT_EQ(answer.header("Cache-Control"), "max-age=60");
    EXPECT_EQ(ask(layers, "/tiles/t/0/0/0.png").status, 404);
}
#endif

TEST_F(ServedConfig, keeps_alive_what_a_found_layer_needs) {
    std::shared_ptr<const Layer> layer;
    {
        const MapcacheLayers layers{path, [](std::string_view) {}};
        layer = layers.find("weather[hour=06]");
    }
    EXPECT_EQ(word_in(layer->tiles->get({0, 0, 0})), "at six");
}

TEST_F(ServedConfig, refuses_a_file_with_an_error_and_names_the_line) {
    write_file(path, "<mapcache>\n<cache name='c' type='cloud'/>\n</mapcache>");
    EXPECT_THAT([&] { open(); }, throws(Errc::invalid_argument, HasSubstr(":2: ")));
}

}  // namespace
}  // namespace offgrid::test
