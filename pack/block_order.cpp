#include "pack/block_order.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>

namespace offgrid {

BlockOrder::BlockOrder(const Plan& plan) : plan_{plan} {
    std::vector<std::size_t> covers(plan.covers.size());
    std::iota(covers.begin(), covers.end(), std::size_t{0});
    const auto all = std::make_shared<const std::vector<std::size_t>>(std::move(covers));
    const auto roots = plan.grid().whole(0);
    for (auto y = roots.max_y; y-- > 0;) {
        for (auto x = roots.max_x; x-- > 0;) {
            open_.push_back({{0, x, y}, all});
        }
    }
}

std::vector<std::size_t> BlockOrder::overlapping(const Open& open) const {
    // Compared at the zoom of the blocks: what is a hair of a tile further up may be many pixels.
    const auto& key = open.key;
    const int zoom = plan_.block_zoom();
    const auto below = descendants({key.z, key.x, key.y, key.x + 1, key.y + 1}, zoom - key.z);
    std::vector<std::size_t> found;
    std::ranges::copy_if(*open.covers, std::back_inserter(found), [&](std::size_t cover) {
        const auto& box = plan_.covers[cover].box;
        return !intersection(below, plan_.grid().range_of(zoom, box)).is_empty();
    });
    return found;
}

std::optional<BlockJob> BlockOrder::next() {
    while (!open_.empty()) {
        const auto open = std::move(open_.back());
        open_.pop_back();
        const auto& key = open.key;
        auto covers = overlapping(open);
        if (covers.empty()) {
            continue;
        }
        if (key.z == plan_.block_zoom()) {
            BlockJob job{.root = key, .sources = {}};
            for (const auto cover : covers) {
                job.sources.push_back(plan_.covers[cover].source);
            }
            const auto twice = std::ranges::unique(job.sources);
            job.sources.erase(twice.begin(), twice.end());
            return job;
        }
        const auto shared = std::make_shared<const std::vector<std::size_t>>(std::move(covers));
        constexpr std::array<std::pair<int, int>, 4> last_first{{{1, 1}, {0, 1}, {1, 0}, {0, 0}}};
        for (const auto& [x, y] : last_first) {
            open_.push_back({{key.z + 1, 2 * key.x + x, 2 * key.y + y}, shared});
        }
    }
    return std::nullopt;
}

std::int64_t BlockOrder::estimate() const {
    std::int64_t blocks = 0;
    for (const auto& cover : plan_.covers) {
        blocks += plan_.grid().range_of(plan_.block_zoom(), cover.box).count();
    }
    return std::min(blocks, plan_.grid().range_of(plan_.block_zoom(), plan_.box).count());
}

}  // namespace offgrid
