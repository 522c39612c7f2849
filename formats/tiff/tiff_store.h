#pragma once

#include "formats/base/file_ops.h"
#include "formats/store/locker.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"
#include "formats/tiff/file_changes.h"
#include "formats/tiff/tiff_files.h"
#include "formats/tiff/tiff_options.h"
#include "formats/tiff/tiff_update.h"
#include "formats/tiff/tile_fitter.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace offgrid {

/// Reads the JPEG tiles of TIFF files as they are stored: one that has its own tables byte for
/// byte, any other completed by the tables that the file keeps apart (TIFF Technical Note 2,
/// "JPEGTables"), with the same bytes as MapCache. RGB tiles get the Adobe marker that MapCache
/// leaves out. Classic TIFF and BigTIFF, either byte order, one or three samples; overviews and
/// masks are passed over.
///
/// A missing file and a sparse tile are absent. Throws `corrupt` for a file that ends early,
/// `unsupported` for one that is not tiled JPEG of the right shape. A file that changes is seen as
/// it was at its last commit. For a grid with the origin at the top left the rows count from the
/// north, as GDAL shows them; in files that MapCache began they are reversed, which their tie point
/// tells (a file without one counts as right). Keeps 16 files open, apart from any other limit of
/// the program. Safe for concurrent use.
class TiffReader final : public TileReader {
public:
    TiffReader(const TiffOptions& options, TilesetSlice slice);

    const StoreInfo& info() const override { return slice_.info; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    const TileFiles* files() const override { return &files_; }

private:
    template <typename Use>
    auto find(const TileKey& key, const Use& use) const;
    Bytes content(const TileKey& key, const tiff::TiffFiles::Found& found) const;

    std::string cache_;
    TilesetSlice slice_;
    tiff::TiffFiles files_;
    mutable tiff::TiffFileCache open_files_;
};

/// Writes TIFF files that GDAL and QGIS place right: SRS, pixel scale and tie point, rows from the
/// north for either origin of the grid; BigTIFF where the pixels of a file pass 4 GiB. Adds to
/// files of other programs in their byte order, keeping their other tags and images.
///
/// A baseline JPEG of the file's sampling and colour space is copied byte for byte; a new file
/// takes the sampling of its first tile. Other tiles are encoded anew, transparent ones on white;
/// one of another size than the grid's is refused. Equal tiles that are there already are not
/// written.
///
/// Each file is published by itself, at once and whole; readers wait for nothing. What was replaced
/// or given up stays there as a hole: a file grows with each new version of its tiles. The lock on
/// a file's name is held while it is written to, not between `put` and `commit`.
///
/// Beyond 32 MiB tiles go to the end of their files ahead of the commit, where nobody sees them. A
/// file that cannot be written to then takes no more tiles until the commit: `put` refuses them at
/// once with the first failure, the other files go on. What such files were to get stays in memory
/// for the commit, up to another 32 MiB; beyond that it is lost.
///
/// Owned by one thread. The locker and `disk`, the door to it for what must survive a power cut,
/// are not owned and outlive the writer.
class TiffWriter final : public TileWriter {
public:
    TiffWriter(const TiffOptions& options, TilesetSlice slice, Locker& locker,
               FileOps& disk = posix_file_ops());

    /// Throws `invalid_argument` for a tile that the grid or the cache has no place for, and for a
    /// cache with more than 2^20 tiles a file, whose places would all be rewritten at each commit.
    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;

    /// When some files fail, the others are published, and what was put into these is lost, which
    /// the failure says once: their older tiles stay.
    void commit() override;

private:
    enum class Publish { no, yes };

    tiff::FileChanges& changes_of(const TileKey& key, const tiff::Place& place);
    tiff::ImageLayout new_layout(int z, BytesView first_tile) const;
    void store(tiff::FileChanges& changes, const TileKey& key, tiff::Change change);
    void count_out(tiff::FileChanges& changes, std::size_t bytes);
    void write_ahead();
    void keep_failure(tiff::FileChanges& changes, const Error& failure);
    void write(const std::string& path, tiff::FileChanges& changes, Publish publish);
    void append_waiting(const tiff::TiffFile& file, tiff::TiffUpdate& update,
                        tiff::FileChanges& changes);
    void create(const std::string& path, const TileKey& key, const tiff::ImageLayout& layout) const;

    TiffOptions options_;
    TilesetSlice slice_;
    tiff::TilePlaces places_;
    tiff::TileFitter fitter_;
    Locker& locker_;
    FileOps& disk_;
    std::map<std::string, tiff::FileChanges> files_;
    std::size_t waiting_bytes_ = 0;  ///< of the files that can be written to
    std::size_t kept_bytes_ = 0;     ///< of those that failed
};

}  // namespace offgrid
