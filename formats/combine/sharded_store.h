#pragma once

#include "formats/sqlite/mbtiles_store.h"
#include "formats/store/tile_store.h"
#include "formats/tile/path_template.h"

#include <string>
#include <unordered_map>

namespace offgrid {

/// MBTiles files that share the tiles of one layer, each named by a template of the tiles it holds:
/// z-top pyramids, GeoWebCache's blocks, or a single file. A partial package has only some of the
/// files; tiles of the others are absent.
///
/// The pool is not owned and outlives the reader.
class ShardedReader final : public TileReader {
public:
    /// Logical file name, as the template renders it, to the file that holds it.
    using Files = std::unordered_map<std::string, std::string>;

    ShardedReader(StoreInfo info, PathTemplate names, PathValues values, Files files,
                  sqlite::MbtilesPool& pool);

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;

private:
    StoreInfo info_;
    PathTemplate names_;
    PathValues values_;
    Files files_;
    sqlite::MbtilesPool& pool_;
    sqlite::MbtilesPool::Hold hold_;
};

}  // namespace offgrid
