#pragma once

#include "formats/store/locker.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"
#include "formats/tile/path_template.h"

#include <filesystem>
#include <optional>
#include <string>

namespace offgrid {

/// How a folder of tiles names them.
enum class DiskLayout {
    tilecache,   ///< BASE/TILESET/GRID[/DIM…]/ZZ/xxx/xxx/xxx/yyy/yyy/yyy.EXT (MapCache's default)
    arcgis,      ///< BASE/TILESET/GRID[/DIM…]/LZZ/Ryyyyyyyy/Cxxxxxxxx.EXT, lower-case hexadecimal
    worldwind,   ///< BASE/Z/yyyy/yyyy_xxxx.EXT: no tileset, grid or dimension
    by_template  ///< as a PathTemplate says
};

/// A folder of tiles, one file each (MapCache `disk`).
struct DiskOptions {
    DiskLayout layout = DiskLayout::tilecache;
    std::filesystem::path base{};   ///< of all layouts but `by_template`
    std::string path_template{};    ///< of `by_template`
    bool symlinks_blank = false;    ///< a tile of one colour is a link to one file for that colour
    bool leaves_out_blank = false;  ///< a fully transparent tile is not stored
    int creation_retry = 0;         ///< how often a file is tried again after its folder vanished
};

/// Reads a folder of tiles. Links are followed; one that leads nowhere and an empty file are
/// absent. Immutable; safe for concurrent use.
class DiskReader final : public TileReader {
public:
    DiskReader(const DiskOptions& options, TilesetSlice slice);

    const StoreInfo& info() const override { return slice_.info; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

private:
    TilesetSlice slice_;
};

/// Writes a folder of tiles: each through a temporary file beside it and a rename, so a reader
/// never sees a part of one. The locker is not owned and outlives the writer.
class DiskWriter final : public TileWriter {
public:
    DiskWriter(const DiskOptions& options, TilesetSlice slice, Locker& locker);

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    TilesetSlice slice_;
    Locker& locker_;
};

}  // namespace offgrid
