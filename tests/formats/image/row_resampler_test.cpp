#include "formats/image/row_resampler.h"

#include "formats/image/image.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace offgrid {
namespace {

using testing::Each;
using testing::ElementsAre;

/// A picture that differs from pixel to pixel, some of it translucent.
Image varied(int width, int height) {
    Image image{width, height};
    std::uint32_t state = 1;
    for (auto& byte : image.rgba) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return image;
}

TapTable taps_of(Resampling resampling, int pixels, double start, double factor, int samples) {
    TapTable taps{resampling};
    for (int i = 0; i < pixels; ++i) {
        taps.add({.centre = start + (i + 0.5) * factor, .width = factor}, samples);
    }
    return taps;
}

Image resampled(const Image& source, const TapTable& columns, const TapTable& rows) {
    Image out{static_cast<int>(columns.size()), static_cast<int>(rows.size())};
    RowResampler resampler{columns, rows, 0};
    std::int64_t last = -1;
    for (int y = 0; y < out.height; ++y) {
        resampler.row(static_cast<std::size_t>(y),
                      [&](std::int64_t row) {
                          EXPECT_GT(row, last);
                          last = row;
                          return source.row(static_cast<int>(row));
                      },
                      {out.row(y), out.stride()});
    }
    return out;
}

/// The weighted mean of one pixel, straight from the definition.
std::vector<double> mean_at(const Image& source, const KernelTaps& columns,
                            const KernelTaps& rows) {
    std::vector<double> sum(4);
    for (std::size_t j = 0; j < rows.weights.size(); ++j) {
        for (std::size_t i = 0; i < columns.weights.size(); ++i) {
            const auto* const pixel =
                source.row(static_cast<int>(rows.first) + static_cast<int>(j)) +
                4 * (columns.first + static_cast<std::int64_t>(i));
            const double alpha = pixel[3] / 255.0 * rows.weights[j] * columns.weights[i];
            for (std::size_t c = 0; c < 3; ++c) {
                sum[c] += pixel[c] * alpha;
            }
            sum[3] += alpha;
        }
    }
    for (std::size_t c = 0; c < 3 && sum[3] > 0; ++c) {
        sum[c] /= sum[3];
    }
    sum[3] *= 255;
    return sum;
}

TEST(RowResampler, makes_the_weighted_mean_of_each_pixel_whatever_the_scale) {
    const auto source = varied(40, 30);
    for (const double factor : {0.13, 0.5, 1.0, 1.7, 3.0, 9.5}) {
        const auto columns = taps_of(Resampling::bilinear, 23, -2.3, factor, source.width);
        const auto rows = taps_of(Resampling::bilinear, 17, 1.9, factor, source.height);
        const auto out = resampled(source, columns, rows);
        for (int y = 0; y < out.height; ++y) {
            for (int x = 0; x < out.width; ++x) {
                const auto mean = mean_at(source, columns[static_cast<std::size_t>(x)],
                                          rows[static_cast<std::size_t>(y)]);
                for (std::size_t c = 0; c < 4; ++c) {
                    EXPECT_NEAR(out.row(y)[4 * static_cast<std::size_t>(x) + c], mean[c], 0.51)
                        << factor << ": " << x << ',' << y << " channel " << c;
                }
            }
        }
    }
}

TEST(RowResampler, leaves_pixels_as_they_are_that_one_sample_makes) {
    const auto source = varied(20, 20);
    const auto taps = taps_of(Resampling::nearest, 12, 3.0, 1, 20);
    const auto out = resampled(source, taps, taps);
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            const auto* const from = source.row(y + 3) + 4 * (x + 3);
            const auto* const to = out.row(y) + 4 * x;
            EXPECT_EQ(to[3], from[3]);
            EXPECT_TRUE(from[3] == 0 || std::memcmp(from, to, 3) == 0) << x << ',' << y;
        }
    }
}

TEST(RowResampler, is_transparent_where_there_is_no_source) {
    const Image source{4, 4};
    const auto taps = taps_of(Resampling::bilinear, 8, -2, 1, 4);
    RowResampler resampler{taps, taps, 0};
    std::vector<std::uint8_t> row(32, 7);
    for (std::size_t y = 0; y < 8; ++y) {
        resampler.row(
            y, [](std::int64_t) { return nullptr; }, row);
        EXPECT_THAT(row, Each(0));
    }
}

TEST(RowResampler, says_what_it_needs_of_the_source) {
    const auto taps = taps_of(Resampling::bilinear, 4, 2, 0.5, 100);
    const auto span = RowResampler::span_of(taps);
    EXPECT_THAT((std::vector{span.first, span.end}), ElementsAre(1, 5));
    EXPECT_EQ(RowResampler::longest_of(taps), 2U);
}

}  // namespace
}  // namespace offgrid
