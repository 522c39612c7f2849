#pragma once

#include "pack/pack.h"

#include <cstdint>
#include <string>
#include <vector>

namespace offgrid {

/// What a zoom will come to. A value.
struct ZoomEstimate {
    int zoom = 0;
    std::int64_t tiles = 0;
    std::uint64_t bytes = 0;  ///< of the tiles; files take about a twentieth more
};

/// What a pack will come to. A value.
struct PackEstimate {
    std::string layer{};
    std::vector<ZoomEstimate> zooms{};  ///< the lowest first
    double seconds = 0;                 ///< on this machine
    std::int64_t blocks = 0;            ///< of the pack
    std::int64_t sampled = 0;           ///< of these, those that were made to find out
    std::vector<std::string> notes{};

    ZoomEstimate total() const;
};

/// How many tiles and bytes a pack would make, and how long it would take, without writing
/// anything. A pack of few blocks is made whole, so what is said of it is exact; of a larger one,
/// blocks that lie evenly spread are made.
///
/// Throws as `pack`, but does not look at the output.
PackEstimate estimate(const PackOptions& options, const PackContext& context);

}  // namespace offgrid
