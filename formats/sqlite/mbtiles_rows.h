#pragma once

#include "formats/sqlite/cache_file.h"
#include "formats/sqlite/cache_statement.h"
#include "formats/sqlite/mbtiles_metadata.h"
#include "formats/store/tileset_slice.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace offgrid::sqlite {

/// Puts and erases tiles in the tables of an MBTiles file that is open for writing, and keeps its
/// `metadata` true, all within the transaction of the caller. File, options, slice and tileset are
/// not owned. One thread at a time.
///
/// In files of GeoWebCache, the time of a tile goes with it, and `metadata` gets what the options
/// say.
///
/// Where `map` points into `images`, an image has its column and the hash of its content for an id,
/// so that equal tiles of a column are stored once. An image that MapCache wrote for one tile (id
/// `x-y-z`) goes with that tile; others that lost a tile and have none left are removed in
/// `finish`.
class MbtilesRows {
public:
    /// Throws `corrupt` when no index finds a tile, `unsupported` for tables that are only read.
    MbtilesRows(CacheFile& file, const CacheOptions& options, const CacheSlice& slice,
                const TilesetSlice& tileset);

    void put(const TileKey& key, BytesView content);
    void erase(const TileKey& key);

    /// Remove images without a tile, and write the metadata.
    void finish();

private:
    CacheStatement& at(std::string_view sql, const TileKey& key);
    void put_row(const TileKey& key, BytesView content, std::string_view id);
    void put_image(const TileKey& key, BytesView content);
    std::optional<std::string> image_of(const TileKey& key);
    void remove_released_images();
    void release_image(const TileKey& key, const std::string& id);

    void put_time(const TileKey& key);
    void finish_dated();

    CacheFile& file_;
    const CacheOptions& options_;
    const CacheSlice& slice_;
    const TilesetSlice& tileset_;
    MbtilesLayout layout_;
    std::string update_;
    std::string insert_;
    std::string erase_;
    MbtilesPuts puts_;
    std::set<std::string> released_images_;  // by a tile; another may still show them
};

}  // namespace offgrid::sqlite
