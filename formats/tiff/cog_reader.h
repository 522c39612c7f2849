#pragma once

#include "formats/store/tile_store.h"
#include "formats/tiff/cog_image.h"
#include "formats/tiff/cog_options.h"

#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// The tiles of one GeoTIFF whose blocks are tiles of a grid, such as CogWriter makes, and GDAL's
/// COG driver with a tiling scheme: of its full image and of the overviews that are cut so, too.
///
/// JPEG and WebP are passed through, JPEG with the tables of the file. RGB and RGBA in zlib streams
/// become PNG; a fourth sample must be alpha that is not premultiplied. Masks are not looked at:
/// JPEG is opaque. The file is opened once and must not change. Immutable; safe for concurrent use.
class CogReader final : public TileReader {
public:
    /// Throws `not_found` when there is no file, `unsupported` for one that is not cut as the grid
    /// is or compressed otherwise, `corrupt` for a damaged one.
    CogReader(const CogOptions& options, const Grid& grid);

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool is_unchanging() const override { return true; }
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

private:
    struct Found {
        const tiff::CogImage& image;
        tiff::Extent extent;
    };

    void describe();
    std::optional<Found> find(const TileKey& key) const;
    Bytes content(const TileKey& key, const Found& found) const;
    template <typename Visit>
    void visit_places(const TileRange& range, const Visit& visit) const;

    std::string name_;
    tiff::RandomFile file_;
    tiff::DirectoryReader reader_;
    std::vector<tiff::CogImage> images_;
    StoreInfo info_;
};

}  // namespace offgrid
