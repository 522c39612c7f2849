#include "serve/tag_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace offgrid {
namespace {

/// A hash that tells of which tile it is.
ContentHash hash_of(std::uint64_t reader, const TileKey& key) {
    return {.high = reader, .low = static_cast<std::uint64_t>(key.x * 1'000 + key.y)};
}

TEST(TagCache, knows_a_tile_by_its_reader_and_its_whole_address) {
    TagCache tags{16};
    tags.put(7, {3, 1, 2}, hash_of(7, {3, 1, 2}));

    EXPECT_EQ(tags.find(7, {3, 1, 2}), hash_of(7, {3, 1, 2}));
    EXPECT_FALSE(tags.find(8, {3, 1, 2}));
    EXPECT_FALSE(tags.find(7, {4, 1, 2}));
    EXPECT_FALSE(tags.find(7, {3, 2, 2}));
    EXPECT_FALSE(tags.find(7, {3, 1, 3}));
}

TEST(TagCache, forgets_a_tile_for_another_and_never_mixes_them_up) {
    TagCache tags{1};
    tags.put(1, {0, 0, 0}, hash_of(1, {0, 0, 0}));
    tags.put(1, {1, 0, 0}, hash_of(1, {1, 0, 0}));

    EXPECT_FALSE(tags.find(1, {0, 0, 0}));
    EXPECT_EQ(tags.find(1, {1, 0, 0}), hash_of(1, {1, 0, 0}));
}

TEST(TagCache, keeps_most_of_the_tiles_that_fit) {
    constexpr int side = 64;
    TagCache tags{4 * side * side};
    for (int x = 0; x < side; ++x) {
        for (int y = 0; y < side; ++y) {
            tags.put(1, {17, 68'000 + x, 85'000 + y}, hash_of(1, {17, x, y}));
        }
    }
    int kept = 0;
    for (int x = 0; x < side; ++x) {
        for (int y = 0; y < side; ++y) {
            kept += tags.find(1, {17, 68'000 + x, 85'000 + y}).has_value() ? 1 : 0;
        }
    }
    EXPECT_GT(kept, side * side * 8 / 10);
}

TEST(TagCache, gives_many_threads_whole_hashes_only) {
    TagCache tags{4};
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (int n = 0; n < 20'000; ++n) {
                const TileKey key{1, n % 5, (n + thread) % 7};
                tags.put(1, key, hash_of(1, key));
                const auto found = tags.find(1, key);
                wrong += found && *found != hash_of(1, key) ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace offgrid
