#include "pack/resample.h"

#include "formats/image/composite.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace offgrid {
namespace {

std::vector<double> positions(int count, double first, double step) {
    std::vector<double> all;
    for (int i = 0; i < count; ++i) {
        all.push_back(first + i * step);
    }
    return all;
}

TEST(BilinearTaps, sum_to_one_within_the_source_at_any_scale) {
    for (const double step : {0.01, 0.5, 0.99, 1.0, 1.3, 1.42, 2.0, 2.39, -1.3}) {
        const auto all = bilinear_taps(positions(400, step > 0 ? 0.0 : 199.9, step), 200);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const double position = (step > 0 ? 0.0 : 199.9) + static_cast<double>(i) * step;
            const auto& taps = all[i];
            if (position < 0 || position >= 200) {
                EXPECT_EQ(taps.count, 0) << step << " " << position;
                continue;
            }
            EXPECT_EQ(std::accumulate(taps.weights, taps.weights + taps.count, 0), 256)
                << step << " " << position;
            EXPECT_GE(taps.first, 0);
            EXPECT_LE(taps.first + taps.count, 200);
        }
    }
}

TEST(BilinearTaps, take_one_sample_at_its_centre) {
    const auto taps = bilinear_taps(positions(10, 0.5, 1), 10)[4];

    EXPECT_EQ(taps.first, 4);
    EXPECT_EQ(taps.count, 1);
}

TEST(BilinearTaps, are_none_where_there_is_no_position) {
    const double nowhere = std::numeric_limits<double>::quiet_NaN();

    const auto all = bilinear_taps(std::vector{nowhere, 1.5, -0.1, 4.0}, 4);

    EXPECT_EQ(all[0].count, 0);
    EXPECT_GT(all[1].count, 0);
    EXPECT_EQ(all[2].count, 0);
    EXPECT_EQ(all[3].count, 0);
}

TEST(ResampleRow, keeps_a_flat_colour) {
    Window window{0, 0, Image{40, 6}};
    std::ranges::fill(window.pixels.rgba, std::uint8_t{255});
    for (const double step : {0.3, 1.0, 1.4, 2.3}) {
        const auto columns = bilinear_taps(positions(16, 0.1, step), 40);
        std::vector<std::uint8_t> scratch;
        std::vector<std::uint8_t> row(64);
        for (const auto& rows : bilinear_taps(positions(2, 1.7, step), 6)) {
            resample_row(window, rows, columns, scratch, row.data());
            EXPECT_EQ(row, std::vector<std::uint8_t>(64, 255)) << step;
        }
    }
}

TEST(ResampleRow, interpolates_a_ramp_exactly) {
    Window window{10, 20, Image{20, 2}};
    for (int x = 0; x < 20; ++x) {
        for (int y = 0; y < 2; ++y) {
            window.pixels.row(y)[4 * x] = static_cast<std::uint8_t>(10 * x);
        }
    }
    const auto columns = bilinear_taps(positions(5, 12.25, 0.5), 30);
    const auto rows = bilinear_taps(positions(1, 21.0, 1), 22);
    std::vector<std::uint8_t> scratch;
    std::vector<std::uint8_t> row(20);

    resample_row(window, rows[0], columns, scratch, row.data());

    for (int i = 0; i < 5; ++i) {
        EXPECT_NEAR(row[static_cast<std::size_t>(4 * i)], 10 * (12.25 + 0.5 * i - 0.5 - 10), 1);
    }
}

TEST(SampleBilinear, agrees_with_the_separable_way) {
    Window window{3, 4, Image{8, 8}};
    for (std::size_t i = 0; i < window.pixels.rgba.size(); ++i) {
        window.pixels.rgba[i] = static_cast<std::uint8_t>(i * 37 % 256);
    }
    const auto columns = bilinear_taps(std::vector{6.8}, 11);
    const auto rows = bilinear_taps(std::vector{8.2}, 12);
    std::vector<std::uint8_t> scratch;
    std::uint8_t expected[4];
    resample_row(window, rows[0], columns, scratch, expected);

    const auto pixel = sample_bilinear(window, 6.8, 8.2);

    std::uint8_t actual[4];
    std::memcpy(actual, &pixel, 4);
    for (int c = 0; c < 4; ++c) {
        EXPECT_NEAR(actual[c], expected[c], 2);
    }
}

TEST(Premultiplied, colours_come_back) {
    for (int alpha = 128; alpha < 256; ++alpha) {
        Image image{1, 1};
        image.rgba = {200, 100, 3, static_cast<std::uint8_t>(alpha)};

        premultiply(image);
        unpremultiply(image.rgba.data(), 1);

        EXPECT_NEAR(image.rgba[0], 200, 1);
        EXPECT_NEAR(image.rgba[1], 100, 1);
        EXPECT_NEAR(image.rgba[2], 3, 1);
    }
}

TEST(CompositeOver, mixes_by_alpha) {
    const std::uint8_t top[] = {255, 0, 0, 128, 1, 2, 3, 0, 9, 9, 9, 255, 7, 7, 7, 50};
    std::uint8_t bottom[] = {0, 0, 255, 255, 4, 5, 6, 77, 0, 0, 0, 255, 0, 0, 0, 0};

    composite_over(top, bottom, 4);

    EXPECT_THAT(bottom,
                testing::ElementsAre(128, 0, 127, 255, 4, 5, 6, 77, 9, 9, 9, 255, 7, 7, 7, 50));
}

TEST(BoxReduced, takes_the_mean_of_the_pixels_that_a_cut_cell_has) {
    Image image{3, 2};
    std::ranges::fill(image.rgba, std::uint8_t{200});

    const auto reduced = box_reduced(image, 2, 2);

    EXPECT_EQ(reduced.width, 2);
    EXPECT_EQ(reduced.height, 1);
    EXPECT_EQ(reduced.rgba[0], 200);
    EXPECT_EQ(reduced.rgba[4], 200);
}

}  // namespace
}  // namespace offgrid
