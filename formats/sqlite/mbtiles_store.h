#pragma once

#include "formats/base/pool.h"
#include "formats/sqlite/mbtiles_schema.h"
#include "formats/sqlite/sqlite.h"
#include "formats/store/tile_store.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace offgrid::sqlite {

/// How the pages of a file that is open get to SQLite.
enum class PageAccess {
    copied,  ///< a page stays what it was when SQLite looked at it, whatever becomes of the file
    mapped,  ///< at half the cost, for files that nobody rewrites in place; without MappedFaults
             ///< as `copied`
};

/// An open MBTiles file of any layout with its statements compiled. One thread at a time; kept in
/// an MbtilesPool.
///
/// The file is opened immutable: it must not change while it is open. Rows count from the south in
/// the file and from the north here.
class MbtilesFile {
public:
    /// Throws `corrupt` when the file is not a database or holds no tiles.
    explicit MbtilesFile(const std::filesystem::path& path, std::string shown_as = {},
                         PageAccess pages = PageAccess::copied);

    std::optional<Tile> get(const Grid& grid, const TileKey& key);

    void scan(const Grid& grid, const TileRange& range, const TileReader::Visitor& visit);

    /// A row as it stands in the file, sane or not; it counts from the south. What is no integer,
    /// or NULL, is nothing.
    struct Row {
        std::optional<std::int64_t> zoom{};
        std::optional<std::int64_t> column{};
        std::optional<std::int64_t> row{};
        std::optional<BytesView> content{};  ///< valid for the call only
    };
    void visit_rows(const std::function<void(const Row& row)>& visit);

    /// Visit every tile of the file with its size, also one whose address lies outside the grid.
    /// Throws `corrupt` for a row whose address is no integer.
    void list_rows(const Grid& grid, const TileReader::SizeVisitor& visit);

    /// Visit every row of the file with zoom, column and row from the south as they stand there,
    /// sane or not. Throws `corrupt` for a row whose address is no integer or whose tile is
    /// missing.
    using RowVisitor =
        std::function<void(std::int64_t z, std::int64_t x, std::int64_t row, BytesView content)>;
    void scan_rows(const RowVisitor& visit);

    /// The table `metadata`; empty when the file has none.
    std::map<std::string, std::string> metadata();

    /// The lowest and the highest zoom of the tiles, within the grid; 0 and 0 when there are none.
    std::pair<int, int> zooms(const Grid& grid) { return zooms_of_tiles(db_, layout_, grid); }

    /// Throws `corrupt` when the file could not be served in bounded time; see `check_addresses`.
    void check_addresses() { sqlite::check_addresses(db_, layout_); }

    Db& db() { return db_; }

private:
    Db db_;
    MbtilesLayout layout_;
    Statement select_tile_;
};

/// MBTiles metadata `bounds`: "west,south,east,north" in degrees. Nothing when it says anything
/// else.
std::optional<Box> parse_bounds(std::string_view text);

/// Open MBTiles files under one cap on handles.
using MbtilesPool = Pool<MbtilesFile>;

/// How long a request waits for a handle before it is told to come back.
inline constexpr std::chrono::milliseconds handle_timeout{2'000};

/// The pool every reader of a program shares.
std::unique_ptr<MbtilesPool> make_mbtiles_pool(std::size_t capacity,
                                               PageAccess pages = PageAccess::copied);

/// One MBTiles file as a store. A row without content is no tile. The pool is not owned and
/// outlives the reader.
class MbtilesReader final : public TileReader {
public:
    MbtilesReader(const std::filesystem::path& path, const Grid& grid, MbtilesPool& pool);

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool is_unchanging() const override { return true; }
    void scan(const TileRange& range, const Visitor& visit) const override;

private:
    std::string path_;
    MbtilesPool& pool_;
    MbtilesPool::Hold hold_;
    StoreInfo info_;
};

/// Builds one MBTiles file with the schema of `mbtiles_ddl`, equal tiles stored once.
///
/// The file appears under its name only in `commit`, complete and with `metadata`; until then it is
/// `NAME.part` beside it. The same tiles put in the same order give the same bytes. The caller
/// makes it durable.
class MbtilesWriter final : public TileWriter {
public:
    /// `metadata` is written as it is, in the order of its keys. Throws `already_exists` when the
    /// file exists.
    MbtilesWriter(std::filesystem::path path, const Grid& grid,
                  std::map<std::string, std::string> metadata);
    ~MbtilesWriter() override;
    MbtilesWriter(const MbtilesWriter&) = delete;
    MbtilesWriter& operator=(const MbtilesWriter&) = delete;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

    /// As `put`, when the caller has computed `tile_id` (formats/base/hash.h) of the content
    /// already.
    void put_with_id(const TileKey& key, std::string_view tile_id, BytesView content);

    /// Add or change a row of `metadata` before `commit`.
    void set_metadata(const std::string& name, const std::string& value) {
        metadata_[name] = value;
    }

private:
    void require_valid(const TileKey& key) const;

    std::filesystem::path path_;
    std::filesystem::path part_;
    const Grid& grid_;
    std::map<std::string, std::string> metadata_;
    std::int64_t puts_ = 0;
    std::unique_ptr<Db> db_;
    std::optional<Statement> insert_image_;
    std::optional<Statement> insert_map_;
};

}  // namespace offgrid::sqlite
