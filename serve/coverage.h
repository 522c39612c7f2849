#pragma once

#include "formats/tile/box.h"
#include "serve/layer_set.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace offgrid {

/// Where a layer has tiles. A value.
struct LayerCoverage {
    int zoom = 0;              ///< of the tiles that the boxes are made of
    std::vector<Box> boxes{};  ///< in the SRS of the layer's grid; they may overlap
    bool is_complete = false;  ///< else the boxes are where tiles may be: the bounds
};

/// What finding it out may cost.
struct CoverageLimits {
    std::size_t max_boxes = 2000;
    std::chrono::steady_clock::time_point deadline{};
    std::function<bool()> is_stopped{};  ///< asked now and then by the calling thread
};

/// The bounds that the layer states, or its grid's: what can be said at no cost.
LayerCoverage bounds_of(const Layer& layer);

/// The tiles of the deepest zoom for which the boxes are few enough and time is left.
///
/// Of a package of many files, the names of its files tell; else the store lists its tiles, zoom by
/// zoom, which opens its files. Stores that cannot list give the bounds. Throws what the store
/// throws.
LayerCoverage coverage_of(const Layer& layer, const CoverageLimits& limits);

/// The answer to clients: `srs`, `zoom`, `boxes`, `complete`, and `pending` where that is to be
/// found out yet.
std::string to_json(const LayerCoverage& coverage, const Layer& layer, bool is_pending = false);

}  // namespace offgrid
