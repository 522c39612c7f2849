#include "formats/image/colour_histogram.h"

#include <algorithm>

namespace offgrid {
namespace {

/// Twice the bins: at most half of the slots are taken.
constexpr int slot_bits = 15;
static_assert(std::size_t{1} << slot_bits == 2 * ColourHistogram::max_bins);

/// What pixels of one bin have in common. A pixel that is neither opaque nor transparent has an
/// alpha between 1 and 254 here, whatever bits are dropped.
std::uint32_t key_of(const std::uint8_t* pixel, int dropped_bits) {
    if (pixel[3] == 0) {
        return 0;
    }
    const std::uint32_t kept = 0xFFU << dropped_bits & 0xFFU;
    const std::uint32_t alpha = pixel[3] == 255 ? 255 : std::max(pixel[3] & kept, 1U);
    return (pixel[0] & kept) << 24 | (pixel[1] & kept) << 16 | (pixel[2] & kept) << 8 | alpha;
}

std::size_t slot_of(std::uint32_t key) {
    return key * 2654435769U >> (32 - slot_bits);  // Fibonacci hashing
}

}  // namespace

std::array<std::uint8_t, 4> ColourHistogram::Bin::colour() const {
    std::array<std::uint8_t, 4> mean{};
    std::ranges::transform(sums, mean.begin(), [this](std::uint64_t sum) {
        return static_cast<std::uint8_t>((sum + pixels / 2) / pixels);
    });
    return mean;
}

bool ColourHistogram::count(const ImageView& image, int dropped_bits, std::size_t limit) {
    slots_.assign(2 * max_bins, {});
    bins_.clear();
    pixels_.clear();
    pixels_.reserve(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height));
    for (int y = 0; y < image.height; ++y) {
        const auto* pixel = image.row(y);
        for (int x = 0; x < image.width; ++x, pixel += 4) {
            const auto number = bin_of(key_of(pixel, dropped_bits), limit);
            if (number == limit) {
                bins_.clear();
                pixels_.clear();
                return false;
            }
            auto& bin = bins_[number];
            ++bin.pixels;
            for (std::size_t c = 0; pixel[3] != 0 && c < 4; ++c) {
                bin.sums[c] += pixel[c];
            }
            pixels_.push_back(static_cast<std::uint16_t>(number));
        }
    }
    return true;
}

std::size_t ColourHistogram::bin_of(std::uint32_t key, std::size_t limit) {
    auto at = slot_of(key);
    while (slots_[at].number != 0 && slots_[at].key != key) {
        at = (at + 1) % (2 * max_bins);
    }
    if (slots_[at].number != 0) {
        return slots_[at].number - 1;
    }
    if (bins_.size() == limit) {
        return limit;
    }
    bins_.emplace_back();
    slots_[at] = {.key = key, .number = static_cast<std::uint32_t>(bins_.size())};
    return bins_.size() - 1;
}

}  // namespace offgrid
