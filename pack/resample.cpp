#include "pack/resample.h"

#include "formats/image/composite.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <iterator>

namespace offgrid {
namespace {

constexpr unsigned whole_weight = 256;
constexpr int max_taps = static_cast<int>(std::size(Taps{}.weights));

std::uint32_t load(const std::uint8_t* pixel) {
    std::uint32_t value = 0;
    std::memcpy(&value, pixel, sizeof value);
    return value;
}

void store(std::uint8_t* pixel, std::uint32_t value) {
    std::memcpy(pixel, &value, sizeof value);
}

/// The four bytes of a pixel, each in a lane of 16 bits. As weights sum to 256, sums of lanes do
/// not overflow.
constexpr std::uint64_t lanes = 0x00FF00FF00FF00FF;

std::uint64_t spread(std::uint32_t pixel) {
    const std::uint64_t value = pixel;
    return (value & 0x00FF00FF) | ((value & 0xFF00FF00) << 24);
}

std::uint32_t gathered(std::uint64_t value) {
    return static_cast<std::uint32_t>((value & 0x00FF00FF) | ((value >> 24) & 0xFF00FF00));
}

/// A weighted sum of spread pixels, rounded to 8 bits a lane.
std::uint64_t rounded(std::uint64_t sum) {
    return ((sum + 0x0080008000800080) >> 8) & lanes;
}

/// Make the weights sum to 256 exactly; what rounding leaves goes to the largest.
void set_weights(Taps& taps, std::span<const double> weights) {
    double sum = 0;
    for (const double weight : weights) {
        sum += weight;
    }
    int left = whole_weight;
    std::size_t largest = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const auto share = static_cast<int>(std::lround(weights[i] / sum * whole_weight));
        taps.weights[i] = static_cast<std::uint16_t>(share);
        left -= share;
        largest = weights[i] > weights[largest] ? i : largest;
    }
    taps.weights[largest] = static_cast<std::uint16_t>(taps.weights[largest] + left);
    taps.count = static_cast<int>(weights.size());
}

/// Samples between neighbouring positions, at position i.
double spacing(std::span<const double> positions, std::size_t i) {
    const auto last = positions.size() - 1;
    if (last == 0) {
        return 1;
    }
    const auto from = i == 0 ? 0 : i - 1;
    const auto to = std::min(last, i + 1);
    const double distance =
        std::abs(positions[to] - positions[from]) / static_cast<double>(to - from);
    // Where a world wraps around, the neighbour is far: it says nothing about the scale.
    return distance < 0.5 * (max_taps - 1) ? distance : 1;
}

void vertical(const Window& window, const Taps& rows, std::size_t first, std::size_t size,
              std::uint8_t* __restrict out) {
    const auto row = [&](int tap) {
        return window.pixels.row(static_cast<int>(rows.first + tap - window.y)) + first;
    };
    const std::uint8_t* __restrict a = row(0);
    const std::uint8_t* __restrict b = rows.count > 1 ? row(1) : a;
    const std::uint16_t weight_a = rows.weights[0];
    const std::uint16_t weight_b = rows.count > 1 ? rows.weights[1] : std::uint16_t{0};
    if (weight_a == whole_weight) {
        std::memcpy(out, a, size);
        return;
    }
    if (rows.count <= 2) {
        for (std::size_t i = 0; i < size; ++i) {
            const auto sum = static_cast<std::uint16_t>(a[i] * weight_a + b[i] * weight_b + 128);
            out[i] = static_cast<std::uint8_t>(sum >> 8);
        }
        return;
    }
    const std::uint8_t* __restrict c = row(2);
    const std::uint16_t weight_c = rows.weights[2];
    if (rows.count == 3) {
        for (std::size_t i = 0; i < size; ++i) {
            const auto sum = static_cast<std::uint16_t>(a[i] * weight_a + b[i] * weight_b +
                                                        c[i] * weight_c + 128);
            out[i] = static_cast<std::uint8_t>(sum >> 8);
        }
        return;
    }
    const std::uint8_t* __restrict d = row(3);
    const std::uint8_t* __restrict e = rows.count > 4 ? row(4) : d;
    const std::uint8_t* __restrict f = rows.count > 5 ? row(5) : d;
    const std::uint16_t weight_d = rows.weights[3];
    const std::uint16_t weight_e = rows.weights[4];  // 0 beyond the count
    const std::uint16_t weight_f = rows.weights[5];
    for (std::size_t i = 0; i < size; ++i) {
        const auto sum =
            static_cast<std::uint16_t>(a[i] * weight_a + b[i] * weight_b + c[i] * weight_c +
                                       d[i] * weight_d + e[i] * weight_e + f[i] * weight_f + 128);
        out[i] = static_cast<std::uint8_t>(sum >> 8);
    }
}

}  // namespace

