#pragma once

#include "formats/base/file_ops.h"
#include "formats/tiff/geo_keys.h"
#include "formats/tiff/tile_places.h"

#include <map>
#include <optional>
#include <string>

namespace offgrid::tiff {

/// What a new file is to be.
struct NewImage {
    ImageLayout layout{};
    Bytes tables{};  ///< JPEGTables: MapCache reads no file without
    GeoKeys srs{};
    std::optional<Corner> corner{};  ///< nothing: not georeferenced
    double resolution = 0;           ///< units of the SRS per pixel
};

/// Make a file without any tile; its folders too. It appears whole, in place of a file of the same
/// name, and durably. Little-endian, BigTIFF when its pixels pass 4 GiB. Not locked.
void create_tiff(FileOps& disk, const std::string& path, const NewImage& image);

/// Changes the image of a file in place. Owned by one thread; REQUIRES that nobody else writes the
/// file, which a Locker sees to.
///
/// Everything is appended: tiles, then a new directory with all tags of the old one; only then the
/// four or eight bytes that lead to the directory are overwritten. So a reader, which takes no
/// lock, and a power cut find the old image or the new one, whole. What was replaced stays as a
/// hole: the file grows with each new version of a tile. (libtiff, which MapCache uses, unlinks
/// the old directory first.)
class TiffUpdate {
public:
    TiffUpdate(RandomFile file, FileOps& disk);
    TiffUpdate(const TiffUpdate&) = delete;
    TiffUpdate& operator=(const TiffUpdate&) = delete;

    /// Append a tile; nobody sees it yet. Throws `too_large`, with the file as it was, when a
    /// classic TIFF would pass 4 GiB with it and the next directory.
    Extent append(BytesView tile);

    /// Let the tiles be where the changes say; an empty extent makes a tile absent. Durable before
    /// it is visible, and visible after a power cut when this returns.
    void publish(const std::map<std::uint64_t, Extent>& changes);

private:
    void require_room(std::uint64_t end) const;
    std::uint64_t append_at(std::uint64_t alignment, BytesView bytes);

    RandomFile file_;
    FileOps& disk_;
    DirectoryReader reader_;
    Directory directory_;
};

}  // namespace offgrid::tiff
