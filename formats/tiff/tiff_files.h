#pragma once

#include "formats/store/template_files.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"
#include "formats/tiff/tiff_file.h"
#include "formats/tiff/tiff_options.h"
#include "formats/tiff/tile_places.h"

#include <functional>
#include <string>
#include <vector>

namespace offgrid::tiff {

/// The files of one slice of a cache and the tiles that are in them. Errors name the cache, except
/// those of a visitor, which are its own. Immutable; safe for concurrent use.
class TiffFiles final : public TileFiles {
public:
    /// A tile that a file has.
    struct Found {
        const TiffFile& file;
        Extent extent;
    };
    using FoundVisitor = std::function<void(const TileKey& key, const Found& found)>;

    TiffFiles(const TiffOptions& options, const TilesetSlice& slice);

    const TilePlaces& places() const { return places_; }

    const PathTemplate& names() const override { return places_.names(); }
    PathValues values() const override { return values_; }
    std::vector<std::string> list() const override;
    void list_tiles(const std::string& path, const Visitor& visit) const override;

    /// Visit the tiles of a range file by file, in the order of their names. A range beyond the
    /// grid holds none.
    void visit(const TileRange& wanted, const FoundVisitor& visit) const;

private:
    void list_zoom(const TiffFile& file, const TileRange& covered, const Visitor& visit) const;

    std::string cache_;
    PathValues values_;
    TilePlaces places_;
    TemplateFiles files_;
};

}  // namespace offgrid::tiff
