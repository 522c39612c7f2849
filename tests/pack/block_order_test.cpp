#include "pack/block_order.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace offgrid {
namespace {

const BlockOrder::Tops nothing;

Plan plan_over(const TileRange& tiles, int block_levels) {
    Plan plan;
    plan.manifest.max_zoom = tiles.z;
    plan.runs = {{0, tiles.z}};
    plan.block_levels = block_levels;
    plan.box = plan.grid().box_of(tiles);
    plan.covers = {{plan.box, 0}};
    return plan;
}

std::vector<TileKey> all_of(BlockOrder order) {
    std::vector<TileKey> keys;
    while (const auto job = order.next()) {
        keys.push_back(job->root);
    }
    return keys;
}

TEST(BlockOrder, gives_each_block_that_is_covered_once) {
    const auto plan = plan_over({9, 100, 200, 137, 231}, 2);

    const auto keys = all_of(BlockOrder{plan, nothing});

    const auto range = plan.grid().range_of(7, plan.box);
    EXPECT_EQ(static_cast<std::int64_t>(keys.size()), range.count());
    EXPECT_EQ(std::set(keys.begin(), keys.end()).size(), keys.size());
    EXPECT_TRUE(std::ranges::all_of(keys, [&](const auto& key) { return range.contains(key); }));
    EXPECT_EQ((BlockOrder{plan, nothing}.estimate()), range.count());
}

TEST(BlockOrder, never_returns_to_a_tile_it_has_left) {
    const auto plan = plan_over({8, 30, 60, 77, 99}, 1);
    const auto keys = all_of(BlockOrder{plan, nothing});
    for (int zoom = 0; zoom < 7; ++zoom) {
        std::set<TileKey> left;
        TileKey current{-1, 0, 0};
        for (const auto& key : keys) {
            const int levels = key.z - zoom;
            const TileKey ancestor{zoom, key.x >> levels, key.y >> levels};
            if (ancestor != current) {
                EXPECT_TRUE(left.insert(ancestor).second);
                current = ancestor;
            }
        }
    }
}

TEST(BlockOrder, leaves_out_what_lies_between_the_sources) {
    auto plan = plan_over({6, 0, 0, 64, 64}, 0);
    plan.covers = {{plan.grid().box_of(TileKey{6, 0, 30}), 0},
                   {plan.grid().box_of(TileKey{6, 63, 30}), 0}};

    EXPECT_THAT((all_of(BlockOrder{plan, nothing})),
                testing::ElementsAre(TileKey{6, 0, 30}, TileKey{6, 63, 30}));
}

TEST(BlockOrder, leaves_out_no_block_that_is_small_in_the_tiles_above) {
    auto plan = plan_over({24, 0, 0, 1, 1}, 0);
    const auto& grid = plan.grid();
    plan.covers = {
        {grid.box_of(TileRange{24, (1 << 23) - 1, 1 << 23, (1 << 23) + 1, (1 << 23) + 1}), 0}};

    EXPECT_THAT(
        (all_of(BlockOrder{plan, nothing})),
        testing::ElementsAre(TileKey{24, (1 << 23) - 1, 1 << 23}, TileKey{24, 1 << 23, 1 << 23}));
}

TEST(BlockOrder, names_the_sources_of_each_block_once_and_in_their_order) {
    auto plan = plan_over({3, 0, 0, 2, 1}, 0);
    const auto west = plan.grid().box_of(TileKey{3, 0, 0});
    const auto east = plan.grid().box_of(TileKey{3, 1, 0});
    plan.covers = {{plan.box, 0}, {east, 1}, {west, 2}, {west, 2}};
    BlockOrder order{plan, nothing};

    EXPECT_THAT(order.next()->sources, testing::ElementsAre(0, 2));
    EXPECT_THAT(order.next()->sources, testing::ElementsAre(0, 1));
    EXPECT_FALSE(order.next());
}

}  // namespace
}  // namespace offgrid
