#include "pack/gdal_window.h"

#include "pack/gdal_bands.h"
#include "tests/pack/rasters.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

TEST(WindowReader, reduces_cells_that_are_larger_than_a_piece) {
    for (const auto type : {GDT_Byte, GDT_UInt16}) {
        TempFolder folder;
        Raster raster;
        raster.width = 3000;
        raster.height = 2100;
        raster.bands = 1;
        raster.type = type;
        raster.value = [](int x, int y, int) { return (x + y) % 2 * 100 + (x < 2048 ? 0 : 50); };
        SourceInfo info{.name = write_tiff(folder / "a.tif", raster),
                        .width = raster.width,
                        .height = raster.height};
        info.bands = gdal::plan_bands(*gdal::open(info.name), info.name);
        if (type != GDT_Byte) {
            info.stretch.emplace();
        }
        const std::atomic<bool> is_stopped{false};
        gdal::WindowReader reader{info, is_stopped};

        const auto cells = reader.read(0, 0, 2, 2, 11, 11);
        const auto whole = reader.read(0, 0, 1, 1, 22, 22);

        EXPECT_EQ(pixel_at(cells.pixels, 0, 0), (Pixel{50, 50, 50, 255}));
        EXPECT_EQ(pixel_at(cells.pixels, 1, 0), (Pixel{100, 100, 100, 255}));
        EXPECT_EQ(pixel_at(cells.pixels, 1, 1), (Pixel{100, 100, 100, 255}));
        EXPECT_EQ(pixel_at(whole.pixels, 0, 0)[3], 255);
    }
}

}  // namespace
}  // namespace offgrid::test
