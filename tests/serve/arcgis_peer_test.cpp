// GDAL, a program of other people, opens what the interface of ArcGIS describes.

#include "formats/sqlite/mbtiles_store.h"
#include "serve/http_server.h"
#include "serve/open_layers.h"
#include "serve/router.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <string>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

/// A layer made by GDAL, behind a server, and a client that is GDAL as well.
struct ArcgisPeer : testing::Test {
    void SetUp() override {
        const auto found = shared_data("derived/bahamas_png.mbtiles");
        if (!found) {
            GTEST_SKIP() << "the data set is not here";
        }
        file = *found;
        const ServedPaths served{{file}, *pool, [](std::string_view) {}};
        layers.swap(served.layers());
        server.emplace(
            HttpServerOptions{.listen = "127.0.0.1:0"},
            [this](const Request& request) { return router.answer(request); },
            [](std::string_view) {});
    }

    /// The pixels of a window of the source, red, green and blue in turn.
    std::string pixels_of(const std::string& source, int column, int row) {
        const auto out = (folder / "out.raw").string();
        fs::remove(out);
        const auto result = run(
            {"gdal_translate", "-q", "-of", "ENVI", "-co", "INTERLEAVE=BIP", "-b", "1", "-b", "2",
             "-b", "3", "-srcwin", std::to_string(column), std::to_string(row), "300", "300",
             source, out},
            {.input = {}, .cwd = folder.path(), .environment = {{"GDAL_ENABLE_WMS_CACHE", "NO"}}});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        std::ifstream in{out, std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }

    fs::path file;
    TempFolder folder;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(8);
    Live<LayerSet> layers{std::make_unique<const LayerSet>(std::vector<Layer>{})};
    Router router{layers, [](std::string_view) {}};
    std::optional<HttpServer> server;
};

TEST_F(ArcgisPeer, shows_gdal_the_pixels_that_the_file_has) {
    const auto service = fmt::format(
        "{}/arcgis/rest/services/bahamas_png/MapServer?f=json&pretty=true", server->url());

    // The file begins at this pixel of the world at zoom 8.
    constexpr int west = 18'394;
    constexpr int north = 27'954;
    const auto expected = pixels_of(file.string(), 46, 36);

    ASSERT_EQ(expected.size(), 300U * 300 * 3);
    EXPECT_TRUE(pixels_of(service, west + 46, north + 36) == expected) << "not the same pixels";
}

}  // namespace
}  // namespace offgrid::test
