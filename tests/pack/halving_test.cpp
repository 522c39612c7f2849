#include "pack/halving.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

namespace offgrid {
namespace {

Image row_of_pixels(int width, const std::vector<std::uint8_t>& reds) {
    Image image{width, static_cast<int>(reds.size()) / width};
    for (std::size_t i = 0; i < reds.size(); ++i) {
        image.rgba[4 * i] = reds[i];
        image.rgba[4 * i + 3] = 255;
    }
    return image;
}

Image noise(int size) {
    Image image{size, size};
    unsigned state = 1;
    for (std::size_t i = 0; i < image.rgba.size(); ++i) {
        state = state * 1664525 + 1013904223;
        image.rgba[i] = i % 4 == 3 ? 255 : static_cast<std::uint8_t>(state >> 24);
    }
    return image;
}

Framed framed(const Image& image, int x, int y, int size, int frame) {
    const auto view =
        ImageView{image}.part(x - frame, y - frame, size + 2 * frame, size + 2 * frame);
    Framed some{Image{view.width, view.height}, frame};
    for (int row = 0; row < view.height; ++row) {
        std::memcpy(some.pixels.row(row), view.row(row), some.pixels.stride());
    }
    return some;
}

TEST(Halving, takes_the_mean_of_four) {
    for (const auto resampling : {Resampling::bilinear, Resampling::average}) {
        const auto half = Halving{resampling}.halved(ImageView{row_of_pixels(2, {10, 20, 30, 44})});

        EXPECT_EQ(half.rgba, (std::vector<std::uint8_t>{26, 0, 0, 255}));
    }
}

TEST(Halving, takes_the_north_west_pixel_as_nearest) {
    const auto half = Halving{Resampling::nearest}.halved(
        ImageView{row_of_pixels(4, {10, 20, 50, 60, 30, 44, 70, 80})});

    EXPECT_EQ(half.rgba, (std::vector<std::uint8_t>{10, 0, 0, 255, 50, 0, 0, 255}));
}

TEST(Halving, takes_the_most_frequent_of_four_and_of_equals_the_first) {
    const std::pair<std::vector<std::uint8_t>, int> cases[] = {
        {{1, 1, 2, 3}, 1}, {{1, 2, 2, 3}, 2}, {{1, 2, 3, 2}, 2}, {{1, 2, 3, 3}, 3},
        {{1, 2, 3, 4}, 1}, {{1, 2, 2, 1}, 1}, {{1, 2, 1, 2}, 1}, {{2, 1, 1, 1}, 1},
    };
    for (const auto& [four, most_frequent] : cases) {
        const auto half = Halving{Resampling::mode}.halved(ImageView{row_of_pixels(2, four)});

        EXPECT_EQ(half.rgba[0], most_frequent) << testing::PrintToString(four);
    }
}

TEST(Halving, averages_the_light_when_told) {
    const Halving halving{Resampling::average, Light::linear};

    const auto grey = halving.halved(ImageView{row_of_pixels(2, {0, 255, 255, 0})});
    auto faint = row_of_pixels(2, {0, 255, 0, 0});
    faint.rgba[3] = faint.rgba[11] = faint.rgba[15] = 0;
    const auto one = halving.halved(ImageView{faint});

    EXPECT_EQ(grey.rgba[0], 188);  // half of the light, by IEC 61966-2-1
    EXPECT_EQ(one.rgba, (std::vector<std::uint8_t>{255, 0, 0, 64}));
}

TEST(Halving, keeps_a_flat_colour_in_any_light) {
    for (const auto light : {Light::encoded, Light::linear}) {
        for (const auto resampling :
             {Resampling::average, Resampling::cubic, Resampling::lanczos}) {
            const Halving halving{resampling, light};
            for (int grey = 0; grey < 256; ++grey) {
                Framed flat{Image{72, 72}, 32};
                std::ranges::fill(flat.pixels.rgba, static_cast<std::uint8_t>(grey));
                for (std::size_t i = 3; i < flat.pixels.rgba.size(); i += 4) {
                    flat.pixels.rgba[i] = 255;
                }

                EXPECT_EQ(halving.halved(flat).pixels.rgba[0], grey);
            }
        }
    }
}

TEST(Halving, makes_the_same_of_a_part_as_of_the_whole_three_times_over) {
    const auto image = noise(512);
    for (const auto resampling : {Resampling::cubic, Resampling::lanczos}) {
        const Halving halving{resampling};
        const int frame = halving.frame_for(3);
        auto part = framed(image, 192, 224, 64, frame);
        auto whole = framed(image, 128, 128, 256, 128);

        for (int level = 1; level <= 3; ++level) {
            part = halving.halved(part);
            whole = halving.halved(whole);
            const auto inner = part.inner();
            const auto same =
                whole.inner().part(64 >> level, 96 >> level, 64 >> level, 64 >> level);
            ASSERT_EQ(inner.width, same.width);
            for (int y = 0; y < inner.height; ++y) {
                EXPECT_EQ(std::memcmp(inner.row(y), same.row(y),
                                      4 * static_cast<std::size_t>(inner.width)),
                          0)
                    << level << " " << y;
            }
        }
    }
}

TEST(Halving, lets_less_through_by_kernels_of_what_is_too_fine_to_show) {
    // A wave of 3 pixels, which half the pixels can only show as a false one.
    Image waves{256, 256};
    for (int y = 0; y < 256; ++y) {
        for (int x = 0; x < 256; ++x) {
            auto* const pixel = waves.row(y) + 4 * x;
            pixel[0] =
                static_cast<std::uint8_t>(std::lround(128 + 100 * std::sin(x * 2 * M_PI / 3)));
            pixel[3] = 255;
        }
    }
    const auto contrast = [&](Resampling resampling) {
        const auto half = Halving{resampling}.halved(framed(waves, 64, 64, 128, 32));
        const auto inner = half.inner();
        int low = 255;
        int high = 0;
        for (int x = 0; x < inner.width; ++x) {
            low = std::min<int>(low, inner.row(9)[4 * x]);
            high = std::max<int>(high, inner.row(9)[4 * x]);
        }
        return high - low;
    };

    EXPECT_LT(contrast(Resampling::cubic), contrast(Resampling::average) / 2);
    EXPECT_LT(contrast(Resampling::lanczos), contrast(Resampling::cubic));
}

TEST(Halving, shows_no_more_than_the_four_pixels_do) {
    Framed square{Image{128, 128}, 32};
    for (int y = 64; y < 80; ++y) {
        for (int x = 64; x < 80; ++x) {
            std::memset(square.pixels.row(y) + 4 * x, 200, 3);
            square.pixels.row(y)[4 * x + 3] = 255;
        }
    }
    for (const auto resampling : {Resampling::cubic, Resampling::lanczos}) {
        const auto inner = Halving{resampling}.halved(square);
        for (int y = 0; y < 32; ++y) {
            for (int x = 0; x < 32; ++x) {
                const auto* const pixel = inner.inner().row(y) + 4 * x;
                const bool is_inside = x >= 16 && x < 24 && y >= 16 && y < 24;
                EXPECT_EQ(pixel[3], is_inside ? 255 : 0);
                EXPECT_NEAR(pixel[0], is_inside ? 200 : 0, 1);
            }
        }
    }
}

}  // namespace
}  // namespace offgrid
