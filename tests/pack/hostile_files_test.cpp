#include "tests/pack/rasters.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

/// The file with a place on the Earth, so that its pixels are really read; itself where GDAL does
/// not open it.
std::string placed(const TempFolder& folder, const std::string& file) {
    const auto name = (folder / "placed.vrt").string();
    const auto result = run({"timeout", "60", "gdal_translate", "-q", "-of", "VRT", "-a_srs",
                             "EPSG:3857", "-a_ullr", "0", "100000", "100000", "0", file, name});
    return result.exit_code == 0 ? name : file;
}

void expect_every_tile_decodes(const std::filesystem::path& package) {
    const PackedTiles tiles{package};
    for (int z = 0; z <= 4; ++z) {
        for (std::int64_t i = 0; i < 1LL << (2 * z); ++i) {
            const TileKey key{z, i >> z, i & ((1LL << z) - 1)};
            if (tiles.get(key)) {
                EXPECT_EQ(tiles.image(key).width, 256);
            }
        }
    }
}

TEST(HostileFiles, end_in_a_message_or_a_package_and_leave_nothing_else) {
    int files = 0;
    int packed = 0;
    for (const char* const kind : {"bad/tiff", "bad/jp2", "bad/jpeg", "bad/png"}) {
        for (const auto& file : shared_files(kind)) {
            ++files;
            TempFolder folder;
            TempFolder place;

            const auto result =
                run({"timeout", "60", program("offgrid-pack"), "pack", placed(place, file.string()),
                     "-o", (folder / "out").string(), "--zoom", "0-4", "--quiet"});

            const auto names = names_below(folder.path());
            if (result.exit_code == 0) {
                ++packed;
                expect_every_tile_decodes(folder / "out");
            } else {
                EXPECT_EQ(result.exit_code, 1) << file << "\n" << result.err;
                EXPECT_THAT(result.err, testing::StartsWith("offgrid-pack: ")) << file;
                EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << file << "\n" << result.err;
                EXPECT_THAT(names, testing::IsEmpty()) << file;
            }
        }
    }
    std::printf("%d hostile files, %d of them packed\n", files, packed);
}

}  // namespace
}  // namespace offgrid::test
