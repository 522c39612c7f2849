#include "formats/image/image.h"

#include <gmock/gmock.h>

#include <array>
#include <vector>

namespace offgrid {
namespace {

using Pixel = std::array<std::uint8_t, 4>;

Image image_of(int width, int height, const std::vector<Pixel>& pixels) {
    Image image{width, height};
    auto out = image.rgba.begin();
    for (const auto& pixel : pixels) {
        out = std::copy(pixel.begin(), pixel.end(), out);
    }
    return image;
}

Pixel pixel_at(const Image& image, int x, int y) {
    const auto* const pixel = image.row(y) + 4 * x;
    return {pixel[0], pixel[1], pixel[2], pixel[3]};
}

TEST(Image, is_halved_to_the_mean_of_two_by_two) {
    const auto image = image_of(
        2, 2, {{10, 0, 255, 255}, {20, 0, 255, 255}, {30, 1, 255, 255}, {43, 1, 254, 255}});

    EXPECT_EQ(pixel_at(halved(image), 0, 0), (Pixel{26, 1, 255, 255}));
}

TEST(Image, is_halved_by_the_weight_of_alpha) {
    const auto image = image_of(4, 2,
                                {{200, 0, 0, 255},
                                 {9, 9, 9, 0},
                                 {100, 0, 0, 100},
                                 {50, 0, 0, 50},
                                 {9, 9, 9, 0},
                                 {9, 9, 9, 0},
                                 {0, 0, 0, 0},
                                 {0, 0, 0, 0}});

    const auto half = halved(image);

    EXPECT_EQ(pixel_at(half, 0, 0), (Pixel{200, 0, 0, 64}));
    EXPECT_EQ(pixel_at(half, 1, 0), (Pixel{83, 0, 0, 38}));
}

TEST(Image, is_halved_as_a_part_of_a_larger_one) {
    Image image{8, 8};
    for (int y = 2; y < 6; ++y) {
        std::fill_n(image.row(y) + 4 * 2, 4 * 4, std::uint8_t{255});
    }

    const auto half = halved(ImageView{image}.part(2, 2, 4, 4));

    EXPECT_EQ(half.width, 2);
    EXPECT_EQ(coverage_of(half), Coverage::full);
}

TEST(Image, tells_how_much_of_it_shows) {
    EXPECT_EQ(coverage_of(image_of(2, 1, {{1, 2, 3, 255}, {0, 0, 0, 255}})), Coverage::full);
    EXPECT_EQ(coverage_of(image_of(2, 1, {{1, 2, 3, 255}, {0, 0, 0, 254}})), Coverage::partial);
    EXPECT_EQ(coverage_of(image_of(2, 1, {{1, 2, 3, 1}, {0, 0, 0, 0}})), Coverage::partial);
    EXPECT_EQ(coverage_of(image_of(2, 1, {{1, 2, 3, 0}, {9, 9, 9, 0}})), Coverage::none);
}

TEST(Image, tells_whether_it_is_of_one_colour) {
    EXPECT_TRUE(is_uniform(image_of(2, 1, {{1, 2, 3, 4}, {1, 2, 3, 4}})));
    EXPECT_FALSE(is_uniform(image_of(2, 1, {{1, 2, 3, 4}, {1, 2, 3, 5}})));
}

}  // namespace
}  // namespace offgrid
