#pragma once

#include "formats/base/error.h"
#include "formats/sqlite/cache_file.h"
#include "formats/sqlite/cache_options.h"
#include "formats/sqlite/cache_schema.h"
#include "formats/sqlite/mbtiles_rows.h"
#include "formats/store/tileset_slice.h"

#include <memory>
#include <optional>
#include <string>

namespace offgrid::sqlite {

/// What the files of one CacheWriter share. Outlives them.
struct CacheWriting {
    CacheOptions options{};
    TilesetSlice slice{};
    CacheSlice statement_slice;
    CacheSql sql;
    CachePragmas pragmas;
};

/// What `commit` tells of changes that will not come about.
Error loss_of(const std::string& path, const Error& cause);

/// One file of a cache that is written in place: a transaction from commit to commit. Owned by one
/// thread.
///
/// Changes stay in memory until then: a transaction that went to the disk early would lock out the
/// readers of the file for as long as it lasts.
///
/// Some failures, such as a full disk, end the transaction with all that it holds. From then on
/// every call throws, until `commit` has told of the loss.
class CacheFileWriter {
public:
    /// Open the file, or make it. One of another schema is left as it is, and one that could not be
    /// made is not left behind.
    CacheFileWriter(std::string path, const CacheWriting& writing);

    void put(const TileKey& key, BytesView content);
    void erase(const TileKey& key);
    void commit();

    /// Whether a commit has anything to do or to tell.
    bool has_changes() const { return holds_changes_ || loss_ || file_->db().is_in_transaction(); }

private:
    void open();
    void prepare_tables(CacheFile& file) const;
    void begin();
    bool is_one_of_many() const;
    template <typename Action>
    void change(const Action& action);

    std::string path_;
    const CacheWriting& writing_;
    std::unique_ptr<CacheFile> file_;
    std::unique_ptr<MbtilesRows> mbtiles_;  // of an MBTiles file without statements of the operator
    bool holds_changes_ = false;
    std::optional<Error> loss_;
};

}  // namespace offgrid::sqlite