std::vector<Taps> bilinear_taps(std::span<const double> positions, std::int64_t size) {
    std::vector<Taps> all(positions.size());
    for (std::size_t i = 0; i < positions.size(); ++i) {
        const double position = positions[i];
        if (!(position >= 0 && position < static_cast<double>(size))) {
            continue;
        }
        const double radius = std::clamp(spacing(positions, i), 1.0, 0.5 * (max_taps - 1));
        auto& taps = all[i];
        const auto first = static_cast<std::int64_t>(std::ceil(position - 0.5 - radius));
        const auto last = static_cast<std::int64_t>(std::floor(position - 0.5 + radius));
        taps.first = std::max<std::int64_t>(0, first);
        double weights[max_taps];
        std::size_t count = 0;
        for (auto sample = taps.first; sample <= std::min(last, size - 1); ++sample) {
            const double distance = std::abs(static_cast<double>(sample) + 0.5 - position);
            const double weight = 1 - distance / radius;
            if (weight <= 0 && count == 0) {
                taps.first = sample + 1;
            } else if (weight > 0 && count < max_taps) {
                weights[count++] = weight;
            }
        }
        set_weights(taps, {weights, count});
    }
    return all;
}

void premultiply(Image& image) {
    for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
        auto* const pixel = &image.rgba[i];
        const unsigned alpha = pixel[3];
        if (alpha == 0) {
            std::memset(pixel, 0, 4);
        } else if (alpha != 255) {
            for (int c = 0; c < 3; ++c) {
                pixel[c] = static_cast<std::uint8_t>((pixel[c] * alpha + 127) / 255);
            }
        }
    }
}

void unpremultiply(std::uint8_t* rgba, int width) {
    for (auto* pixel = rgba; pixel != rgba + 4 * static_cast<std::ptrdiff_t>(width); pixel += 4) {
        const unsigned alpha = pixel[3];
        if (alpha == 0 || alpha == 255) {
            continue;
        }
        for (int c = 0; c < 3; ++c) {
            pixel[c] =
                static_cast<std::uint8_t>(std::min(255U, (pixel[c] * 255 + alpha / 2) / alpha));
        }
    }
}

void resample_row(const Window& window, const Taps& rows, std::span<const Taps> columns,
                  std::vector<std::uint8_t>& scratch, std::uint8_t* out) {
    if (rows.count == 0) {
        std::memset(out, 0, 4 * columns.size());
        return;
    }
    scratch.resize(window.pixels.stride());
    vertical(window, rows, 0, window.pixels.stride(), scratch.data());
    const auto* const row = scratch.data();
    for (const auto& taps : columns) {
        std::uint64_t sum = 0;
        const auto* sample = row + 4 * (taps.first - window.x);
        if (taps.count == 2) {
            sum =
                spread(load(sample)) * taps.weights[0] + spread(load(sample + 4)) * taps.weights[1];
        } else {
            for (int tap = 0; tap < taps.count; ++tap, sample += 4) {
                sum += spread(load(sample)) * taps.weights[tap];
            }
        }
        store(out, gathered(rounded(sum)));
        out += 4;
    }
}

