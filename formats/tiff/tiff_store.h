#pragma once

#include "formats/store/locker.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"
#include "formats/tile/path_template.h"

#include <memory>
#include <optional>
#include <string>

namespace offgrid {

enum class Photometric { ycbcr, rgb };

/// A cache in tiled JPEG GeoTIFF files of `xcount` by `ycount` tiles, named by a template (MapCache
/// `tiff`).
struct TiffOptions {
    std::string name{};  ///< of the cache, for messages
    std::string file{};  ///< a PathTemplate
    PathTemplateOptions path{.xcount = 10, .ycount = 10, .counts_inv_x_in_rows = true};
    int quality = 90;  ///< of JPEG, where a tile must be encoded
    Photometric photometric = Photometric::ycbcr;
};

/// Reads the JPEG tiles of TIFF files as they are stored, completed by the tables that the file
/// keeps apart (TIFF Technical Note 2, "JPEGTables"). A missing file and a sparse tile are absent.
/// Throws `corrupt` for a file that ends early, `unsupported` for one that is not tiled JPEG. Safe
/// for concurrent use.
class TiffReader final : public TileReader {
public:
    TiffReader(const TiffOptions& options, TilesetSlice slice);
    ~TiffReader() override;

    const StoreInfo& info() const override;
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    const TileFiles* files() const override;

private:
    class Impl;
    std::unique_ptr<const Impl> impl_;
};

/// Writes TIFF files that GDAL and QGIS place right: SRS, pixel scale and tie point, rows from the
/// north for either origin of the grid; BigTIFF when a file may pass 4 GiB. A tile that another
/// program is writing to the same file waits for the lock.
///
/// The locker is not owned and outlives the writer.
class TiffWriter final : public TileWriter {
public:
    TiffWriter(const TiffOptions& options, TilesetSlice slice, Locker& locker);
    ~TiffWriter() override;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace offgrid
