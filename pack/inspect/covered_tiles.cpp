#include "pack/inspect/covered_tiles.h"

#include <algorithm>

namespace offgrid {

CoveredTiles::CoveredTiles(const FileSet& set, const Grid& grid, std::string_view file)
    : grid_{grid}, other_zooms_{set.other_zooms} {
    const auto& names = set.files->names();
    if (const auto match = names.match(file)) {
        for (int z = 0; z < grid.levels(); ++z) {
            ranges_.push_back({.covered = names.range_of(*match, grid, z),
                               .is_looked_up = std::ranges::binary_search(set.zooms, z)});
        }
    }
}

TileRange CoveredTiles::at(int z) const {
    const auto index = static_cast<std::size_t>(z);
    return z >= 0 && index < ranges_.size() && ranges_[index].is_looked_up ? ranges_[index].covered
                                                                           : TileRange{.z = z};
}

Placement CoveredTiles::placement(const TileKey& key) const {
    if (!is_known() || !grid_.contains(key)) {
        return Placement::wrong;
    }
    const auto& range = ranges_[static_cast<std::size_t>(key.z)];
    if (!range.covered.contains(key)) {
        return Placement::wrong;
    }
    if (range.is_looked_up) {
        return Placement::right;
    }
    return other_zooms_ == OtherZooms::ignored ? Placement::elsewhere : Placement::wrong;
}

}  // namespace offgrid
