#include "serve/geowebcache_layers.h"

#include "formats/base/live.h"
#include "formats/config/store_location.h"
#include "formats/gwc/gzip.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/open_layers.h"
#include "serve/router.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace offgrid::test {
namespace {

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
        put("roads", {1, 0, 0}, gwc::gzipped(as_bytes("vectors")));
    }

    std::unique_ptr<const LayerSet> open() {
        return ServedPaths{{path}, *pool, [this](std::string_view line) { log.emplace_back(line); }}
            .layers();
    }

    Response ask(std::string_view target) {
        const Live<LayerSet> layers{open()};
        return Router{layers, [this](std::string_view line) { log.emplace_back(line); }}.answer(
            {.path = target});
    }

    TempFolder folder;
    std::filesystem::path path = folder / "geowebcache.xml";
    std::vector<std::string> log;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(4);
};

TEST_F(ServedGeowebcache, has_a_layer_for_each_grid_set_and_format) {
    std::vector<std::string> names;
    for (const auto& layer : open_geowebcache_layers(path, [](std::string_view) {})) {
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

TEST_F(ServedGeowebcache, with_nothing_to_serve_is_refused) {
    write_file(path, "<gwcConfiguration/>");
    EXPECT_THAT([&] { open(); }, throws(Errc::not_found, HasSubstr("no layer here")));
}

}  // namespace
}  // namespace offgrid::test
