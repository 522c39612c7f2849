#include "pack/options.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace offgrid {
namespace {

void check(const OnlineOptions& online) {
    const auto bad = [](const std::string& message) {
        throw Error{Errc::invalid_argument, message};
    };
    if (!std::isfinite(online.rate_limit) || online.rate_limit < 0) {
        bad(fmt::format("--rate-limit {}: must be more than 0", online.rate_limit));
    }
    if (online.retries < 0 || online.retries > 20) {
        bad(fmt::format("--retries {}: must be from 0 to 20", online.retries));
    }
    if (online.connections < 1 || online.connections > 64) {
        bad(fmt::format("--connections {}: must be from 1 to 64", online.connections));
    }
}

}  // namespace

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
    check(options.online);
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
    if (options.shard.count > 1 && options.as != OutputKind::ztop) {
        bad("--shard: a shard is made of pyramids: give --as with --merge");
    }
    if (options.regions.empty() &&
        (options.overview || options.is_clipped || options.buffer_m != 0)) {
        bad("--overview, --clip and --buffer need a --region");
    }
    if (!std::isfinite(options.buffer_m) || std::abs(options.buffer_m) > 1e6) {
        bad(fmt::format("--buffer {}: must be at most 1 000 000 metres", options.buffer_m));
    }
    check(options.bands);
    if (options.bbox && (options.bbox->min_x == options.bbox->max_x ||
                         !(options.bbox->min_y < options.bbox->max_y))) {
        bad("--bbox: west must not be east, and south must be less than north");
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
