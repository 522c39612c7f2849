#pragma once

#include "formats/image/resampling.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace offgrid {

/// Where a pixel of the result lies on one axis of the source, in samples from the edge of the
/// first one (its centre is 0.5), and how many samples it spans. A value.
struct Footprint {
    double centre = 0;
    double width = 1;
};

/// Neighbouring samples of one axis and what each counts. Borrowed from a TapTable.
struct KernelTaps {
    std::int64_t first = 0;            ///< index of the first sample
    std::span<const float> weights{};  ///< empty: the pixel lies outside the source

    std::int64_t end() const { return first + static_cast<std::int64_t>(weights.size()); }
};

/// The samples of one axis that make pixels, by any kernel. Where pixels span more than a sample
/// the kernel is widened, so that every sample counts. One thread at a time.
///
/// Weights sum to 1; those of `mode` are the whole 256ths of a pixel, or of a sample where that is
/// less, that they share, so that equal shares compare as equal.
class TapTable {
public:
    explicit TapTable(Resampling resampling) : resampling_{resampling} {}

    /// Forget all, and keep the memory.
    void clear();

    /// Add a pixel. It gets no taps when its centre lies outside the `size` samples.
    void add(const Footprint& footprint, std::int64_t size);

    std::size_t size() const { return entries_.size(); }

    /// Valid until something is added. REQUIRES: i < size().
    KernelTaps operator[](std::size_t i) const {
        const auto& entry = entries_[i];
        return {entry.first, std::span{weights_}.subspan(entry.offset, entry.count)};
    }

private:
    struct Entry {
        std::int64_t first = 0;
        std::size_t offset = 0;
        std::size_t count = 0;
    };

    void add_shares(const Footprint& footprint, std::int64_t size);
    void add_curve(const Footprint& footprint, std::int64_t size);
    void add_entry(std::int64_t first, std::size_t offset);

    Resampling resampling_;
    std::vector<Entry> entries_;
    std::vector<float> weights_;
};

/// The value of a kernel at a distance in samples, at its own width. REQUIRES: a kernel that is a
/// curve: bilinear, cubic or lanczos.
double kernel_at(Resampling resampling, double distance);

/// How far a kernel reaches from its centre, in samples or in pixels, whichever are larger.
double kernel_radius(Resampling resampling);

}  // namespace offgrid
