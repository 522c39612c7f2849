#include "formats/image/kernel.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace offgrid {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

constexpr Resampling means[] = {Resampling::bilinear, Resampling::cubic, Resampling::lanczos,
                                Resampling::average};

std::vector<float> weights(Resampling resampling, const Footprint& footprint, std::int64_t size) {
    TapTable table{resampling};
    table.add(footprint, size);
    return {table[0].weights.begin(), table[0].weights.end()};
}

TEST(TapTable, sums_to_one_within_the_source_at_any_scale) {
    for (const auto resampling : means) {
        TapTable table{resampling};
        for (const double width : {1e-9, 0.3, 1.0, 1.3, 2.0, 7.9, 300.0}) {
            for (double centre = 0; centre < 20; centre += 0.173) {
                table.clear();
                table.add({centre, width}, 20);
                const auto taps = table[0];
                EXPECT_NEAR(std::accumulate(taps.weights.begin(), taps.weights.end(), 0.0), 1, 1e-5)
                    << width << " at " << centre;
                EXPECT_GE(taps.first, 0);
                EXPECT_LE(taps.end(), 20);
            }
        }
    }
}

TEST(TapTable, takes_one_sample_at_its_centre) {
    for (const auto resampling : {Resampling::nearest, Resampling::bilinear, Resampling::cubic,
                                  Resampling::lanczos, Resampling::average, Resampling::mode}) {
        TapTable table{resampling};

        table.add({4.5, 1}, 10);

        EXPECT_EQ(table[0].first, 4);
        EXPECT_EQ(table[0].weights.size(), 1U);
    }
}

TEST(TapTable, has_none_where_there_is_no_position) {
    TapTable table{Resampling::lanczos};

    for (const double centre : {std::numeric_limits<double>::quiet_NaN(), -0.1, 4.0}) {
        table.add({centre, 1}, 4);
    }

    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(table[i].weights.empty());
    }
}

TEST(TapTable, weighs_between_two_samples_as_the_kernels_are_defined) {
    EXPECT_THAT(weights(Resampling::cubic, {5, 1}, 10),
                ElementsAre(-0.0625F, 0.5625F, 0.5625F, -0.0625F));
    // 3 sin(pi x) sin(pi x / 3) / (pi x)^2 at 2.5, 1.5 and 0.5, divided by their sum.
    EXPECT_THAT(weights(Resampling::lanczos, {5, 1}, 10),
                ElementsAre(FloatNear(0.02446F, 1e-4F), FloatNear(-0.13587F, 1e-4F),
                            FloatNear(0.61141F, 1e-4F), FloatNear(0.61141F, 1e-4F),
                            FloatNear(-0.13587F, 1e-4F), FloatNear(0.02446F, 1e-4F)));
}

TEST(TapTable, widens_curves_where_the_source_is_finer) {
    EXPECT_EQ(weights(Resampling::cubic, {50, 2}, 100).size(), 8U);
    EXPECT_EQ(weights(Resampling::lanczos, {50, 2}, 100).size(), 12U);
    EXPECT_EQ(weights(Resampling::lanczos, {50, 0.5}, 100).size(), 6U);
}

TEST(TapTable, averages_by_the_share_of_each_sample) {
    EXPECT_THAT(weights(Resampling::average, {5, 2}, 10), ElementsAre(0.5F, 0.5F));
    EXPECT_THAT(weights(Resampling::average, {5, 2.5}, 10), ElementsAre(0.1F, 0.4F, 0.4F, 0.1F));
    EXPECT_THAT(weights(Resampling::average, {0.5, 3}, 10),
                ElementsAre(FloatNear(0.5F, 1e-6F), FloatNear(0.5F, 1e-6F)));
}

TEST(TapTable, counts_shares_in_whole_numbers_for_mode) {
    EXPECT_THAT(weights(Resampling::mode, {5, 2 + 1e-9}, 10), ElementsAre(256, 256));
    EXPECT_THAT(weights(Resampling::mode, {5.25, 0.5}, 10), ElementsAre(256));
    EXPECT_THAT(weights(Resampling::mode, {5.25, 1}, 10), ElementsAre(64, 192));
}

}  // namespace
}  // namespace offgrid