std::uint32_t sample_bilinear(const Window& window, double x, double y) {
    const double left = x - 0.5 - static_cast<double>(window.x);
    const double top = y - 0.5 - static_cast<double>(window.y);
    const double floor_x = std::floor(left);
    const double floor_y = std::floor(top);
    const auto weight_x = static_cast<std::uint64_t>((left - floor_x) * whole_weight);
    const auto weight_y = static_cast<std::uint64_t>((top - floor_y) * whole_weight);
    const int last_x = window.pixels.width - 1;
    const int last_y = window.pixels.height - 1;
    const int x0 = std::clamp(static_cast<int>(floor_x), 0, last_x);
    const int x1 = std::clamp(static_cast<int>(floor_x) + 1, 0, last_x);
    const auto* const upper = window.pixels.row(std::clamp(static_cast<int>(floor_y), 0, last_y));
    const auto* const lower =
        window.pixels.row(std::clamp(static_cast<int>(floor_y) + 1, 0, last_y));
    const auto across = [&](const std::uint8_t* row) {
        return rounded(spread(load(row + 4 * x0)) * (whole_weight - weight_x) +
                       spread(load(row + 4 * x1)) * weight_x);
    };
    return gathered(rounded(across(upper) * (whole_weight - weight_y) + across(lower) * weight_y));
}

std::uint32_t sample_nearest(const Window& window, double x, double y) {
    const int column = static_cast<int>(x - static_cast<double>(window.x));
    const int row = static_cast<int>(y - static_cast<double>(window.y));
    return load(window.pixels.row(std::clamp(row, 0, window.pixels.height - 1)) +
                4 * std::clamp(column, 0, window.pixels.width - 1));
}

void lay_over(std::span<std::uint8_t> top, bool is_premultiplied, std::uint8_t* bottom) {
    const auto width = static_cast<int>(top.size() / 4);
    if (is_premultiplied) {
        unpremultiply(top.data(), width);
    }
    composite_over(top.data(), bottom, width);
}

Image picked(const Image& image, int x_factor, int y_factor) {
    assert(x_factor >= 1 && x_factor <= 1 << 22 && y_factor >= 1 && y_factor <= 1 << 22);
    Image some{(image.width + x_factor - 1) / x_factor, (image.height + y_factor - 1) / y_factor};
    for (int y = 0; y < some.height; ++y) {
        const int end_y = std::min((y + 1) * y_factor, image.height);
        const auto* const row = image.row((y * y_factor + end_y) / 2);
        auto* out = some.row(y);
        for (int x = 0; x < some.width; ++x, out += 4) {
            const int end_x = std::min((x + 1) * x_factor, image.width);
            store(out, load(row + 4 * static_cast<std::ptrdiff_t>((x * x_factor + end_x) / 2)));
        }
    }
    return some;
}

Image box_reduced(const Image& image, int x_factor, int y_factor) {
    assert(x_factor >= 1 && x_factor <= 1 << 22 && y_factor >= 1 && y_factor <= 1 << 22);
    Image reduced{(image.width + x_factor - 1) / x_factor,
                  (image.height + y_factor - 1) / y_factor};
    std::vector<std::uint32_t> sums(image.stride());
    for (int y = 0; y < reduced.height; ++y) {
        std::ranges::fill(sums, 0U);
        const int end_y = std::min((y + 1) * y_factor, image.height);
        for (int from = y * y_factor; from < end_y; ++from) {
            const auto* const row = image.row(from);
            for (std::size_t i = 0; i < sums.size(); ++i) {
                sums[i] += row[i];
            }
        }
        auto* out = reduced.row(y);
        for (int x = 0; x < reduced.width; ++x, out += 4) {
            std::uint64_t total[4] = {};
            const int end_x = std::min((x + 1) * x_factor, image.width);
            for (int from = x * x_factor; from < end_x; ++from) {
                for (std::size_t c = 0; c < 4; ++c) {
                    total[c] += sums[4 * static_cast<std::size_t>(from) + c];
                }
            }
            const auto count = static_cast<std::uint64_t>(end_x - x * x_factor) *
                               static_cast<std::uint64_t>(end_y - y * y_factor);
            for (std::size_t c = 0; c < 4; ++c) {
                out[c] = static_cast<std::uint8_t>((total[c] + count / 2) / count);
            }
        }
    }
    return reduced;
}

}  // namespace offgrid
