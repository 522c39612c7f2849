#include "formats/tile/lonlat.h"

#include <gtest/gtest.h>

namespace offgrid {
namespace {

constexpr double half_equator_m = 20037508.342789244;

TEST(LonLat, mercator_squares_end_at_85_degrees) {
    const auto box =
        to_lonlat("EPSG:3857", {-half_equator_m, -half_equator_m, half_equator_m, half_equator_m});
    ASSERT_TRUE(box);
    EXPECT_NEAR(box->min_x, -180, 1e-9);
    EXPECT_NEAR(box->max_y, 85.0511287798, 1e-9);
}

TEST(LonLat, goes_there_and_back) {
    const Box kenya{33.9, -4.7, 41.9, 5.5};
    const auto there = from_lonlat("EPSG:3857", kenya);
    ASSERT_TRUE(there);
    const auto back = to_lonlat("EPSG:3857", *there);
    ASSERT_TRUE(back);
    EXPECT_NEAR(back->min_y, kenya.min_y, 1e-9);
    EXPECT_NEAR(back->max_x, kenya.max_x, 1e-9);
}

TEST(LonLat, cuts_the_poles_off) {
    const auto box = from_lonlat("EPSG:3857", {-180, -90, 180, 90});
    ASSERT_TRUE(box);
    EXPECT_NEAR(box->max_y, half_equator_m, 1e-3);
}

TEST(LonLat, leaves_degrees_alone_and_does_not_guess) {
    EXPECT_EQ(to_lonlat("EPSG:4326", {1, 2, 3, 4}), (Box{1, 2, 3, 4}));
    EXPECT_EQ(to_lonlat("EPSG:32618", {1, 2, 3, 4}), std::nullopt);
}

}  // namespace
}  // namespace offgrid
