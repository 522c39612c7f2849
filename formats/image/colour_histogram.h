#pragma once

#include "formats/image/image.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace offgrid {

/// The colours of an image and how many pixels have each. Colours that differ in their lowest bits
/// only may be counted as one; all transparent pixels are, and never with others, nor are opaque
/// pixels ever counted with others.
///
/// Owns memory that is used again. One thread at a time.
class ColourHistogram {
public:
    static constexpr std::size_t max_bins = std::size_t{1} << 14;

    struct Bin {
        std::uint32_t pixels = 0;
        std::array<std::uint64_t, 4> sums{};  ///< of red, green, blue and alpha over its pixels

        /// The mean of its pixels, rounded.
        std::array<std::uint8_t, 4> colour() const;
    };

    /// Count without the lowest bits of each channel. False, and nothing is counted, where that
    /// makes more bins than `limit`; never with 5 bits dropped and `max_bins`. REQUIRES: a limit up
    /// to `max_bins`.
    bool count(const ImageView& image, int dropped_bits, std::size_t limit);

    /// In the order in which their first pixels come.
    std::span<const Bin> bins() const { return bins_; }

    /// The number of the bin of each pixel; rows from the top without gaps.
    std::span<const std::uint16_t> pixels() const { return pixels_; }

private:
    /// The number of the bin of the key, `limit` where there is no room for another.
    std::size_t bin_of(std::uint32_t key, std::size_t limit);

    struct Slot {
        std::uint32_t key = 0;
        std::uint32_t number = 0;  ///< of the bin, from 1; 0: free
    };

    std::vector<Slot> slots_{};  ///< open addressing, linear probing
    std::vector<Bin> bins_{};
    std::vector<std::uint16_t> pixels_{};
};

}  // namespace offgrid
