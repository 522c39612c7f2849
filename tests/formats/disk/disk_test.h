#pragma once

#include "formats/disk/disk_store.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::test {

/// Excludes nobody and remembers what it was asked for.
class Lockers final : public Locker {
public:
    std::unique_ptr<Lock> lock(std::string_view resource) override {
        struct Held final : Lock {};
        asked.emplace_back(resource);
        return std::make_unique<Held>();
    }

    std::vector<std::string> asked;
};

inline TilesetSlice slice_of(std::vector<std::pair<std::string, std::string>> dimensions = {}) {
    TilesetSlice slice;
    slice.values = {.tileset = "t", .extension = "png", .dimensions = std::move(dimensions)};
    return slice;
}

/// A folder of tiles of the slice, in any layout.
class DiskTest : public testing::Test {
protected:
    DiskOptions in(DiskLayout layout) const { return {.layout = layout, .base = folder_.path()}; }

    DiskOptions linking(DiskLayout layout = DiskLayout::tilecache) const {
        auto options = in(layout);
        options.symlinks_blank = true;
        return options;
    }

    void put(const DiskOptions& options, const TileKey& key, BytesView content,
             const TilesetSlice& slice = slice_of()) {
        DiskWriter{options, slice, locker_}.put(key, content);
    }

    /// Path of the tile 0/0/0.
    std::string first_tile(const DiskOptions& options,
                           const TilesetSlice& slice = slice_of()) const {
        return DiskPaths{options, slice}.path_of({0, 0, 0});
    }

    std::vector<TileKey> listed(const DiskOptions& options, const TileRange& range) const {
        std::vector<TileKey> keys;
        DiskReader{options, slice_of()}.list(
            range, [&](const TileKey& key, std::uint64_t) { keys.push_back(key); });
        return keys;
    }

    TempFolder folder_;
    Lockers locker_;
};

}  // namespace offgrid::test
