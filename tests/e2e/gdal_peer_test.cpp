// GDAL opens each file of a package by itself, as QGIS would, and sees where it lies.

#include "tests/e2e/sample_package.h"
#include "tests/support/process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace offgrid {
namespace {

using test::run;
using test::SamplePackage;
using testing::HasSubstr;

nlohmann::json gdalinfo(const std::filesystem::path& file) {
    const auto said = run({"gdalinfo", "-json", file.string()});
    EXPECT_EQ(said.exit_code, 0) << file << ": " << said.err;
    return nlohmann::json::parse(said.out, nullptr, false);
}

/// The number of pixels that the tiles of the file's deepest zoom have together, one way; the
/// sample covers every tile.
std::int64_t pixels_of(const PackageFile& file, const Pyramids& pyramids) {
    const auto levels = file.max_zoom - pyramids.options.top;
    return 256 * (std::int64_t{1} << levels);
}

TEST(GdalPeer, opens_each_file_with_its_size_and_crs) {
    const SamplePackage package;
    const auto& manifest = package.manifest();
    ASSERT_GT(manifest.files.size(), 1U);
    for (const auto& file : manifest.files) {
        const auto info = gdalinfo(package.path() / file.name);
        const auto side = pixels_of(file, *manifest.pyramids_of(file.max_zoom));
        EXPECT_EQ(info["size"], (nlohmann::json{side, side})) << file.name;
        EXPECT_THAT(info["coordinateSystem"]["wkt"].get<std::string>(),
                    HasSubstr("ID[\"EPSG\",3857]"))
            << file.name;
        EXPECT_EQ(info["driverShortName"], "MBTiles") << file.name;
    }
}

TEST(GdalPeer, sees_each_top_file_where_its_tile_lies) {
    const SamplePackage package;
    const auto& manifest = package.manifest();
    const auto& grid = *manifest.grid;
    const auto& pyramids = manifest.pyramids.back();
    const auto top = pyramids.options.top;
    const PathTemplate names{pyramids.names, pyramids.options};
    for (std::int64_t x = 0; x < grid.matrix_width(top); ++x) {
        const TileKey key{top, x, x % grid.matrix_height(top)};
        const auto name =
            names.render(grid, key, {.tileset = manifest.layer, .extension = {}, .dimensions = {}});
        const auto corners = gdalinfo(package.path() / name)["cornerCoordinates"];
        const auto box = grid.box_of(key);
        EXPECT_NEAR(corners["upperLeft"][0].get<double>(), box.min_x, 0.1) << name;
        EXPECT_NEAR(corners["upperLeft"][1].get<double>(), box.max_y, 0.1) << name;
        EXPECT_NEAR(corners["lowerRight"][0].get<double>(), box.max_x, 0.1) << name;
        EXPECT_NEAR(corners["lowerRight"][1].get<double>(), box.min_y, 0.1) << name;
    }
}

}  // namespace
}  // namespace offgrid
