#pragma once

#include "formats/disk/disk_options.h"
#include "formats/disk/disk_paths.h"
#include "formats/disk/tile_file.h"
#include "formats/store/locker.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <optional>
#include <string>

namespace offgrid {

/// Reads a folder of tiles. Links are followed; one that leads nowhere and an empty file are absent
/// (MapCache empties a file before it writes it); a folder that is not there holds no tiles. What
/// stands in a tile's place and is no file is `corrupt`. A tile was modified when its file was, of
/// a link the file that it leads to.
///
/// Failures name the cache; what a scan's visitor throws passes as it is.
///
/// `scan` looks only into folders that can hold tiles of the range, and goes through each from the
/// west, then from the north. Immutable; safe for concurrent use; opens nothing before it is asked.
class DiskReader final : public TileReader {
public:
    /// Throws `invalid_argument` when the options name no folder, or give two tiles one file.
    DiskReader(const DiskOptions& options, TilesetSlice slice);

    const StoreInfo& info() const override { return slice_.info; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

private:
    std::string name_;
    TilesetSlice slice_;
    DiskPaths paths_;
};

/// Writes a folder of tiles: each through a temporary file beside it (`.offgrid-…`) and a rename,
/// so a reader never sees a part of one, and a full disk leaves the older tile. Tiles are visible
/// at once; after a power cut those since the last commit may be lost or empty.
///
/// Where blank tiles are links, the file of a colour is the first tile of that colour that was put;
/// links are relative, so the folder may be copied elsewhere. Tiles must then be whole images: a
/// damaged one is refused as `corrupt`. A blank tile that is left out takes the older one along.
///
/// The locker is not owned and outlives the writer. Owned by one thread; several writers, also of
/// other processes, may write one folder.
class DiskWriter final : public TileWriter {
public:
    /// Throws as DiskReader does.
    DiskWriter(const DiskOptions& options, TilesetSlice slice, Locker& locker);

    /// Throws `invalid_argument` for a tile outside the grid or without content, `no_space` on a
    /// full disk.
    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;

    /// Make everything durable that was put and erased: one syncfs(2) for all of it, which also
    /// waits for what other programs wrote to the same file system.
    void commit() override;

private:
    std::string checked_path(const TileKey& key) const;
    void write(const std::string& path, BytesView content);
    void sync();
    void remove(const std::string& path);
    void put_link(const std::string& path, const BlankColour& colour, BytesView content);

    DiskOptions options_;
    TilesetSlice slice_;
    DiskPaths paths_;
    Locker& locker_;
    FilePublisher publisher_;
    bool has_changes_ = false;
};

}  // namespace offgrid
