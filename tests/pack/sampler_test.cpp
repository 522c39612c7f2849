#include "pack/sampler.h"

#include <gmock/gmock.h>

#include <array>
#include <cstring>

namespace offgrid {
namespace {

constexpr Resampling all[] = {Resampling::nearest, Resampling::bilinear, Resampling::cubic,
                              Resampling::lanczos, Resampling::average,  Resampling::mode};

TapTable taps(Resampling resampling, int count, double first, double step, std::int64_t size) {
    TapTable table{resampling};
    for (int i = 0; i < count; ++i) {
        table.add({first + i * step, step}, size);
    }
    return table;
}

Window noise(int width, int height) {
    Window window{0, 0, Image{width, height}};
    unsigned state = 1;
    for (std::size_t i = 0; i < window.pixels.rgba.size(); ++i) {
        state = state * 1664525 + 1013904223;
        window.pixels.rgba[i] = i % 4 == 3 ? 255 : static_cast<std::uint8_t>(state >> 24);
    }
    return window;
}

std::array<std::uint8_t, 4> bytes(std::uint32_t pixel) {
    std::array<std::uint8_t, 4> rgba{};
    std::memcpy(rgba.data(), &pixel, 4);
    return rgba;
}

/// The pixel that spans a whole window of one row, whose pixels have these first bytes.
int mode_of(const std::vector<std::uint8_t>& row) {
    const auto size = static_cast<int>(row.size());
    Window window{0, 0, Image{size, 1}};
    for (std::size_t i = 0; i < row.size(); ++i) {
        window.pixels.rgba[4 * i] = row[i];
    }
    const auto columns = taps(Resampling::mode, 1, size / 2.0, size, size);
    const auto rows = taps(Resampling::mode, 1, 0.5, 1, 1);
    return bytes(Sampler{Resampling::mode}.pixel(window, columns[0], rows[0]))[0];
}

TEST(Sampler, keeps_a_flat_colour) {
    Window window{0, 0, Image{40, 40}};
    std::ranges::fill(window.pixels.rgba, std::uint8_t{255});
    for (const auto resampling : all) {
        for (const double step : {0.3, 1.0, 1.4, 3.3}) {
            const auto columns = taps(resampling, 10, 0.1, step, 40);
            Sampler sampler{resampling};
            std::vector<std::uint8_t> row(40);

            sampler.row(window, columns, {0, 10}, columns[3], row.data());

            EXPECT_EQ(row, std::vector<std::uint8_t>(40, 255)) << step;
        }
    }
}

TEST(Sampler, makes_the_same_of_a_row_as_of_each_of_its_pixels) {
    const auto window = noise(40, 40);
    for (const auto resampling : all) {
        for (const double step : {0.7, 1.0, 2.6}) {
            const auto columns = taps(resampling, 12, 2.1, step, 40);
            Sampler sampler{resampling};
            std::vector<std::uint8_t> row(40);

            sampler.row(window, columns, {1, 11}, columns[5], row.data());

            for (std::size_t i = 0; i < 10; ++i) {
                const auto pixel = bytes(sampler.pixel(window, columns[i + 1], columns[5]));
                for (std::size_t c = 0; c < 4; ++c) {
                    EXPECT_NEAR(row[4 * i + c], pixel[c], 1) << step;
                }
            }
        }
    }
}

TEST(Sampler, is_bilinear_as_the_fast_way_is) {
    const auto window = noise(40, 4);
    std::vector<double> positions;
    for (int i = 0; i < 20; ++i) {
        positions.push_back(1.3 + 1.2 * i);
    }
    const auto columns = taps(Resampling::bilinear, 20, 1.3, 1.2, 40);
    const auto rows = taps(Resampling::bilinear, 1, 2.2, 1, 4);
    std::vector<std::uint8_t> scratch;
    std::vector<std::uint8_t> fast(80);
    std::vector<std::uint8_t> row(80);
    resample_row(window, bilinear_taps(std::vector{2.2}, 4)[0], bilinear_taps(positions, 40),
                 scratch, fast.data());

    Sampler{Resampling::bilinear}.row(window, columns, {0, 20}, rows[0], row.data());

    for (std::size_t i = 0; i < row.size(); ++i) {
        EXPECT_NEAR(row[i], fast[i], 2);
    }
}

TEST(Sampler, has_no_colour_above_its_alpha_where_kernels_overshoot) {
    Window window{0, 0, Image{12, 1}};
    for (int x = 4; x < 8; ++x) {
        std::memset(window.pixels.row(0) + 4 * x, 255, 4);
    }
    for (const auto resampling : {Resampling::cubic, Resampling::lanczos}) {
        const auto columns = taps(resampling, 40, 0.1, 0.29, 12);
        const auto rows = taps(resampling, 1, 0.5, 1, 1);
        std::vector<std::uint8_t> row(160);

        Sampler{resampling}.row(window, columns, {0, 40}, rows[0], row.data());

        for (std::size_t i = 0; i < row.size(); i += 4) {
            EXPECT_EQ(row[i], row[i + 3]);
        }
    }
}

TEST(Sampler, takes_the_most_frequent_pixel_and_of_equals_the_first) {
    EXPECT_EQ(mode_of({7, 1, 1, 9}), 1);
    EXPECT_EQ(mode_of({3, 5, 5, 3}), 3);
    EXPECT_EQ(mode_of({8, 4, 2}), 8);
    EXPECT_EQ(mode_of({0, 0, 0, 1, 1}), 0);  // transparent ones count
}

TEST(Sampler, counts_as_many_different_pixels_as_there_are) {
    Window window{0, 0, Image{64, 64}};
    for (std::uint32_t i = 0; i < 64 * 64; ++i) {
        const std::uint32_t value = i == 4000 ? 100 : i;
        std::memcpy(&window.pixels.rgba[4 * i], &value, 4);
    }
    const auto whole = taps(Resampling::mode, 1, 32, 64, 64);

    EXPECT_EQ(Sampler{Resampling::mode}.pixel(window, whole[0], whole[0]), 100U);
}

}  // namespace
}  // namespace offgrid
