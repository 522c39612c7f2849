#include "pack/estimate.h"

#include "tests/pack/rasters.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <map>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

PackEstimate estimate_quietly(const PackOptions& options) {
    const std::atomic<bool> is_stopped{false};
    return estimate(options, {.files = posix_file_ops(), .is_stopped = is_stopped});
}

/// The bytes and tiles of a package by zoom.
std::map<int, ZoomEstimate> packed(const PackOptions& options, const Box& box) {
    pack_quietly(options);
    const PackedTiles package{options.output};
    const auto& grid = Grid::google_maps_compatible();
    std::map<int, ZoomEstimate> zooms;
    for (int zoom = 0; zoom <= options.zooms->second; ++zoom) {
        const auto range = grid.range_of(zoom, box);
        for (auto y = range.min_y; y < range.max_y; ++y) {
            for (auto x = range.min_x; x < range.max_x; ++x) {
                if (const auto tile = package.get({zoom, x, y})) {
                    ++zooms[zoom].tiles;
                    zooms[zoom].bytes += tile->content.size();
                }
            }
        }
    }
    return zooms;
}

class Estimates : public testing::Test {
protected:
    /// Noise that grows to the east, and nothing in the north-west.
    std::string write(const std::string& name, const TileRange& tiles) const {
        auto raster = raster_on(tiles);
        raster.bands = 4;
        raster.has_alpha = true;
        const int width = raster.width;
        const int height = raster.height;
        raster.value = [=](int x, int y, int band) {
            if (band == 4) {
                return x < width / 3 && y < height / 2 ? 0 : 255;
            }
            const auto noise = (static_cast<unsigned>(x) * 2654435761U ^
                                static_cast<unsigned>(y) * 40503U ^ static_cast<unsigned>(band)) >>
                               16;
            return static_cast<int>(noise % static_cast<unsigned>(1 + 200 * x / width)) + 20;
        };
        return write_tiff(folder_ / name, raster);
    }

    TempFolder folder_;
};

TEST_F(Estimates, are_exact_for_a_small_pack) {
    const TileRange tiles{8, 128, 124, 140, 134};
    const PackOptions options{
        .sources = {write("a.tif", tiles)}, .output = folder_ / "out", .zooms = std::pair{0, 8}};

    const auto estimated = estimate_quietly(options);

    EXPECT_FALSE(std::filesystem::exists(options.output));
    const auto truth = packed(options, Grid::google_maps_compatible().box_of(tiles));
    ASSERT_EQ(estimated.zooms.size(), truth.size());
    for (const auto& zoom : estimated.zooms) {
        EXPECT_EQ(zoom.tiles, truth.at(zoom.zoom).tiles) << zoom.zoom;
        EXPECT_EQ(zoom.bytes, truth.at(zoom.zoom).bytes) << zoom.zoom;
    }
}

// With a top tile for each four tiles there are many blocks in a raster that is soon packed.
TEST_F(Estimates, of_a_large_pack_are_true_within_15_percent) {
    const TileRange tiles{9, 256, 240, 292, 272};
    const PackOptions options{.sources = {write("a.tif", tiles)},
                              .output = folder_ / "out",
                              .zooms = std::pair{0, 9},
                              .top = 8,
                              .encoding = Encoding::jpeg};

    const auto estimated = estimate_quietly(options);

    EXPECT_LT(estimated.sampled, estimated.blocks);
    const auto truth = packed(options, Grid::google_maps_compatible().box_of(tiles));
    ZoomEstimate all;
    for (const auto& [zoom, made] : truth) {
        all.tiles += made.tiles;
        all.bytes += made.bytes;
    }
    const auto total = estimated.total();
    EXPECT_NEAR(static_cast<double>(total.tiles) / static_cast<double>(all.tiles), 1, 0.15);
    EXPECT_NEAR(static_cast<double>(total.bytes) / static_cast<double>(all.bytes), 1, 0.15);
    const auto& deepest = estimated.zooms.back();
    EXPECT_EQ(deepest.zoom, 9);
    EXPECT_NEAR(static_cast<double>(deepest.bytes) / static_cast<double>(truth.at(9).bytes), 1,
                0.15);
}

TEST_F(Estimates, are_given_by_a_verb_and_by_a_dry_run) {
    const auto source = write("a.tif", {6, 32, 30, 34, 32});
    const std::vector<std::vector<std::string>> commands{
        {"estimate", source, "--json"},
        {"pack", source, "-o", folder_ / "out", "--dry-run", "--json"}};
    for (auto command : commands) {
        command.insert(command.begin(), program("offgrid-pack"));
        const auto result = run(command);

        ASSERT_EQ(result.exit_code, 0) << result.err;
        const auto json = nlohmann::json::parse(result.out);
        EXPECT_EQ(json.at("zooms").size(), 7U);
        EXPECT_GT(json.at("bytes").get<std::int64_t>(), 1000);
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
    const auto text = run({program("offgrid-pack"), "estimate", source});
    EXPECT_THAT(text.out, HasSubstr("on this machine"));
}

}  // namespace
}  // namespace offgrid::test
