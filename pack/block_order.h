#pragma once

#include "formats/tile/grid.h"
#include "pack/plan.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

namespace offgrid {

/// A block that is to be made: a tile and those below it down to a zoom. A value.
struct BlockJob {
    TileKey root{};
    int max_zoom = 0;  ///< of its tiles

    /// The pyramid below the root was finished before: there is nothing to make.
    bool is_finished = false;

    /// Of its tiles only those of the area are stored. Else all are.
    bool is_partial = false;

    std::vector<std::size_t> sources{};  ///< that lie there, in the order of the plan
};

/// The blocks of a plan in the order of a walk down the quadtree: everything below a tile comes in
/// one run, so a parent can be finished, and a file closed, as soon as the walk leaves it. Makes
/// them one by one: a plan may have more than fit in memory. One thread at a time.
///
/// Where the area is not shown as deep as beside it, a tile may have children that are not stored:
/// they are blocks of one tile, made for the picture of their parent.
class BlockOrder {
public:
    using Tops = std::unordered_set<TileKey>;

    /// The plan, `finished`, the tiles of the top zoom whose pyramids are there, and `is_stopped`,
    /// which may be null, are not owned and outlive the order.
    BlockOrder(const Plan& plan, const Tops& finished,
               const std::atomic<bool>* is_stopped = nullptr);

    /// The next block, or nothing at the end. Throws `interrupted` when stopped.
    std::optional<BlockJob> next();

    /// About how many blocks there are: exact for one source that is shown to one zoom, never less.
    std::int64_t estimate() const;

private:
    /// A tile whose descendants are still to come, and the covers that may overlap it.
    struct Open {
        TileKey key{};
        std::size_t run = 0;         ///< of the plan
        bool is_in_pyramid = false;  ///< of a tile of the top zoom, which is passed
        std::shared_ptr<const std::vector<std::size_t>> covers{};
    };

    /// Tiles that a walk begins with and that are still to be opened, row by row.
    struct Rows {
        std::size_t run = 0;
        TileRange range{};
    };

    void add_rows(std::size_t run);
    void open_roots(std::size_t run, const TileRange& roots);
    bool open_row();
    void open_children(const Open& parent, std::vector<std::size_t> covers);
    void open_pyramid(const Open& top, std::vector<std::size_t> covers);
    bool is_of_this_shard();
    std::vector<std::size_t> overlapping(const Open& open) const;
    BlockJob job_of(const Open& open, int max_zoom, const std::vector<std::size_t>& covers) const;

    const Plan& plan_;
    const Tops& finished_;
    const std::atomic<bool>* is_stopped_;
    std::vector<Open> open_;  // the next one last
    std::vector<Rows> rows_;  // the next ones last
    std::int64_t tops_ = 0;   // that were met
};

}  // namespace offgrid
