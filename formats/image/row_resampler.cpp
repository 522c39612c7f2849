#include "formats/image/row_resampler.h"

#include <algorithm>
#include <cassert>

namespace offgrid {
namespace {

/// A sum of alphas of this much is all that there can be, but for rounding.
constexpr float opaque = 1 - 1e-5F;

std::uint8_t rounded(float value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F) + 0.5F);
}

void store(const float* sum, std::uint8_t* out) {
    const float alpha = sum[3];
    const float scale = alpha >= opaque ? 1 : alpha > 0 ? 1 / alpha : 0;
    for (int c = 0; c < 3; ++c) {
        out[c] = rounded(sum[c] * scale);
    }
    out[3] = rounded(alpha * 255);
}

}  // namespace

RowResampler::Span RowResampler::span_of(const TapTable& taps) {
    Span span;
    for (std::size_t i = 0; i < taps.size(); ++i) {
        const auto entry = taps[i];
        if (entry.weights.empty()) {
            continue;
        }
        const bool is_first = span.first == span.end;
        span.first = is_first ? entry.first : std::min(span.first, entry.first);
        span.end = is_first ? entry.end() : std::max(span.end, entry.end());
    }
    return span;
}

std::size_t RowResampler::longest_of(const TapTable& taps) {
    std::size_t longest = 0;
    for (std::size_t i = 0; i < taps.size(); ++i) {
        longest = std::max(longest, taps[i].weights.size());
    }
    return longest;
}

RowResampler::RowResampler(const TapTable& columns, const TapTable& rows, std::int64_t first_column)
    : columns_{columns},
      rows_{rows},
      first_column_{first_column},
      next_{span_of(rows).first},
      ring_{longest_of(rows)},
      kept_(ring_ * 4 * columns.size()),
      is_shown_(ring_),
      sums_(4 * columns.size()) {}

void RowResampler::row(std::size_t y, const Source& source, std::span<std::uint8_t> out) {
    assert(out.size() == sums_.size());
    const auto taps = rows_[y];
    std::ranges::fill(out, std::uint8_t{0});
    if (taps.weights.empty()) {
        return;
    }
    assert(taps.first >= next_ - static_cast<std::int64_t>(ring_));
    for (next_ = std::max(next_, taps.first); next_ < taps.end(); ++next_) {
        const auto* const samples = source(next_);
        is_shown_[static_cast<std::size_t>(next_) % ring_] = samples != nullptr;
        if (samples != nullptr) {
            across(samples, kept(next_));
        }
    }
    std::ranges::fill(sums_, 0.0F);
    bool is_empty = true;
    for (std::size_t tap = 0; tap < taps.weights.size(); ++tap) {
        const auto from = taps.first + static_cast<std::int64_t>(tap);
        if (is_shown_[static_cast<std::size_t>(from) % ring_] == 0) {
            continue;
        }
        is_empty = false;
        const float weight = taps.weights[tap];
        const float* __restrict samples = kept(from).data();
        float* __restrict sums = sums_.data();
        for (std::size_t i = 0; i < sums_.size(); ++i) {
            sums[i] += samples[i] * weight;
        }
    }
    for (std::size_t i = 0; !is_empty && i < sums_.size(); i += 4) {
        store(&sums_[i], &out[i]);
    }
}

std::span<float> RowResampler::kept(std::int64_t row) {
    return std::span{kept_}.subspan(static_cast<std::size_t>(row) % ring_ * sums_.size(),
                                    sums_.size());
}

void RowResampler::across(const std::uint8_t* samples, std::span<float> out) const {
    for (std::size_t x = 0; x < columns_.size(); ++x) {
        const auto taps = columns_[x];
        float sum[4] = {};
        const auto* sample =
            taps.weights.empty() ? samples : samples + 4 * (taps.first - first_column_);
        for (const float weight : taps.weights) {
            const float alpha = static_cast<float>(sample[3]) * weight * (1.0F / 255);
            for (int c = 0; c < 3; ++c) {
                sum[c] += static_cast<float>(sample[c]) * alpha;
            }
            sum[3] += alpha;
            sample += 4;
        }
        std::copy(sum, sum + 4, &out[4 * x]);
    }
}

}  // namespace offgrid
