#include "pack/sampler.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace offgrid {
namespace {

const std::uint8_t* pixel_of(const Window& window, std::int64_t x, std::int64_t y) {
    return window.pixels.row(static_cast<int>(y - window.y)) + 4 * (x - window.x);
}

std::uint32_t load(const std::uint8_t* pixel) {
    std::uint32_t value = 0;
    std::memcpy(&value, pixel, sizeof value);
    return value;
}

/// A sum of premultiplied pixels as one of them. Kernels with negative lobes overshoot: no colour
/// may be more than its alpha, and where alpha is more than opaque all is brought back.
void store(const float (&sum)[4], std::uint8_t* out) {
    const float scale = sum[3] > 255 ? 255 / sum[3] : 1;
    const float alpha = std::clamp(sum[3], 0.0F, 255.0F);
    for (int c = 0; c < 3; ++c) {
        out[c] = static_cast<std::uint8_t>(std::clamp(sum[c] * scale, 0.0F, alpha) + 0.5F);
    }
    out[3] = static_cast<std::uint8_t>(alpha + 0.5F);
}

/// Add up to four rows, each with its weight, to the sums; `is_first`: set them.
void add_rows(const std::uint8_t* const (&rows)[4], const float (&weights)[4], bool is_first,
              std::size_t size, float* __restrict sums) {
    const std::uint8_t* __restrict a = rows[0];
    const std::uint8_t* __restrict b = rows[1];
    const std::uint8_t* __restrict c = rows[2];
    const std::uint8_t* __restrict d = rows[3];
    const float weight_a = weights[0];
    const float weight_b = weights[1];
    const float weight_c = weights[2];
    const float weight_d = weights[3];
    if (is_first) {
        for (std::size_t i = 0; i < size; ++i) {
            sums[i] = static_cast<float>(a[i]) * weight_a + static_cast<float>(b[i]) * weight_b +
                      static_cast<float>(c[i]) * weight_c + static_cast<float>(d[i]) * weight_d;
        }
        return;
    }
    for (std::size_t i = 0; i < size; ++i) {
        sums[i] += static_cast<float>(a[i]) * weight_a + static_cast<float>(b[i]) * weight_b +
                   static_cast<float>(c[i]) * weight_c + static_cast<float>(d[i]) * weight_d;
    }
}

}  // namespace

std::uint32_t Sampler::pixel(const Window& window, const KernelTaps& columns,
                             const KernelTaps& rows) {
    if (resampling_ == Resampling::nearest) {
        return load(pixel_of(window, columns.first, rows.first));
    }
    if (resampling_ == Resampling::mode) {
        return most_frequent(window, columns, rows);
    }
    float sum[4] = {};
    auto y = rows.first;
    for (const float row_weight : rows.weights) {
        const auto* sample = pixel_of(window, columns.first, y++);
        float across[4] = {};
        for (const float weight : columns.weights) {
            for (int c = 0; c < 4; ++c) {
                across[c] += static_cast<float>(sample[c]) * weight;
            }
            sample += 4;
        }
        for (int c = 0; c < 4; ++c) {
            sum[c] += across[c] * row_weight;
        }
    }
    std::uint8_t out[4];
    store(sum, out);
    return load(out);
}

void Sampler::row(const Window& window, const TapTable& columns, const TapRange& range,
                  const KernelTaps& rows, std::uint8_t* out) {
    if (!keeps_values(resampling_)) {
        weighted_row(window, columns, range, rows, out);
        return;
    }
    for (auto i = range.first; i < range.end; ++i, out += 4) {
        const auto taps = columns[i];
        const auto value = taps.weights.empty() ? 0 : pixel(window, taps, rows);
        std::memcpy(out, &value, sizeof value);
    }
}

/// First the rows, over the whole width of the window, then the columns.
void Sampler::weighted_row(const Window& window, const TapTable& columns, const TapRange& range,
                           const KernelTaps& rows, std::uint8_t* out) {
    const auto width = window.pixels.stride();
    sums_.resize(width);
    for (std::size_t tap = 0; tap < rows.weights.size(); tap += 4) {
        const std::uint8_t* four[4] = {};
        float weights[4] = {};
        for (std::size_t i = 0; i < 4; ++i) {
            const bool is_there = tap + i < rows.weights.size();
            const auto y = rows.first + static_cast<std::int64_t>(is_there ? tap + i : tap);
            four[i] = pixel_of(window, window.x, y);
            weights[i] = is_there ? rows.weights[tap + i] : 0;
        }
        add_rows(four, weights, tap == 0, width, sums_.data());
    }
    for (auto i = range.first; i < range.end; ++i, out += 4) {
        const auto taps = columns[i];
        const auto* sample = sums_.data();
        if (!taps.weights.empty()) {
            sample += 4 * (taps.first - window.x);
        }
        float sum[4] = {};
        for (const float weight : taps.weights) {
            for (int c = 0; c < 4; ++c) {
                sum[c] += sample[c] * weight;
            }
            sample += 4;
        }
        store(sum, out);
    }
}

std::uint32_t Sampler::most_frequent(const Window& window, const KernelTaps& columns,
                                     const KernelTaps& rows) {
    const auto samples = columns.weights.size() * rows.weights.size();
    if (samples == 1) {
        return load(pixel_of(window, columns.first, rows.first));
    }
    shares_.clear();
    slots_.assign(std::bit_ceil(2 * samples), 0);
    auto y = rows.first;
    for (const float row_weight : rows.weights) {
        const auto* sample = pixel_of(window, columns.first, y++);
        for (const float weight : columns.weights) {
            share_of(load(sample)).sum += static_cast<std::uint64_t>(row_weight * weight);
            sample += 4;
        }
    }
    return std::ranges::max_element(shares_, {}, &Share::sum)->pixel;  // the first of equals
}

Sampler::Share& Sampler::share_of(std::uint32_t pixel) {
    if (!shares_.empty() && shares_.back().pixel == pixel) {
        return shares_.back();
    }
    constexpr std::uint32_t golden = 0x9E3779B1;  // Knuth's multiplicative hash
    const auto mask = slots_.size() - 1;
    auto slot = ((pixel * golden) >> 8) & mask;
    while (slots_[slot] != 0) {
        auto& share = shares_[slots_[slot] - 1];
        if (share.pixel == pixel) {
            return share;
        }
        slot = (slot + 1) & mask;
    }
    shares_.push_back({pixel, 0});
    slots_[slot] = static_cast<std::uint32_t>(shares_.size());
    return shares_.back();
}

}  // namespace offgrid
