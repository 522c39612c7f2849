#pragma once

#include "formats/base/file_ops.h"
#include "formats/tiff/tiff_file.h"
#include "formats/tile/key.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace offgrid::tiff {

/// A tile that waits for its file: 24 bytes of memory. A value.
struct SpooledTile {
    std::uint32_t y = 0;
    std::uint32_t x = 0;
    std::uint64_t offset = 0;
    std::uint32_t size = 0;  ///< 0: erased
    std::uint16_t kind = 0;  ///< what the owner of the spool notes

    Extent extent() const { return {offset, size}; }
};

/// The tiles of one zoom, row by row from the north.
using SpooledTiles = std::vector<SpooledTile>;

/// Tiles on the disk that come in any order and are read in theirs. They are in a file without a
/// name, made with the first tile, that is gone with the object or its process. Owned by one
/// thread.
class TileSpool {
public:
    /// The file is in the folder of `beside`, which is made if need be.
    TileSpool(FileOps& disk, std::filesystem::path beside)
        : disk_{disk}, beside_{std::move(beside)} {}

    /// Append the tile; it takes the place of an older one of its key. REQUIRES: column and row
    /// below 2^32, the tile not empty and below 4 GiB.
    void put(const TileKey& key, BytesView tile, std::uint16_t kind = 0);

    void erase(const TileKey& key);

    /// Give one of the sorted tiles another content.
    void replace(SpooledTile& tile, BytesView content, std::uint16_t kind);

    /// Bring the tiles into their order, the last of each key. By zoom; zooms without are left out.
    std::map<int, SpooledTiles>& sorted();

    /// What was put so far. Valid as long as this spool. REQUIRES: something was put.
    const RandomFile& file() const { return *file_; }

private:
    void append(SpooledTile& tile, BytesView content);
    RandomFile create_nameless() const;

    FileOps& disk_;
    std::filesystem::path beside_;
    std::optional<RandomFile> file_;
    std::uint64_t size_ = 0;
    std::map<int, SpooledTiles> tiles_;
};

}  // namespace offgrid::tiff
