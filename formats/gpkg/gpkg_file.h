#pragma once

#include "formats/base/pool.h"
#include "formats/gpkg/gpkg_schema.h"
#include "formats/sqlite/sqlite.h"
#include "formats/store/tile_store.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace offgrid::gpkg {

/// One table of tiles with its statements compiled. Lives within its GpkgFile. One thread at a
/// time. A row without content is no tile.
class TileTable {
public:
    TileTable(sqlite::Db& db, const std::string& table);

    std::optional<Tile> get(const Address& address);
    bool has(const Address& address);

    using Visitor = std::function<void(const Address& address, BytesView content)>;
    using SizeVisitor = std::function<void(const Address& address, std::uint64_t bytes)>;

    /// Visit the tiles of a zoom with columns and rows from `first` to `last`, both included.
    /// Throws `corrupt` for a row whose address is no integer, here and below.
    void scan(const Address& first, const Address& last, const Visitor& visit);

    /// The same without their content.
    void list(const Address& first, const Address& last, const SizeVisitor& visit);

    /// Visit all tiles of the table.
    void list_all(const SizeVisitor& visit);

private:
    sqlite::Statement select(std::string_view columns, const Address& first, const Address& last);
    Address address_in(const sqlite::Statement& row) const;

    sqlite::Db& db_;
    std::string table_;  // quoted
    sqlite::Statement select_tile_;
    sqlite::Statement select_size_;
};

/// An open GeoPackage. One thread at a time; kept in a GpkgPool.
///
/// The file is opened immutable: it must not change while it is open. It may come from anywhere:
/// triggers and virtual tables, which GeoPackages of others have for their features, never run.
class GpkgFile {
public:
    /// Throws `busy` when another program's changes are not in the file yet, but in a journal
    /// beside it.
    explicit GpkgFile(const std::filesystem::path& path);

    sqlite::Db& db() { return db_; }

    /// REQUIRES: a table of tiles, checked by `read_pyramid`.
    TileTable& tiles_in(const std::string& table);

private:
    sqlite::Db db_;
    std::map<std::string, TileTable> tables_;
};

/// Open GeoPackages under one cap on handles.
using GpkgPool = Pool<GpkgFile>;

std::unique_ptr<GpkgPool> make_gpkg_pool(std::size_t capacity);

}  // namespace offgrid::gpkg
