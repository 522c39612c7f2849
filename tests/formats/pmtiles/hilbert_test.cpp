#include "formats/pmtiles/hilbert.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace offgrid::pmtiles {
namespace {

/// The examples of the specification's reference readers.
TEST(Hilbert, counts_zoom_by_zoom_along_the_curve) {
    struct Case {
        TileKey key;
        std::uint64_t id;
    };
    for (const auto& [key, id] : std::vector<Case>{{{0, 0, 0}, 0},
                                                   {{1, 0, 0}, 1},
                                                   {{1, 0, 1}, 2},
                                                   {{1, 1, 1}, 3},
                                                   {{1, 1, 0}, 4},
                                                   {{2, 0, 0}, 5},
                                                   {{12, 3423, 1763}, 19'078'479},
                                                   {{26, 0, 0}, 1'501'199'875'790'165}}) {
        EXPECT_EQ(hilbert_id(key), id) << key.z << '/' << key.x << '/' << key.y;
        EXPECT_EQ(key_of(id), key) << id;
    }
}

TEST(Hilbert, leads_to_a_neighbour_with_every_step) {
    auto before = key_of(first_id_of(7));
    for (auto id = first_id_of(7) + 1; id < first_id_of(8); ++id) {
        const auto key = key_of(id);
        ASSERT_EQ(std::abs(key.x - before.x) + std::abs(key.y - before.y), 1) << id;
        ASSERT_EQ(hilbert_id(key), id);
        before = key;
    }
}

TEST(Hilbert, reaches_the_corners_of_the_deepest_zoom) {
    const auto last = (std::int64_t{1} << max_zoom) - 1;
    EXPECT_EQ(hilbert_id({max_zoom, 0, 0}), first_id_of(max_zoom));
    EXPECT_EQ(hilbert_id({max_zoom, last, 0}), end_of_ids - 1);
    for (const TileKey key : {TileKey{max_zoom, last, last}, TileKey{max_zoom, 0, last},
                              TileKey{max_zoom, last, 0}, TileKey{30, 5, last / 2}}) {
        EXPECT_EQ(key_of(hilbert_id(key)), key);
        EXPECT_EQ(zoom_of(hilbert_id(key)), key.z);
    }
}

}  // namespace
}  // namespace offgrid::pmtiles
