#include "pack/options.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace offgrid {

void check(const PackOptions& options) {
    const auto bad = [](const std::string& message) {
        throw Error{Errc::invalid_argument, message};
    };
    if (options.sources.empty()) {
        bad("no source is named");
    }
    if (options.quality < 1 || options.quality > 100) {
        bad(fmt::format("--quality {}: must be from 1 to 100", options.quality));
    }
    if (options.threads && (*options.threads < 1 || *options.threads > 256)) {
        bad(fmt::format("--threads {}: must be from 1 to 256", *options.threads));
    }
    if (options.zooms) {
        const auto [low, high] = *options.zooms;
        if (low < 0 || low > high) {
            bad(fmt::format("--zoom {}-{}: must go from a zoom to a deeper one", low, high));
        }
        if (high > deepest_zoom) {
            bad(fmt::format("--zoom {}-{}: the deepest zoom is {}", low, high, deepest_zoom));
        }
    }
    if (options.light == Light::linear && options.resampling && keeps_values(*options.resampling)) {
        bad("--gamma: overviews by nearest and mode are no means");
    }
    if (options.shard.count < 1 || options.shard.index < 0 ||
        options.shard.index >= options.shard.count) {
        bad(fmt::format("--shard {}/{}: must be from 1/N to N/N", options.shard.index + 1,
                        options.shard.count));
    }
    if (options.regions.empty() &&
        (options.overview || options.is_clipped || options.buffer_m != 0)) {
        bad("--overview, --clip and --buffer need a --region");
    }
    if (!std::isfinite(options.buffer_m) || std::abs(options.buffer_m) > 1e6) {
        bad(fmt::format("--buffer {}: must be at most 1 000 000 metres", options.buffer_m));
    }
    if (options.bbox && options.bbox->is_empty()) {
        bad("--bbox: west must be less than east, and south less than north");
    }
}

std::optional<int> zoom_of_all_regions(const PackOptions& options) {
    auto deepest = options.regions.empty() ? std::nullopt : options.overview;
    for (const auto& region : options.regions) {
        if (!region.max_zoom) {
            return std::nullopt;
        }
        deepest = std::max(deepest.value_or(0), *region.max_zoom);
    }
    return deepest;
}

}  // namespace offgrid
