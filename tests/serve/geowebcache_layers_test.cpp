#include "serve/geowebcache_layers.h"

#include "formats/base/live.h"
#include "formats/config/store_location.h"
#include "formats/gwc/gzip.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/sqlite/sqlite.h"
#include "serve/open_layers.h"
#include "serve/router.h"
#include "tests/support/errors.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// A `geowebcache.xml` with a layer of pictures in two grid sets and one of vectors in one.
struct ServedGeowebcache : testing::Test {
    ServedGeowebcache() {
        write_file(path, fmt::format(R"(<gwcConfiguration>
  <blobStores><MbtilesBlobStore default="true"><id>s</id><rootDirectory>{}/root</rootDirectory>
    </MbtilesBlobStore></blobStores>
  <layers>
    <wmsLayer><name>topp:states</name><mimeFormats><string>image/png</string></mimeFormats>
      <expireCache>1</expireCache></wmsLayer>
    <wmsLayer><name>roads</name>
      <mimeFormats><string>application/vnd.mapbox-vector-tile</string></mimeFormats>
      <gridSubsets><gridSubset><gridSetName>EPSG:900913</gridSetName><zoomStop>3</zoomStop>
        </gridSubset></gridSubsets></wmsLayer>
  </layers></gwcConfiguration>)",
                                     folder.path().string()));
        config::StoreLocations locations{8, [](const std::string&) {}};
        const auto put = [&](const std::string& name, const TileKey& key, BytesView content) {
            const auto writer = locations.find(path.string() + '#' + name).open_writer({});
            writer->put(key, content);
            writer->commit();
        };
        put("topp:states@EPSG:900913@png", {1, 0, 0}, png_bytes("north-west"));
        put("topp:states@EPSG:4326@png", {2, 5, 0}, png_bytes("degrees"));
        put("roads", {1, 0, 0}, gwc::gzipped(as_bytes("vectors")));
    }

    std::unique_ptr<const LayerSet> open() {
        return ServedPaths{{path}, *pool, [this](std::string_view line) { log.emplace_back(line); }}
            .layers();
    }

    Response ask(std::string_view target) { return ask(Request{.path = target}); }

    Response ask(const Request& request) {
        const Live<LayerSet> layers{open()};
        return Router{layers, [this](std::string_view line) { log.emplace_back(line); }}.answer(
            request);
    }

    TempFolder folder;
    std::filesystem::path path = folder / "geowebcache.xml";
    std::vector<std::string> log;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(4);
};

TEST_F(ServedGeowebcache, has_a_layer_for_each_grid_set_and_format) {
    std::vector<std::string> names;
    for (const auto& layer : open_geowebcache_layers(path, [](std::string_view) {}).layers) {
        names.push_back(layer.id);
    }
    EXPECT_THAT(names, ElementsAre("topp:states@EPSG:4326@png", "topp:states@EPSG:900913@png",
                                   "roads@EPSG:900913@pbf", "roads"));
}

TEST_F(ServedGeowebcache, answers_its_tiles_however_old_and_no_others) {
    const auto answer = ask("/tiles/topp:states@EPSG:900913@png/1/0/0.png");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(as_text(answer.content()), png("north-west"));
    EXPECT_EQ(answer.header("Cache-Control"), "max-age=7200");
    EXPECT_EQ(ask("/tiles/topp:states@EPSG:4326@png/1/0/0.png").status, 404);
    EXPECT_EQ(ask("/tiles/topp:states/1/0/0.png").status, 404);
    EXPECT_EQ(ask("/tiles/roads/5/0/0.pbf").status, 404) << "beyond its zooms";
}

// PR-08
TEST_F(ServedGeowebcache, counts_rows_as_each_service_does_in_a_grid_that_is_not_mercator) {
    std::vector<std::string> stored;
    for (const auto& name : names_below(folder / "root" / "topp_states")) {
        if (name.ends_with(".sqlite") && name.find("4326") != std::string::npos) {
            sqlite::Db db{folder / "root" / "topp_states" / name, sqlite::OpenMode::immutable};
            auto rows = db.prepare("SELECT zoom_level, tile_column, tile_row FROM tiles");
            while (rows.step()) {
                stored.push_back(
                    fmt::format("{}/{}/{}", rows.integer(0), rows.integer(1), rows.integer(2)));
            }
        }
    }
    EXPECT_THAT(stored, ElementsAre("2/5/3")) << "from the south, of four rows";

    for (const auto* address : {"/service/tms/1.0.0/topp:states@EPSG:4326@png/2/5/3.png",
                                "/service/wmts/rest/topp:states/EPSG:4326/EPSG:4326:2/0/5",
                                "/tiles/topp:states@EPSG:4326@png/2/5/0.png"}) {
        const auto answer = ask(Request{.path = address, .query = {{"format", "image%2Fpng"}}});
        EXPECT_EQ(as_text(answer.content()), png("degrees")) << address;
    }
}

// GZ-01
TEST_F(ServedGeowebcache, says_that_a_vector_tile_is_compressed) {
    const auto answer = ask("/tiles/roads/1/0/0.pbf");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Content-Encoding"), "gzip");
    EXPECT_EQ(as_text(gwc::unzipped(answer.content())), "vectors");
}

TEST_F(ServedGeowebcache, makes_no_file_and_no_folder) {
    const auto before = names_below(folder.path());
    ask("/tiles/topp:states@EPSG:4326@png/1/0/0.png");
    ask("/tiles/roads/3/0/0.pbf");
    EXPECT_EQ(names_below(folder.path()), before);
}

TEST_F(ServedGeowebcache, tells_how_many_files_its_stores_have_open) {
    Process serving{{program("offgrid"), "serve", path.string(), "--listen", "127.0.0.1:0"}};
    const auto url = url_in(serving.wait_for_line("listening on "));
    HttpClient client;
    const auto files_of_store = "\noffgrid_pool_open{store=\"s\"} ";
    EXPECT_THAT(client.get(url + "/metrics").body, HasSubstr(files_of_store + std::string{"0\n"}));

    ASSERT_EQ(client.get(url + "/tiles/roads/1/0/0.pbf").status, 200);
    ASSERT_EQ(client.get(url + "/tiles/topp:states@EPSG:4326@png/2/5/0.png").status, 200);

    EXPECT_THAT(client.get(url + "/metrics").body,
                AllOf(HasSubstr(files_of_store + std::string{"2\n"}),
                      HasSubstr("\noffgrid_pool_idle{store=\"s\"} 2\n"),
                      HasSubstr("\noffgrid_pool_waiting{store=\"s\"} 0\n"),
                      HasSubstr("\noffgrid_pool_evictions_total{store=\"s\"} 0\n"),
                      HasSubstr("\noffgrid_pool_reaped_total{store=\"s\"} 0\n"),
                      HasSubstr("\noffgrid_pool_open 0\n")));
}

TEST(StorePools, of_one_name_count_together) {
    const auto pool = [](const std::string& store, std::size_t open) {
        return StorePool{store, [open] { return PoolStatistics{.open = open}; }};
    };
    auto reports = reports_of({pool("a", 1), pool("b", 2), pool("a", 4)});
    EXPECT_EQ(reports.size(), 2U);
    EXPECT_EQ(reports["a"].open, 5U);
    EXPECT_EQ(reports["b"].open, 2U);
}

TEST_F(ServedGeowebcache, with_nothing_to_serve_is_refused) {
    write_file(path, "<gwcConfiguration/>");
    EXPECT_THAT([&] { open(); }, throws(Errc::not_found, HasSubstr("no layer here")));
}

}  // namespace
}  // namespace offgrid::test
