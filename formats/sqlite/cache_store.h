#pragma once

#include "formats/sqlite/cache_file_writer.h"
#include "formats/sqlite/cache_files.h"
#include "formats/sqlite/cache_options.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace offgrid::sqlite {

std::unique_ptr<CacheFilePool> make_cache_file_pool(std::size_t capacity);

/// Reads a cache in SQLite files that other programs may write meanwhile: with locks, never
/// creating or changing a file. A file that is not there, or has no bytes yet, holds no tiles; one
/// that is replaced by a rename is opened anew. A row without content is no tile.
///
/// The tables of a file are recognised, and our own statements run on them, never its views; the
/// statements of the operator run as they are. A blank mark of five bytes is given back as an
/// image.
///
/// A tile that MapCache's 32-bit arithmetic put into the wrong file of a deep top is found there
/// when the right one does not have it. Others in wrong files are seen by `files` only.
///
/// A scan visits the files in the order of their names, each in the order of its index, and holds
/// no lock while a tile is visited (CacheScan); it waits for those of others as long as a writer.
/// With a statement of the operator for `get` or `set` it throws `unsupported`.
///
/// Pragmas that only concern a connection are set where tiles are read: `cache_size`, `mmap_size`,
/// `temp_store` and `busy_timeout`.
///
/// Throws `busy` when a file stays locked, `corrupt` for a database of another schema, naming the
/// cache. The pool is not owned and outlives the reader. Safe for concurrent use.
class CacheReader final : public TileReader {
public:
    /// Throws `invalid_argument` for a template or a pragma that is none.
    CacheReader(const CacheOptions& options, TilesetSlice slice, CacheFilePool& pool);

    const StoreInfo& info() const override { return files_.info(); }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    bool can_scan() const override { return files_.can_scan(); }
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    const TileFiles* files() const override { return can_scan() ? &files_ : nullptr; }

private:
    const Grid& grid() const { return *files_.info().grid; }
    template <typename Answer, typename Look>
    Answer look_up(const TileKey& key, const Look& look) const;
    bool may_wrap(int z) const;
    bool belongs(const TileKey& key, const std::string& file) const;
    void visit_range(const TileRange& wanted, CacheScanQuery query,
                     const CacheFiles::RowVisitor& visit) const;

    CacheFiles files_;
    PathValues values_;
    std::optional<PathTemplate> wrapped_;
};

/// Writes a cache in SQLite files in place, as other programs read it: one transaction for each
/// file from commit to commit. A file that is not there is made, with the folders above it.
///
/// At most 384 files are open: when one more is needed, the one that was used longest ago is
/// committed early and closed. All are committed early when 32 MiB have come together. A file that
/// cannot take a tile keeps what was put before; should SQLite give up its transaction (a full
/// disk), or an early commit fail for good, the next `commit` throws, for what was put is lost.
///
/// MBTiles files get `metadata`, kept true at each commit; equal tiles of a column are stored once
/// where the tables provide for it, and an image that no tile shows any more is removed.
///
/// Throws `busy` when a file stays locked, `corrupt` for a database of another schema, which is
/// left as it is, naming the cache.
class CacheWriter final : public TileWriter {
public:
    /// Throws `invalid_argument` for a template or a pragma that is none, and for MBTiles with a
    /// statement for `set` and none for `delete`; `unsupported` for a pragma that would take the
    /// safety from a file: `journal_mode` OFF and `writable_schema`.
    CacheWriter(const CacheOptions& options, TilesetSlice slice);

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    using Files = std::list<std::pair<std::string, CacheFileWriter>>;  // last used last

    struct Failure {
        const CacheFileWriter* file;
        Error error;
    };

    const Grid& grid() const { return *writing_.slice.info.grid; }
    template <typename Action>
    void in_cache(const Action& action) const;
    std::string path_of(const TileKey& key) const;
    void require_valid(const TileKey& key) const;
    void put_bytes(const TileKey& key, BytesView content);
    CacheFileWriter& file_named(const std::string& path);
    void close_oldest();
    std::vector<Failure> commit_files();
    void keep(const Error& loss);

    CacheWriting writing_;
    PathTemplate names_;
    Files files_;
    std::unordered_map<std::string, Files::iterator> by_path_;
    std::uint64_t uncommitted_bytes_ = 0;
    std::optional<Error> loss_;  // of an early commit; for the next one to tell
};

}  // namespace offgrid::sqlite
