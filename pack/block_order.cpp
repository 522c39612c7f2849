#include "pack/block_order.h"

#include <algorithm>
#include <array>

namespace offgrid {

BlockOrder::BlockOrder(const Plan& plan) : plan_{plan} {
    const auto roots = plan.grid().whole(0);
    for (auto y = roots.max_y; y-- > 0;) {
        for (auto x = roots.max_x; x-- > 0;) {
            open_.push_back({0, x, y});
        }
    }
}

bool BlockOrder::is_covered(const TileKey& key) const {
    return std::ranges::any_of(plan_.covers, [&](const Box& cover) {
        return plan_.grid().range_of(key.z, cover).contains(key);
    });
}

std::optional<TileKey> BlockOrder::next() {
    while (!open_.empty()) {
        const auto key = open_.back();
        open_.pop_back();
        if (!is_covered(key)) {
            continue;
        }
        if (key.z == plan_.block_zoom()) {
            return key;
        }
        constexpr std::array<std::pair<int, int>, 4> last_first{{{1, 1}, {0, 1}, {1, 0}, {0, 0}}};
        for (const auto& [x, y] : last_first) {
            open_.push_back({key.z + 1, 2 * key.x + x, 2 * key.y + y});
        }
    }
    return std::nullopt;
}

std::int64_t BlockOrder::estimate() const {
    std::int64_t blocks = 0;
    for (const auto& cover : plan_.covers) {
        blocks += plan_.grid().range_of(plan_.block_zoom(), cover).count();
    }
    return std::min(blocks, plan_.grid().range_of(plan_.block_zoom(), plan_.box).count());
}

}  // namespace offgrid
