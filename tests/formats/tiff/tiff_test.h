#pragma once

#include "formats/tiff/tiff_store.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace offgrid::test {

inline const Grid& mercator() {
    return Grid::google_maps_compatible();
}

inline TiffOptions options_in(const TempFolder& folder, std::int64_t count = 10) {
    return {.name = "pictures",
            .file = (folder / "{z}/{x}-{y}.tif").string(),
            .path = {.xcount = count, .ycount = count, .counts_inv_x_in_rows = true}};
}

inline TilesetSlice slice_of(const Grid& grid) {
    return {.info = {.grid = &grid, .max_zoom = grid.levels() - 1}};
}

/// A cache in a folder of its own.
class TiffTest : public testing::Test {
protected:
    TiffWriter writer(const Grid& grid = mercator()) {
        return TiffWriter{options_, slice_of(grid), locker_};
    }
    TiffReader reader(const Grid& grid = mercator()) {
        return TiffReader{options_, slice_of(grid)};
    }
    void store(const TileKey& key, BytesView tile, const Grid& grid = mercator()) {
        auto writing = writer(grid);
        writing.put(key, tile);
        writing.commit();
    }

    TempFolder folder_;
    TiffOptions options_ = options_in(folder_);
    FileLocker locker_{{.folder = folder_.path()}};
};

}  // namespace offgrid::test
