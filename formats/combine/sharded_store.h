#pragma once

#include "formats/sqlite/mbtiles_store.h"
#include "formats/store/tile_store.h"
#include "formats/tile/path_template.h"

#include <string>
#include <unordered_map>
#include <vector>

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
    const TileFiles* files() const override { return &listing_; }

private:
    /// The files by their logical names; one that is not there is not listed.
    class Listing final : public TileFiles {
    public:
        explicit Listing(const ShardedReader& reader) : reader_{reader} {}

        const PathTemplate& names() const override { return reader_.names_; }
        PathValues values() const override { return reader_.values_; }
        std::vector<std::string> list() const override;
        void list_tiles(const std::string& file, const Visitor& visit) const override;

    private:
        const ShardedReader& reader_;
    };

    StoreInfo info_;
    PathTemplate names_;
    PathValues values_;
    Files files_;
    sqlite::MbtilesPool& pool_;
    sqlite::MbtilesPool::Hold hold_;
    Listing listing_{*this};
};

}  // namespace offgrid
