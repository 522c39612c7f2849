#pragma once

#include "formats/image/kernel.h"
#include "pack/resample.h"

#include <cstdint>
#include <vector>

namespace offgrid {

/// Some neighbouring entries of a TapTable, half-open.
struct TapRange {
    std::size_t first = 0;
    std::size_t end = 0;

    std::size_t size() const { return end - first; }
};

/// Makes pixels out of a window by the taps of both axes: the weighted mean, or for `nearest` and
/// `mode` one of the window's pixels. The other way is `resample_row`, which is bilinear and
/// faster. Keeps working memory: one thread at a time.
class Sampler {
public:
    explicit Sampler(Resampling resampling) : resampling_{resampling} {}

    /// One pixel. REQUIRES: the window holds every sample of the taps, here and below; the taps are
    /// not empty.
    std::uint32_t pixel(const Window& window, const KernelTaps& columns, const KernelTaps& rows);

    /// One row of the result: the pixels of some `columns`; those without taps are transparent.
    void row(const Window& window, const TapTable& columns, const TapRange& range,
             const KernelTaps& rows, std::uint8_t* out);

private:
    /// A pixel of the window, and how much of them there is.
    struct Share {
        std::uint32_t pixel = 0;
        std::uint64_t sum = 0;
    };

    std::uint32_t most_frequent(const Window& window, const KernelTaps& columns,
                                const KernelTaps& rows);
    Share& share_of(std::uint32_t pixel);
    void weighted_row(const Window& window, const TapTable& columns, const TapRange& range,
                      const KernelTaps& rows, std::uint8_t* out);

    Resampling resampling_;
    std::vector<float> sums_;           // of a row
    std::vector<Share> shares_;         // in the order in which they were met
    std::vector<std::uint32_t> slots_;  // a hash table: index into shares_ and 1, or 0
};

}  // namespace offgrid
