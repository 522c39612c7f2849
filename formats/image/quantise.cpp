#include "formats/image/quantise.h"

#include <algorithm>
#include <limits>

namespace offgrid {
namespace {

/// Further passes gain less than 0.1 dB.
constexpr int passes = 3;

/// Coordinates are in quarters of a level: the square of a distance is then below 2^22, and leaves
/// room for a number of the palette in the same 31 bits.
constexpr int steps = 4;

constexpr std::size_t alpha = 3;
constexpr std::size_t kinds = 3;

using Rgba = std::array<std::uint8_t, 4>;

/// The colours of the palette, coordinate by coordinate: a search among them runs on vectors.
using Means = std::array<std::array<std::int16_t, max_palette>, 4>;

/// The number of the mean that is nearest, the first of several, from `begin` on to before `end`.
std::uint8_t nearest(const Means& means, const std::array<std::int16_t, 4>& point, int begin,
                     int end) {
    int best = std::numeric_limits<int>::max();
    for (int i = begin; i < end; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const auto d0 = static_cast<std::int16_t>(means[0][at] - point[0]);
        const auto d1 = static_cast<std::int16_t>(means[1][at] - point[1]);
        const auto d2 = static_cast<std::int16_t>(means[2][at] - point[2]);
        const auto d3 = static_cast<std::int16_t>(means[3][at] - point[3]);
        const int distance = d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3;
        best = std::min(best, distance << 8 | i);
    }
    return static_cast<std::uint8_t>(best & 0xFF);
}

std::int16_t rounded_share(std::int64_t sum, std::int64_t count) {
    return static_cast<std::int16_t>((sum + count / 2) / count);
}

/// The colour at the coordinates, with an alpha from `least` to `most`.
Rgba colour_at(const std::array<std::int16_t, 4>& mean, int least, int most) {
    Rgba colour{};
    const int scale = std::max<int>(mean[alpha], 1);
    for (std::size_t c = 0; c < alpha; ++c) {
        colour[c] = static_cast<std::uint8_t>(std::min((mean[c] * 255 + scale / 2) / scale, 255));
    }
    colour[alpha] =
        static_cast<std::uint8_t>(std::clamp((mean[alpha] + steps / 2) / steps, least, most));
    return colour;
}

}  // namespace

std::optional<PaletteImage> Quantiser::quantise_exactly(const ImageView& image) {
    if (!histogram_.count(image, 0, max_palette)) {
        return std::nullopt;
    }
    place_points();
    std::vector<Rgba> colours;
    for (const auto& point : points_) {
        colour_of_bin_[point.bin] = static_cast<std::uint8_t>(colours.size());
        colours.push_back(histogram_.bins()[point.bin].colour());
    }
    return with_colours(image, std::move(colours));
}

PaletteImage Quantiser::quantise(const ImageView& image) {
    if (auto exact = quantise_exactly(image)) {
        return *std::move(exact);
    }
    for (int dropped_bits = 0; !histogram_.count(image, dropped_bits, ColourHistogram::max_bins);
         ++dropped_bits) {
    }
    place_points();
    split_boxes();
    for (int pass = 0; pass < passes; ++pass) {
        move_means();
    }
    std::vector<Rgba> colours;
    for (const auto& box : boxes_) {
        colours.push_back(box.kind == Kind::transparent   ? Rgba{}
                          : box.kind == Kind::translucent ? colour_at(box.mean, 1, 254)
                                                          : colour_at(box.mean, 255, 255));
    }
    return with_colours(image, std::move(colours));
}

PaletteImage Quantiser::with_colours(const ImageView& image, std::vector<Rgba> colours) const {
    PaletteImage quantised{
        .width = image.width, .height = image.height, .colours = std::move(colours)};
    quantised.pixels.resize(histogram_.pixels().size());
    std::ranges::transform(histogram_.pixels(), quantised.pixels.begin(),
                           [this](std::uint16_t bin) { return colour_of_bin_[bin]; });
    return quantised;
}

void Quantiser::place_points() {
    const auto bins = histogram_.bins();
    colour_of_bin_.assign(bins.size(), 0);
    points_.clear();
    for (const auto kind : {Kind::transparent, Kind::translucent, Kind::opaque}) {
        for (std::size_t i = 0; i < bins.size(); ++i) {
            const auto& bin = bins[i];
            const auto opaque_sum = std::uint64_t{255} * bin.pixels;
            const auto own_kind = bin.sums[alpha] == 0            ? Kind::transparent
                                  : bin.sums[alpha] == opaque_sum ? Kind::opaque
                                                                  : Kind::translucent;
            if (own_kind != kind) {
                continue;
            }
            Point point{.kind = kind, .bin = static_cast<std::uint16_t>(i), .pixels = bin.pixels};
            const auto shown =
                rounded_share(static_cast<std::int64_t>(steps * bin.sums[alpha]), bin.pixels);
            point.at[alpha] = shown;
            for (std::size_t c = 0; c < alpha; ++c) {
                const auto mean =
                    (bin.sums[c] * static_cast<std::uint64_t>(shown) + opaque_sum / 2) / opaque_sum;
                point.at[c] = static_cast<std::int16_t>(mean);
            }
            points_.push_back(point);
        }
    }
}

Quantiser::Box Quantiser::box_around(std::size_t begin, std::size_t end) const {
    Box box{.begin = begin, .end = end, .kind = points_[begin].kind};
    for (std::size_t axis = 0; axis < 4; ++axis) {
        std::int64_t pixels = 0;
        std::int64_t sum = 0;
        std::int64_t squares = 0;
        for (auto i = begin; i < end; ++i) {
            const std::int64_t count = points_[i].pixels;
            const std::int64_t at = points_[i].at[axis];
            pixels += count;
            sum += count * at;
            squares += count * at * at;
        }
        box.mean[axis] = rounded_share(sum, pixels);
        const auto whole = static_cast<double>(sum);
        const double spread =
            static_cast<double>(squares) - whole * whole / static_cast<double>(pixels);
        if (spread > box.spread) {
            box.axis = axis;
            box.spread = spread;
        }
    }
    return box;
}

void Quantiser::split_boxes() {
    boxes_.clear();
    for (std::size_t begin = 0; begin < points_.size();) {
        auto end = begin;
        while (end < points_.size() && points_[end].kind == points_[begin].kind) {
            ++end;
        }
        boxes_.push_back(box_around(begin, end));
        begin = end;
    }
    while (boxes_.size() < max_palette) {
        const auto widest = std::ranges::max_element(boxes_, {}, &Box::spread);
        // Two coordinates that differ are half a square apart at least; less is a rounding error.
        if (widest->spread < 0.25) {
            return;
        }
        const auto [begin, end, kind, mean, axis, spread] = *widest;
        const auto points = std::span{points_}.subspan(begin, end - begin);
        // The mean is rounded: no more than the largest coordinate, maybe equal to it.
        const auto largest = std::ranges::max(points, {}, [axis = axis](const Point& point) {
                                 return point.at[axis];
                             }).at[axis];
        const auto border = std::min<int>(mean[axis], largest - 1);
        const auto above = std::partition(
            points.begin(), points.end(),
            [&, axis = axis](const Point& point) { return point.at[axis] <= border; });
        const auto middle = end - static_cast<std::size_t>(points.end() - above);
        *widest = box_around(begin, middle);
        boxes_.insert(widest + 1, box_around(middle, end));
    }
}

void Quantiser::move_means() {
    Means means{};
    struct Numbers {
        int begin = 0;
        int end = 0;
    };
    std::array<Numbers, kinds> of_kind{};
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
        auto& numbers = of_kind[static_cast<std::size_t>(boxes_[i].kind)];
        numbers.begin = numbers.end == 0 ? static_cast<int>(i) : numbers.begin;
        numbers.end = static_cast<int>(i) + 1;
        for (std::size_t c = 0; c < 4; ++c) {
            means[c][i] = boxes_[i].mean[c];
        }
    }
    struct Share {
        std::int64_t pixels = 0;
        std::array<std::int64_t, 4> sums{};
    };
    std::array<Share, max_palette> shares{};
    for (const auto& point : points_) {
        const auto numbers = of_kind[static_cast<std::size_t>(point.kind)];
        const auto number = nearest(means, point.at, numbers.begin, numbers.end);
        colour_of_bin_[point.bin] = number;
        auto& share = shares[number];
        share.pixels += point.pixels;
        for (std::size_t c = 0; c < 4; ++c) {
            share.sums[c] += std::int64_t{point.pixels} * point.at[c];
        }
    }
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
        const auto& share = shares[i];
        for (std::size_t c = 0; share.pixels > 0 && c < 4; ++c) {
            boxes_[i].mean[c] = rounded_share(share.sums[c], share.pixels);
        }
    }
}

}  // namespace offgrid
