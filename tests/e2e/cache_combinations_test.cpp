// MapCache's manual, "cache combinations": overviews in one cache, details in z-top files behind a
// memory cache. One configuration file, no other argument.

#include "tests/support/http_client.h"
#include "tests/support/memcached_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

/// composite(overviews, multitier(memcache, z-top)).
class CacheCombinations : public testing::Test {
protected:
    void SetUp() override {
        configure("");
        write_mbtiles(folder_ / "map.mbtiles", draw(R"(z0: w
                                                       z1: a b / c d
                                                       z2@3,0: e
                                                       z3@7,0: f)"));
        const auto transfer = run({program("offgrid"), "transfer",
                                   (folder_ / "map.mbtiles").string(), config_.string() + "#map"});
        ASSERT_EQ(transfer.exit_code, 0) << transfer.err;
    }

    void configure(std::string_view tileset_options) {
        write_file(config_,
                   fmt::format(R"(<mapcache>
  <cache name="memory" type="memcache"><server><host>127.0.0.1</host><port>{1}</port></server></cache>
  <cache name="pyramids" type="sqlite3">
    <dbfile top_fmt="%02d">{0}/z{{top}}-{{top_x}}-{{top_y}}.sqlite3</dbfile><top>2</top></cache>
  <cache name="overviews" type="sqlite3"><dbfile>{0}/overviews.sqlite3</dbfile></cache>
  <cache name="details" type="multitier"><cache>memory</cache><cache>pyramids</cache></cache>
  <cache name="all" type="composite">
    <cache max-zoom="1">overviews</cache><cache min-zoom="2">details</cache></cache>
  <tileset name="map"><cache>all</cache><format>PNG</format><grid>GoogleMapsCompatible</grid>
    {2}</tileset>
</mapcache>)",
                               folder_.path().string(), memcached_.port(), tileset_options));
    }

    TempFolder folder_;
    fs::path config_ = folder_ / "mapcache.xml";
    MemcachedServer memcached_;
    HttpClient client_;
};

TEST_F(CacheCombinations, are_written_and_read_by_the_configuration_alone) {
    EXPECT_TRUE(fs::exists(folder_ / "overviews.sqlite3"));
    EXPECT_TRUE(fs::exists(folder_ / "z02-3-3.sqlite3")) << "rows from the south";
    EXPECT_FALSE(fs::exists(folder_ / "z02-0-0.sqlite3"));

    Process server{{program("offgrid"), "serve", config_.string(), "--listen", "127.0.0.1:0"}};
    const auto url = url_in(server.wait_for_line("listening on "));
    EXPECT_EQ(client_.get(url + "/tiles/map/0/0/0.png").body, png("w"));
    EXPECT_EQ(client_.get(url + "/tiles/map/1/1/0.png").body, png("b"));
    EXPECT_EQ(client_.get(url + "/tiles/map/3/7/0.png").body, png("f"));
    EXPECT_EQ(client_.get(url + "/tiles/map/3/0/0.png").status, 404);
}

TEST_F(CacheCombinations, keep_in_memory_what_was_read_once) {
    Process server{{program("offgrid"), "serve", config_.string(), "--listen", "127.0.0.1:0"}};
    const auto url = url_in(server.wait_for_line("listening on "));
    ASSERT_EQ(client_.get(url + "/tiles/map/3/7/0.png").body, png("f"));
    fs::remove(folder_ / "z02-3-3.sqlite3");
    EXPECT_EQ(client_.get(url + "/tiles/map/3/7/0.png").body, png("f"));
    EXPECT_EQ(client_.get(url + "/tiles/map/2/3/0.png").status, 404) << "was never read";
}

TEST_F(CacheCombinations, keep_nothing_of_a_tileset_that_is_read_only) {
    configure("<read-only>true</read-only>");
    Process server{{program("offgrid"), "serve", config_.string(), "--listen", "127.0.0.1:0"}};
    const auto url = url_in(server.wait_for_line("listening on "));
    ASSERT_EQ(client_.get(url + "/tiles/map/3/7/0.png").body, png("f"));
    fs::remove(folder_ / "z02-3-3.sqlite3");
    EXPECT_EQ(client_.get(url + "/tiles/map/3/7/0.png").status, 404);
}

TEST_F(CacheCombinations, answer_500_and_name_the_cache_when_the_memory_is_gone) {
    Process server{{program("offgrid"), "serve", config_.string(), "--listen", "127.0.0.1:0"}};
    const auto url = url_in(server.wait_for_line("listening on "));
    memcached_.stop();
    EXPECT_EQ(client_.get(url + "/tiles/map/3/7/0.png").status, 500)
        << "what failed is not known to be absent";
    server.wait_for_line("'memory'");
    EXPECT_EQ(client_.get(url + "/tiles/map/0/0/0.png").body, png("w"));
}

}  // namespace
}  // namespace offgrid::test
