#include "formats/image/kernel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

namespace offgrid {
namespace {

/// Weights below this are left out at the ends: they change no byte, and rounding makes them.
constexpr float negligible = 1e-6F;

/// What mode counts a pixel as.
constexpr double whole_share = 256;

/// Narrower pixels, where a transformation is degenerate, are taken for this wide.
constexpr double least_width = 1e-3;

double cubic_at(double distance) {
    const double x = std::abs(distance);
    if (x < 1) {
        return (1.5 * x - 2.5) * x * x + 1;
    }
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

double lanczos_exactly(double x) {
    const double angle = std::numbers::pi * x;
    return x == 0 ? 1 : 3 * std::sin(angle) * std::sin(angle / 3) / (angle * angle);
}

/// A table, as two sines a weight would be most of the work; 512 steps a sample leave an error of
/// less than 1e-5.
double lanczos_at(double distance) {
    constexpr int steps = 512;
    static const auto table = [] {
        std::array<double, 3 * steps + 2> values{};
        for (std::size_t i = 0; i < 3 * steps; ++i) {
            values[i] = lanczos_exactly(static_cast<double>(i) / steps);
        }
        return values;
    }();
    const double at = std::min(std::abs(distance), 3.0) * steps;
    const auto below = static_cast<std::size_t>(at);
    return std::lerp(table[below], table[below + 1], at - static_cast<double>(below));
}

}  // namespace

double kernel_at(Resampling resampling, double distance) {
    switch (resampling) {
        case Resampling::cubic:
            return cubic_at(distance);
        case Resampling::lanczos:
            return lanczos_at(distance);
        case Resampling::bilinear:
        case Resampling::nearest:
        case Resampling::average:
        case Resampling::mode:
            break;
    }
    return std::max(0.0, 1 - std::abs(distance));
}

double kernel_radius(Resampling resampling) {
    switch (resampling) {
        case Resampling::bilinear:
            return 1;
        case Resampling::cubic:
            return 2;
        case Resampling::lanczos:
            return 3;
        case Resampling::nearest:
        case Resampling::average:
        case Resampling::mode:
            break;
    }
    return 0.5;
}

void TapTable::clear() {
    entries_.clear();
    weights_.clear();
}

void TapTable::add(const Footprint& footprint, std::int64_t size) {
    if (!(footprint.centre >= 0 && footprint.centre < static_cast<double>(size))) {
        entries_.push_back({});
        return;
    }
    switch (resampling_) {
        case Resampling::nearest:
            weights_.push_back(1);
            entries_.push_back(
                {static_cast<std::int64_t>(footprint.centre), weights_.size() - 1, 1});
            return;
        case Resampling::bilinear:
        case Resampling::cubic:
        case Resampling::lanczos:
            add_curve(footprint, size);
            return;
        case Resampling::average:
        case Resampling::mode:
            add_shares(footprint, size);
            return;
    }
}

void TapTable::add_curve(const Footprint& footprint, std::int64_t size) {
    const double scale = std::max(1.0, footprint.width);
    const double radius = kernel_radius(resampling_) * scale;
    const double centre = footprint.centre - 0.5;  // in samples from the centre of the first
    const auto first =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(centre - radius)));
    const auto last = std::min(size - 1, static_cast<std::int64_t>(std::floor(centre + radius)));
    const auto offset = weights_.size();
    for (auto sample = first; sample <= last; ++sample) {
        weights_.push_back(static_cast<float>(
            kernel_at(resampling_, (static_cast<double>(sample) - centre) / scale)));
    }
    add_entry(first, offset);
}

void TapTable::add_shares(const Footprint& footprint, std::int64_t size) {
    const double width = std::max(footprint.width, least_width);
    const double begin = std::max(0.0, footprint.centre - width / 2);
    const double end = std::min(static_cast<double>(size), footprint.centre + width / 2);
    const double whole = std::min(width, 1.0);
    const auto first = static_cast<std::int64_t>(begin);
    const auto offset = weights_.size();
    for (auto sample = first; static_cast<double>(sample) < end; ++sample) {
        const double share = (std::min(end, static_cast<double>(sample + 1)) -
                              std::max(begin, static_cast<double>(sample))) /
                             whole;
        weights_.push_back(static_cast<float>(
            resampling_ == Resampling::mode ? std::round(share * whole_share) : share));
    }
    add_entry(first, offset);
}

/// Make an entry of the weights from `offset` on.
void TapTable::add_entry(std::int64_t first, std::size_t offset) {
    while (std::abs(weights_.back()) < negligible) {
        weights_.pop_back();
    }
    const auto some =
        std::ranges::find_if(weights_.begin() + static_cast<std::ptrdiff_t>(offset), weights_.end(),
                             [](float weight) { return std::abs(weight) >= negligible; });
    const auto skipped = static_cast<std::size_t>(some - weights_.begin()) - offset;
    entries_.push_back({first + static_cast<std::int64_t>(skipped), offset + skipped,
                        weights_.size() - offset - skipped});
    if (resampling_ != Resampling::mode) {
        const auto sum = std::accumulate(some, weights_.end(), 0.0F);
        std::for_each(some, weights_.end(), [sum](float& weight) { weight /= sum; });
    }
}

}  // namespace offgrid
