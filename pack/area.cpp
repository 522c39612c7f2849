#include "pack/area.h"

#include "pack/pyramid.h"

#include <algorithm>

namespace offgrid {
namespace {

constexpr double hair = 1e-7;  // of a tile

}  // namespace

Box Area::core_of(const TileKey& key) const {
    const auto box = grid_.box_of(key);
    const double x = hair * box.width();
    const double y = hair * box.height();
    return {box.min_x + x, box.min_y + y, box.max_x - x, box.max_y - y};
}

Box Area::bounds() const {
    Box bounds;
    for (const auto& part : parts_) {
        bounds = joined(bounds, part.region ? part.region->bounds() : grid_.extent());
    }
    return bounds;
}

int Area::deepest(const TileKey& key) const {
    const auto box = core_of(key);
    const std::lock_guard lock{mutex_};
    int deepest = -1;
    for (const auto& part : parts_) {
        if (part.max_zoom > deepest &&
            (!part.region || part.region->overlap(box) != Overlap::none)) {
            deepest = part.max_zoom;
        }
    }
    return deepest;
}

bool Area::ends_at(const TileKey& key) const {
    const auto box = core_of(key);
    const std::lock_guard lock{mutex_};
    return std::ranges::any_of(parts_, [&](const Part& part) {
        return part.max_zoom == key.z &&
               (!part.region || part.region->overlap(box) != Overlap::none);
    });
}

Overlap Area::overlap(const TileKey& key, int zoom) const {
    const auto box = core_of(key);
    const std::lock_guard lock{mutex_};
    auto most = Overlap::none;
    for (const auto& part : parts_) {
        if (part.max_zoom < zoom) {
            continue;
        }
        const auto overlap = part.region ? part.region->overlap(box) : Overlap::all;
        if (overlap == Overlap::all) {
            return Overlap::all;
        }
        most = overlap == Overlap::some ? overlap : most;
    }
    return most;
}

std::optional<Image> Area::clipped(const TileKey& key, const ImageView& image) const {
    if (clip_ == Clip::no || overlap(key, key.z) == Overlap::all) {
        return std::nullopt;
    }
    const auto size = static_cast<std::size_t>(image.width);
    std::vector<std::uint8_t> mask(size * size);
    {
        const std::lock_guard lock{mutex_};
        for (const auto& part : parts_) {
            if (part.max_zoom >= key.z && part.region) {
                part.region->burn(grid_.box_of(key), image.width, mask);
            }
        }
    }
    auto clipped = image_of(image);
    for (std::size_t i = 0; i < mask.size(); ++i) {
        if (mask[i] == 0) {
            std::fill_n(clipped.rgba.begin() + static_cast<std::ptrdiff_t>(4 * i), 4,
                        std::uint8_t{0});
        }
    }
    return clipped;
}

}  // namespace offgrid
