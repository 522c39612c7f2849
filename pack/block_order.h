#pragma once

#include "formats/tile/grid.h"
#include "pack/plan.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace offgrid {

/// A block that is to be made. A value.
struct BlockJob {
    TileKey root;
    std::vector<std::size_t> sources;  ///< that lie there, in the order of the plan
};

/// The blocks of a plan in the order of a walk down the quadtree: everything below a tile comes in
/// one run, so a parent can be finished, and a file closed, as soon as the walk leaves it. Makes
/// them one by one: a plan may have more than fit in memory. One thread at a time.
class BlockOrder {
public:
    /// The plan is not owned and outlives the order.
    explicit BlockOrder(const Plan& plan);

    /// The next block, or nothing at the end.
    std::optional<BlockJob> next();

    /// About how many blocks there are: exact for one source, never less.
    std::int64_t estimate() const;

private:
    /// A tile whose descendants are still to come, and the covers that may overlap it.
    struct Open {
        TileKey key;
        std::shared_ptr<const std::vector<std::size_t>> covers;
    };

    std::vector<std::size_t> overlapping(const Open& open) const;

    const Plan& plan_;
    std::vector<Open> open_;  // the next one last
};

}  // namespace offgrid
