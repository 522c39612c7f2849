#include "formats/image/image.h"

#include <cstring>

namespace offgrid {
namespace {

/// The four bytes of a pixel as one number, so that loops run on whole pixels. Masks are made the
/// same way, so the byte order of the machine does not matter.
using Pixel = std::uint32_t;

Pixel pixel(std::uint8_t red, std::uint8_t green, std::uint8_t blue, std::uint8_t alpha) {
    const std::uint8_t bytes[4] = {red, green, blue, alpha};
    Pixel value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

Pixel load(const std::uint8_t* row, int x) {
    Pixel value = 0;
    std::memcpy(&value, row + 4 * static_cast<std::size_t>(x), sizeof value);
    return value;
}

void store(std::uint8_t* row, int x, Pixel value) {
    std::memcpy(row + 4 * static_cast<std::size_t>(x), &value, sizeof value);
}

/// All bits that every pixel of the row has.
Pixel common_bits(const std::uint8_t* row, int width) {
    Pixel common = ~Pixel{0};
    for (int x = 0; x < width; ++x) {
        common &= load(row, x);
    }
    return common;
}

/// All bits that some pixel of the row has.
Pixel any_bits(const std::uint8_t* row, int width) {
    Pixel any = 0;
    for (int x = 0; x < width; ++x) {
        any |= load(row, x);
    }
    return any;
}

/// Two channels of a pixel at a time, 16 bits each: four of them add up without overflow.
constexpr Pixel even_bytes = 0x00FF00FF;

void halve_opaque(const std::uint8_t* upper, const std::uint8_t* lower, std::uint8_t* out,
                  int width) {
    for (int x = 0; x < width; ++x) {
        const Pixel a = load(upper, 2 * x);
        const Pixel b = load(upper, 2 * x + 1);
        const Pixel c = load(lower, 2 * x);
        const Pixel d = load(lower, 2 * x + 1);
        const Pixel even =
            (a & even_bytes) + (b & even_bytes) + (c & even_bytes) + (d & even_bytes) + 0x00020002;
        const Pixel odd = ((a >> 8) & even_bytes) + ((b >> 8) & even_bytes) +
                          ((c >> 8) & even_bytes) + ((d >> 8) & even_bytes) + 0x00020002;
        store(out, x, ((even >> 2) & even_bytes) | (((odd >> 2) & even_bytes) << 8));
    }
}

void halve_weighted(const std::uint8_t* upper, const std::uint8_t* lower, std::uint8_t* out,
                    int width) {
    for (int x = 0; x < width; ++x, upper += 8, lower += 8, out += 4) {
        const unsigned weights[4] = {upper[3], upper[7], lower[3], lower[7]};
        const unsigned sum = weights[0] + weights[1] + weights[2] + weights[3];
        if (sum == 0) {
            std::memset(out, 0, 4);
            continue;
        }
        for (int c = 0; c < 3; ++c) {
            const unsigned colour = upper[c] * weights[0] + upper[4 + c] * weights[1] +
                                    lower[c] * weights[2] + lower[4 + c] * weights[3];
            out[c] = static_cast<std::uint8_t>((colour + sum / 2) / sum);
        }
        out[3] = static_cast<std::uint8_t>((sum + 2) / 4);
    }
}

}  // namespace

Image image_of(const ImageView& view) {
    Image image{view.width, view.height};
    for (int y = 0; y < view.height; ++y) {
        std::memcpy(image.row(y), view.row(y), image.stride());
    }
    return image;
}

Coverage coverage_of(const ImageView& image) {
    const Pixel alpha = pixel(0, 0, 0, 255);
    bool is_full = true;
    bool is_empty = true;
    for (int y = 0; y < image.height && (is_full || is_empty); ++y) {
        is_full = is_full && (common_bits(image.row(y), image.width) & alpha) == alpha;
        is_empty = is_empty && (any_bits(image.row(y), image.width) & alpha) == 0;
    }
    return is_empty ? Coverage::none : is_full ? Coverage::full : Coverage::partial;
}

bool is_uniform(const ImageView& image) {
    const Pixel first = load(image.first, 0);
    for (int y = 0; y < image.height; ++y) {
        if (common_bits(image.row(y), image.width) != first ||
            any_bits(image.row(y), image.width) != first) {
            return false;
        }
    }
    return true;
}

Image halved(const ImageView& image) {
    const Pixel alpha = pixel(0, 0, 0, 255);
    Image half{image.width / 2, image.height / 2};
    for (int y = 0; y < half.height; ++y) {
        const auto* const upper = image.row(2 * y);
        const auto* const lower = image.row(2 * y + 1);
        const bool is_opaque =
            (common_bits(upper, image.width) & common_bits(lower, image.width) & alpha) == alpha;
        if (is_opaque) {
            halve_opaque(upper, lower, half.row(y), half.width);
        } else {
            halve_weighted(upper, lower, half.row(y), half.width);
        }
    }
    return half;
}

}  // namespace offgrid
