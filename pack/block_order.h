#pragma once

#include "formats/tile/grid.h"
#include "pack/plan.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace offgrid {

/// The blocks of a plan in the order of a walk down the quadtree: everything below a tile comes in
/// one run, so a parent can be finished, and a file closed, as soon as the walk leaves it. Makes
/// them one by one: a plan may have more than fit in memory. One thread at a time.
class BlockOrder {
public:
    /// The plan is not owned and outlives the order.
    explicit BlockOrder(const Plan& plan);

    /// The root tile of the next block, or nothing at the end.
    std::optional<TileKey> next();

    /// About how many blocks there are: exact for one source, never less.
    std::int64_t estimate() const;

private:
    bool is_covered(const TileKey& key) const;

    const Plan& plan_;
    std::vector<TileKey> open_;  // tiles whose descendants are still to come, the next one last
};

}  // namespace offgrid
