#include "formats/tiff/cog_levels.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace offgrid::tiff {
namespace {

/// What is closer is the same: of a tile.
constexpr double tolerance = 1e-3;

std::optional<std::int64_t> whole(double number) {
    const auto nearest = std::round(number);
    return std::abs(number - nearest) < tolerance
               ? std::optional{static_cast<std::int64_t>(nearest)}
               : std::nullopt;
}

/// How the tiles of a zoom are made of those of a finer one: tile (x, y) begins at the finer
/// (x * ratio, y * ratio - north).
struct Nesting {
    std::int64_t ratio = 1;
    std::int64_t north = 0;

    TileRange coarse(const TileRange& fine, int z) const {
        const auto up = [this](std::int64_t edge) { return (edge + ratio - 1) / ratio; };
        return {z, fine.min_x / ratio, (fine.min_y + north) / ratio, up(fine.max_x),
                up(fine.max_y + north)};
    }

    TileRange fine(const TileRange& coarse, int z) const {
        return {z, coarse.min_x * ratio, coarse.min_y * ratio - north, coarse.max_x * ratio,
                coarse.max_y * ratio - north};
    }
};

/// Nothing where the tiles of the coarse zoom are not made of whole tiles of the fine one.
std::optional<Nesting> nesting_of(const Grid& grid, int coarse, int fine) {
    const auto ratio = grid.resolution(coarse) / grid.resolution(fine);
    const auto whole_ratio = whole(ratio);
    const auto matrix = static_cast<double>(grid.matrix_width(coarse));
    if (!whole_ratio || *whole_ratio < 2 ||
        std::abs(ratio - static_cast<double>(*whole_ratio)) * matrix > tolerance) {
        return std::nullopt;
    }
    const auto north_of = [&](int z) { return grid.box_of(grid.whole(z)).max_y; };
    const auto north =
        whole((north_of(coarse) - north_of(fine)) / (grid.resolution(fine) * grid.tile_size()));
    return north && *north >= 0 ? std::optional{Nesting{*whole_ratio, *north}} : std::nullopt;
}

/// Whether the range is made of whole tiles of the coarse zoom.
bool is_aligned(const TileRange& fine, const Nesting& nesting) {
    return nesting.fine(nesting.coarse(fine, 0), fine.z) == fine;
}

class Levels {
public:
    Levels(const Grid& grid, const TileRange& full)
        : grid_{grid}, wanted_{full.count()}, full_{full}, coarsest_{full} {}

    /// False when the images are coarse enough.
    bool add(int z) {
        const auto nesting = nesting_of(grid_, z, full_.z);
        if (!nesting) {
            return true;
        }
        const auto range = nesting->coarse(full_, z);
        const auto grown = nesting->fine(range, full_.z);
        const bool nests_in_all = std::ranges::all_of(
            zooms_, [&](const auto& finer) { return is_aligned(grown, finer.nesting); });
        if (!nests_in_all) {
            return true;
        }
        if (grown != full_) {
            const auto [z_of, min_x, min_y, max_x, max_y] = coarsest_;
            const bool is_small = max_x - min_x <= 2 && max_y - min_y <= 2;
            if (is_small || grown.count() > std::max(4 * wanted_, cheap_places)) {
                return false;
            }
        }
        full_ = grown;
        coarsest_ = range;
        zooms_.push_back({z, *nesting});
        return true;
    }

    std::vector<CogLevel> finish() const {
        std::vector<CogLevel> levels{{full_, 1}};
        for (const auto& [z, nesting] : zooms_) {
            levels.push_back({nesting.coarse(full_, z), nesting.ratio});
        }
        return levels;
    }

private:
    struct Zoom {
        int z = 0;
        Nesting nesting{};
    };

    const Grid& grid_;
    const std::int64_t wanted_;
    TileRange full_;
    TileRange coarsest_;
    std::vector<Zoom> zooms_;  // without that of the full image
};

}  // namespace

std::vector<CogLevel> cog_levels(const Grid& grid, const TileRange& full,
                                 std::span<const int> lower) {
    Levels levels{grid, full};
    for (const auto z : lower) {
        if (!levels.add(z)) {
            break;
        }
    }
    return levels.finish();
}

}  // namespace offgrid::tiff
