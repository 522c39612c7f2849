#pragma once

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/image/image.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"
#include "formats/tiff/cog_jpeg.h"
#include "formats/tiff/cog_levels.h"
#include "formats/tiff/cog_options.h"
#include "formats/tiff/tile_spool.h"

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

namespace offgrid {

/// Builds one Cloud Optimized GeoTIFF of tiles that are encoded already, in any order. The deepest
/// zoom is its full image, lower zooms are its overviews (`cog_levels`). Their tiles beside the
/// deepest make the image larger, with nothing there at full resolution. What of lower zooms shows
/// the same place as deeper tiles may be left out.
///
/// All tiles are of one format. JPEG is copied byte for byte, where it is baseline and of the
/// sampling that most tiles have, else encoded anew; WebP is copied; PNG becomes RGBA in zlib
/// streams. Absent tiles are transparent and take no room.
///
/// Tiles wait in a file without a name beside it, each with 24 bytes of memory. The file appears in
/// `commit`, whole and durable; until then it is `NAME.RANDOM.part`, so that others who write to
/// the same name are not disturbed. It is built once: `put` and `erase` after that throw
/// `already_exists`. The same tiles give the same bytes, whatever their order. A commit without a
/// tile makes no file. Owned by one thread; PNG is compressed on several.
class CogWriter final : public TileWriter {
public:
    /// Throws `already_exists` when the file exists, `unsupported` for a grid whose tiles TIFF does
    /// not know: their pixels are no multiple of 16.
    CogWriter(CogOptions options, TilesetSlice slice, FileOps& disk = posix_file_ops());
    ~CogWriter() override;
    CogWriter(const CogWriter&) = delete;
    CogWriter& operator=(const CogWriter&) = delete;

    /// Throws `unsupported` for a tile of another format than the first, a vector tile and an
    /// animation, `invalid_argument` for one of another size than the grid's, `corrupt` for one
    /// that is damaged: a PNG anywhere, others in their headers.
    void put(const TileKey& key, BytesView content) override;

    void erase(const TileKey& key) override;

    /// Throws `too_large` when the tiles are so far apart that they are no image, `unsupported`
    /// when tiles of a lower zoom lie so far beside the deepest that they would be lost, unless the
    /// options say what the image is to be, `already_exists` when another has made the file
    /// meanwhile, which is left alone.
    void commit() override;

private:
    void require_open() const;
    void require_size(int width, int height) const;
    void keep(const TileKey& key, BytesView content, TileFormat format);
    void keep_pixels(const TileKey& key, Image image);
    void deflate_waiting();
    std::vector<tiff::CogLevel> plan_levels(const std::map<int, tiff::SpooledTiles>& tiles) const;
    void write(const tiff::CogContent& content);

    CogOptions options_;
    TilesetSlice slice_;
    FileOps& disk_;
    std::filesystem::path path_;
    tiff::TileSpool spool_;
    std::optional<TileFormat> format_;
    tiff::CogJpeg jpeg_;
    std::vector<Image> waiting_;  // of PNG, to be compressed
    std::vector<TileKey> waiting_keys_;
    std::size_t waiting_bytes_ = 0;
    std::optional<Error> failure_;  // that took tiles
    bool is_built_ = false;
};

}  // namespace offgrid
