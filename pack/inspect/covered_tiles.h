#pragma once

#include "formats/store/tile_store.h"
#include "formats/tile/range.h"

#include <string_view>
#include <vector>

namespace offgrid {

/// Where the tiles of one file stand.
enum class Placement {
    right,
    elsewhere,  ///< right by the name of the file; the zoom is looked up in other files
    wrong,      ///< the name of the file does not cover it, or it is not in the grid
};

/// The tiles that the name of one file covers, zoom by zoom. Immutable; the grid is not owned.
class CoveredTiles {
public:
    CoveredTiles(const FileSet& set, const Grid& grid, std::string_view file);

    /// Whether the name says which tiles the file holds.
    bool is_known() const { return !ranges_.empty(); }

    /// What is looked up in the file; empty for a zoom that is not, or that the grid has not.
    TileRange at(int z) const;

    Placement placement(const TileKey& key) const;

private:
    struct Range {
        TileRange covered{};
        bool is_looked_up = false;
    };

    const Grid& grid_;
    OtherZooms other_zooms_;
    std::vector<Range> ranges_{};  ///< of each zoom of the grid
};

}  // namespace offgrid
