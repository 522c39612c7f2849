#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/part_file.h"
#include "formats/gpkg/matrix_set.h"
#include "formats/gpkg/spatial_reference.h"
#include "formats/sqlite/sqlite.h"
#include "formats/store/tile_store.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace offgrid::gpkg {

/// A name for a table of tiles made of a file's: its letters, digits and underscores in lower case,
/// as 12-128r17, clause 1, advises.
std::string table_name_of(const std::filesystem::path& path);

/// Builds one GeoPackage with one tile pyramid.
///
/// The file appears under its name only in `commit`, complete and durable; until then it is
/// `NAME.RANDOM.part` beside it, so that others who write to the same name are not disturbed. It is
/// built once: after `commit` nothing more can be put. The same tiles put in the same order give
/// the same bytes, for the time of the last change is not that of the
/// clock. Tiles are PNG, JPEG or WebP, in any mixture. Grid and file operations are not owned and
/// outlive the writer.
class GpkgWriter final : public TileWriter {
public:
    /// `info` tells grid, name, description, bounds, and the zooms that may be put: each gets its
    /// tile matrix. An empty table name means one made of the file's.
    ///
    /// Throws `already_exists` when the file exists; `invalid_argument` for a table name that none
    /// may have; `unsupported` for a grid whose reference system or matrices GeoPackage cannot
    /// have here (`reference_of`, `matrix_set_of`).
    GpkgWriter(std::filesystem::path path, StoreInfo info, std::string table = {},
               FileOps& files = posix_file_ops());
    ~GpkgWriter() override;
    GpkgWriter(const GpkgWriter&) = delete;
    GpkgWriter& operator=(const GpkgWriter&) = delete;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;

    /// Throws `already_exists` when another has made the file meanwhile, which is left alone. After
    /// a failure all is lost.
    void commit() override;

private:
    Address address_of(const TileKey& key) const;
    void require_open() const;
    std::optional<Box> content_box() const;
    void write_references();
    void write_contents();
    void write_matrices();
    void write_extensions();

    std::filesystem::path path_;
    StoreInfo info_;
    std::string table_;
    FileOps& files_;
    const SpatialReference& reference_;
    MatrixSet set_;
    MatrixMap map_;
    PartFile part_;
    bool has_webp_ = false;
    std::unique_ptr<sqlite::Db> db_;  // null: it is finished
    std::optional<sqlite::Statement> insert_;
};

}  // namespace offgrid::gpkg
