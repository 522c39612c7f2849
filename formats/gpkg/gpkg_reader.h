#pragma once

#include "formats/gpkg/gpkg_file.h"
#include "formats/gpkg/matrix_set.h"
#include "formats/store/tile_store.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::gpkg {

/// The tables of tiles in a GeoPackage, sorted; empty when it has other things only. Throws
/// `corrupt` for another file, `too_large` for more than 1000 tables.
std::vector<std::string> tile_tables_of(const std::filesystem::path& path);

/// The built-in grid of which the tiles in the table are. Throws what GpkgReader does, and
/// `unsupported` when they are of none of these, saying of each why.
const Grid& grid_of(const std::filesystem::path& path, const std::string& table);

/// Reads one tile pyramid of a GeoPackage.
///
/// Its matrix set may cover a part of the grid and number its zooms otherwise, as long as its tiles
/// are those of the grid. Only base tables are read. A tile outside of the matrix that the file
/// states is not found; `files` lists it. The grid and the pool are not owned and outlive the
/// reader. Safe for concurrent use.
class GpkgReader final : public TileReader {
public:
    /// An empty name means the only table of tiles. Throws what `read_pyramid` does, `unsupported`
    /// when the tiles are not those of the grid, saying why, and `busy` while another program
    /// writes.
    GpkgReader(const std::filesystem::path& path, const std::string& table, const Grid& grid,
               GpkgPool& pool);

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool is_unchanging() const override { return true; }
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

    /// Null where the path has a brace, which would be a key in a template of names.
    const TileFiles* files() const override { return listing_ ? &*listing_ : nullptr; }

private:
    /// The one file that the tiles are in.
    class Listing final : public TileFiles {
    public:
        explicit Listing(const GpkgReader& reader) : reader_{reader}, names_{reader.path_} {}

        const PathTemplate& names() const override { return names_; }
        std::vector<std::string> list() const override { return {reader_.path_}; }
        void list_tiles(const std::string& file, const Visitor& visit) const override;

    private:
        const GpkgReader& reader_;
        PathTemplate names_;
    };

    GpkgReader(const std::filesystem::path& path, const Pyramid& pyramid, const Grid& grid,
               GpkgPool& pool);

    GpkgPool::Lease acquire() const;

    std::string path_;
    std::string table_;
    GpkgPool& pool_;
    GpkgPool::Hold hold_;
    MatrixMap map_;
    StoreInfo info_;
    std::optional<Listing> listing_;
};

}  // namespace offgrid::gpkg
