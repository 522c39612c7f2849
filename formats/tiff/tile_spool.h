#pragma once

#include "formats/base/file_ops.h"
#include "formats/tiff/tiff_file.h"
#include "formats/tile/key.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
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

/// Tiles on the disk that come in any order and are read in theirs. The file is made with the first
/// tile and removed with the object. Owned by one thread.
class TileSpool {
public:
    TileSpool(FileOps& disk, std::filesystem::path path) : disk_{disk}, path_{std::move(path)} {}
    ~TileSpool();
    TileSpool(const TileSpool&) = delete;
    TileSpool& operator=(const TileSpool&) = delete;

    /// Append the tile; it takes the place of an older one of its key. REQUIRES: column and row
    /// below 2^32, the tile not empty and below 4 GiB.
    void put(const TileKey& key, BytesView tile, std::uint16_t kind = 0);

    void erase(const TileKey& key);

    /// Give one of the sorted tiles another content.
    void replace(SpooledTile& tile, BytesView content, std::uint16_t kind);

    /// Bring the tiles into their order, the last of each key. By zoom; zooms without are left out.
    std::map<int, SpooledTiles>& sorted();

    /// Open what was appended so far.
    RandomFile open() const;

private:
    void append(SpooledTile& tile, BytesView content);

    FileOps& disk_;
    std::filesystem::path path_;
    std::unique_ptr<OutputFile> file_;
    std::uint64_t size_ = 0;
    std::map<int, SpooledTiles> tiles_;
};

}  // namespace offgrid::tiff
