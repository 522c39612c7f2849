#pragma once

#include "formats/disk/disk_options.h"
#include "formats/image/blank.h"
#include "formats/store/tileset_slice.h"
#include "formats/tile/integer_format.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// Which file of a folder is which tile of a slice, both ways. A path is a root, which all tiles of
/// the slice share, and one name for each level of folders below it, the last one the file's.
/// Immutable; safe for concurrent use. The slice's grid is not owned.
class DiskPaths {
public:
    /// Throws `invalid_argument` when the options name no folder, or give two tiles one file.
    DiskPaths(const DiskOptions& options, const TilesetSlice& slice);

    /// The folder that holds all that is written for the slice.
    const std::string& home() const { return home_; }

    /// REQUIRES: the grid contains the tile; here and below.
    std::string path_of(const TileKey& key) const;

    /// The one file of a colour. REQUIRES: not `by_template`.
    std::string path_of_blank(const BlankColour& colour) const;

    /// All tiles of a zoom, none where the grid has no such zoom.
    TileRange whole(int z) const {
        return z >= 0 && z < grid_.levels() ? grid_.whole(z) : TileRange{.z = z};
    }

    const std::string& root() const { return root_; }

    /// How many names a path has below the root.
    std::size_t depth() const { return names_.empty() ? tilecache_depth : names_.size(); }

    /// The name at that depth, 0 the one next to the root.
    std::string name_at(std::size_t depth, const TileKey& key) const;

    /// The tiles below a name at that depth, of those below the folder that it is in; nothing when
    /// no tile has such a name. Of a file exactly one, which need not be in the grid.
    std::optional<TileRange> tiles_below(std::size_t depth, std::string_view name,
                                         const TileRange& folder) const;

private:
    /// ZZ/xxx/xxx/xxx/yyy/yyy/yyy.EXT
    static constexpr std::size_t tilecache_depth = 7;

    void take_root();
    void append_tilecache_name(std::string& out, std::size_t depth, const TileKey& key) const;
    std::optional<TileRange> tilecache_tiles_below(std::size_t depth, std::string_view name,
                                                   const TileRange& folder) const;

    const Grid& grid_;
    std::string extension_;  // with the dot
    std::string home_;
    std::string root_;
    std::string blanks_;
    std::string before_;                    // what stands before what the template gives
    std::optional<PathTemplate> template_;  // of all layouts but `tilecache`
    std::vector<PathTemplate> names_;       // its components below the root, one for each depth
    IntegerFormat three_digits_ = IntegerFormat::parse("%03d");
};

}  // namespace offgrid
