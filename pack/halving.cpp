#include "pack/halving.h"

#include "formats/image/kernel.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <numeric>

namespace offgrid {
namespace {

/// Frames are multiples of this, as transformed sources are drawn in cells of that size.
constexpr int frame_step = 32;

/// Light from dark to bright, where it is linear.
constexpr int light_steps = 65536;

/// A kernel counts where it sees at least this share of what shows; elsewhere, at ragged edges,
/// its negative lobes would be all that is left, and the mean is taken.
constexpr float least_seen = 0.25F;

double linear_of(double code) {
    return code <= 0.04045 ? code / 12.92 : std::pow((code + 0.055) / 1.055, 2.4);
}

double code_of(double linear) {
    return linear <= 0.0031308 ? linear * 12.92 : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}

std::uint32_t load(const std::uint8_t* row, int x) {
    std::uint32_t value = 0;
    std::memcpy(&value, row + 4 * static_cast<std::size_t>(x), sizeof value);
    return value;
}

/// The most frequent of four, the first of equals.
std::uint32_t mode_of(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    if (a == b || a == c || a == d) {
        return a;
    }
    if (b == c || b == d) {
        return b;
    }
    return c == d ? c : a;
}

/// One of each four pixels.
Image chosen(const ImageView& image, Resampling resampling) {
    Image half{image.width / 2, image.height / 2};
    for (int y = 0; y < half.height; ++y) {
        const auto* const upper = image.row(2 * y);
        const auto* const lower = image.row(2 * y + 1);
        auto* out = half.row(y);
        for (int x = 0; x < half.width; ++x, out += 4) {
            auto pixel = load(upper, 2 * x);
            if (resampling == Resampling::mode) {
                pixel = mode_of(pixel, load(upper, 2 * x + 1), load(lower, 2 * x),
                                load(lower, 2 * x + 1));
            }
            std::memcpy(out, &pixel, sizeof pixel);
        }
    }
    return half;
}

/// The frame that is left of one; even, so that pixels still come in pairs.
int halved_frame(int frame, int reach) {
    return (frame - reach) / 4 * 2;
}

}  // namespace

Halving::Halving(Resampling resampling, Light light) : resampling_{resampling}, light_{light} {
    if (resampling == Resampling::cubic || resampling == Resampling::lanczos) {
        // The kernel is twice as wide as at full size; the centre is between two pixels.
        reach_ = static_cast<int>(2 * kernel_radius(resampling)) - 1;
        for (int i = -reach_ - 1; i <= reach_; ++i) {
            weights_.push_back(static_cast<float>(kernel_at(resampling, (i + 0.5) / 2)));
        }
        const auto sum = std::accumulate(weights_.begin(), weights_.end(), 0.0F);
        std::ranges::for_each(weights_, [sum](float& weight) { weight /= sum; });
    }
    for (std::size_t code = 0; code < 256; ++code) {
        const auto value = static_cast<double>(code);
        light_of_[code] = static_cast<float>(
            light == Light::encoded ? value
                                    : std::round(linear_of(value / 255) * (light_steps - 1)));
    }
    if (light == Light::linear) {
        most_ = light_steps - 1;
        for (int i = 0; i < light_steps; ++i) {
            code_of_.push_back(static_cast<std::uint8_t>(
                std::lround(255 * code_of(static_cast<double>(i) / (light_steps - 1)))));
        }
    }
}

int Halving::frame_for(int levels) const {
    int frame = 0;
    for (int i = 0; i < levels && reach_ > 0; ++i) {
        frame = (2 * frame + reach_ + 1) / 2 * 2;
    }
    return (frame + frame_step - 1) / frame_step * frame_step;
}

Framed Halving::halved(const Framed& framed) const {
    return reach_ > 0 ? by_kernel(framed) : Framed{halved(framed.inner()), 0};
}

Image Halving::halved(const ImageView& image) const {
    if (keeps_values(resampling_)) {
        return chosen(image, resampling_);
    }
    return light_ == Light::linear ? linear_mean(image) : offgrid::halved(image);
}

std::uint8_t Halving::encoded(float light) const {
    const float rounded = std::clamp(light, 0.0F, most_) + 0.5F;
    return code_of_.empty() ? static_cast<std::uint8_t>(rounded)
                            : code_of_[static_cast<std::size_t>(rounded)];
}

Image Halving::linear_mean(const ImageView& image) const {
    constexpr float none[4] = {};
    Image half{image.width / 2, image.height / 2};
    for (int y = 0; y < half.height; ++y) {
        const auto* upper = image.row(2 * y);
        const auto* lower = image.row(2 * y + 1);
        auto* out = half.row(y);
        for (int x = 0; x < half.width; ++x, upper += 8, lower += 8, out += 4) {
            finish(none, upper, lower, out);
        }
    }
    return half;
}

/// Both axes with one after the other, the columns first: a row that was made narrower is kept
/// until the last row that needs it.
Framed Halving::by_kernel(const Framed& framed) const {
    const int frame = halved_frame(framed.frame, reach_);
    const int skipped = framed.frame - 2 * frame;  // of the frame, before the first pair
    assert(framed.frame >= reach_ && skipped >= reach_);
    const auto inner = framed.inner();
    Framed half{Image{inner.width / 2 + 2 * frame, inner.height / 2 + 2 * frame}, frame};
    const auto count = weights_.size();
    const auto width = half.pixels.stride();
    std::vector<float> line(framed.pixels.stride());
    std::vector<float> kept(count * width);
    std::vector<float> sums(width);
    int next = skipped - reach_;
    for (int y = 0; y < half.pixels.height; ++y) {
        const int first = skipped - reach_ + 2 * y;
        for (; next < first + static_cast<int>(count); ++next) {
            across(framed.pixels.row(next), skipped - reach_, line,
                   std::span{kept}.subspan(static_cast<std::size_t>(next) % count * width, width));
        }
        std::ranges::fill(sums, 0.0F);
        for (std::size_t tap = 0; tap < count; ++tap) {
            const float* __restrict row =
                &kept[(static_cast<std::size_t>(first) + tap) % count * width];
            float* __restrict out = sums.data();
            const float weight = weights_[tap];
            for (std::size_t i = 0; i < width; ++i) {
                out[i] += row[i] * weight;
            }
        }
        const auto* upper = framed.pixels.row(skipped + 2 * y) + 4 * skipped;
        const auto* lower = framed.pixels.row(skipped + 2 * y + 1) + 4 * skipped;
        auto* out = half.pixels.row(y);
        for (std::size_t x = 0; x < width; x += 4, upper += 8, lower += 8) {
            finish(&sums[x], upper, lower, out + x);
        }
    }
    return half;
}

/// A row of the image at half its width: light, premultiplied by alpha from 0 to 1, and alpha.
/// `first` is the first column that counts, `line` working memory.
void Halving::across(const std::uint8_t* row, int first, std::vector<float>& line,
                     std::span<float> out) const {
    for (auto to = line.begin(); to != line.end(); to += 4, row += 4) {
        const float alpha = static_cast<float>(row[3]) / 255;
        for (int c = 0; c < 3; ++c) {
            to[c] = light_of_[row[c]] * alpha;
        }
        to[3] = alpha;
    }
    const float* sample = &line[4 * static_cast<std::size_t>(first)];
    for (std::size_t x = 0; x < out.size(); x += 4, sample += 8) {
        float sum[4] = {};
        for (std::size_t tap = 0; tap < weights_.size(); ++tap) {
            for (std::size_t c = 0; c < 4; ++c) {
                sum[c] += sample[4 * tap + c] * weights_[tap];
            }
        }
        std::copy(sum, sum + 4, &out[x]);
    }
}

/// The colour of a kernel's sum, and the alpha of the four pixels.
void Halving::finish(const float* sum, const std::uint8_t* upper, const std::uint8_t* lower,
                     std::uint8_t* out) const {
    const std::uint8_t* const four[4] = {upper, upper + 4, lower, lower + 4};
    unsigned alpha = 0;
    for (const auto* const pixel : four) {
        alpha += pixel[3];
    }
    if (alpha == 0) {
        std::memset(out, 0, 4);
        return;
    }
    out[3] = static_cast<std::uint8_t>((alpha + 2) / 4);
    const float shown = static_cast<float>(alpha) / (4 * 255);
    if (sum[3] >= least_seen * shown) {
        for (int c = 0; c < 3; ++c) {
            out[c] = encoded(sum[c] / sum[3]);
        }
        return;
    }
    for (int c = 0; c < 3; ++c) {
        float total = 0;
        for (const auto* const pixel : four) {
            total += light_of_[pixel[c]] * static_cast<float>(pixel[3]);
        }
        out[c] = encoded(total / static_cast<float>(alpha));
    }
}

}  // namespace offgrid
