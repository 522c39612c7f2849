#include "sync/jobs/pack_command.h"

#include "formats/base/error.h"
#include "formats/tile/grid.h"
#include "formats/tile/lonlat.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

bool holds(const Box& outer, const Box& inner) {
    return outer.min_x <= inner.min_x && outer.min_y <= inner.min_y && outer.max_x >= inner.max_x &&
           outer.max_y >= inner.max_y;
}

/// The zooms of the source, where they do not depend on its rasters.
std::optional<ZoomSpan> zooms_of(const PackOptions& pack) {
    if (pack.zooms) {
        return pack.zooms;
    }
    const auto deepest = zoom_of_all_regions(pack);
    return deepest ? std::optional{ZoomSpan{0, *deepest}} : std::nullopt;
}

/// Regions without the zooms that are not packed. Where only the overview has some of those that
/// are, all is packed down to its zoom.
void narrow_regions(PackOptions& pack) {
    auto& [low, high] = *pack.zooms;
    std::erase_if(pack.regions, [low = low](const RegionOption& region) {
        return region.max_zoom && *region.max_zoom < low;
    });
    for (auto& region : pack.regions) {
        if (region.max_zoom) {
            region.max_zoom = std::min(*region.max_zoom, high);
        }
    }
    if (pack.overview && *pack.overview < low) {
        pack.overview.reset();
    }
    if (pack.overview) {
        pack.overview = std::min(*pack.overview, high);
    }
    if (!pack.regions.empty()) {
        return;
    }
    if (!pack.overview) {
        throw Error{Errc::invalid_argument,
                    fmt::format("no region of the source has zooms {} to {}", low, high)};
    }
    high = *pack.overview;
    pack.overview.reset();
    pack.is_clipped = false;
    pack.buffer_m = 0;
}

void narrow_zooms(PackScope& scope, const ZoomSpan& wanted) {
    auto& pack = scope.pack;
    const auto source = zooms_of(pack);
    const auto known = source.value_or(wanted);
    const ZoomSpan both{std::max(known.first, wanted.first), std::min(known.second, wanted.second)};
    if (both.first > both.second) {
        throw Error{Errc::invalid_argument,
                    fmt::format("the source has zooms {} to {}, not {} to {}", known.first,
                                known.second, wanted.first, wanted.second)};
    }
    scope.is_whole = scope.is_whole && source == both;
    pack.zooms = both;
    if (!pack.regions.empty()) {
        narrow_regions(pack);
    }
    if (pack.top && *pack.top > pack.zooms->second) {
        pack.top.reset();
    }
}

std::optional<Box> unless_empty(const Box& box) {
    return box.is_empty() ? std::nullopt : std::optional{box};
}

/// What two boxes have in common, in degrees. One that reaches across the antimeridian (its west is
/// greater than its east) stays as it is where both of its sides are wanted.
std::optional<Box> common(const Box& known, const Box& wanted) {
    if (known.min_x <= known.max_x) {
        return unless_empty(intersection(known, wanted));
    }
    const auto west =
        unless_empty(intersection({known.min_x, known.min_y, 180, known.max_y}, wanted));
    const auto east =
        unless_empty(intersection({-180, known.min_y, known.max_x, known.max_y}, wanted));
    if (!west || !east) {
        return west ? west : east;
    }
    return Box{known.min_x, west->min_y, known.max_x, west->max_y};
}

void narrow_bounds(PackScope& scope, const Grid& grid, const Box& wanted) {
    const auto degrees = to_lonlat(grid.srs(), wanted);
    if (!degrees || holds(wanted, grid.extent())) {
        return;
    }
    const auto source = scope.pack.bbox;
    const auto both = common(source.value_or(Box{-180, -90, 180, 90}), *degrees);
    if (!both) {
        throw Error{Errc::invalid_argument, "nothing of the source lies in the bounds"};
    }
    scope.is_whole = scope.is_whole && source == both;
    scope.pack.bbox = both;
}

}  // namespace

PackScope scope_of(const LayerSource& source, const JobRequest& request) {
    PackScope scope{.pack = source.pack};
    if (request.zooms) {
        narrow_zooms(scope, *request.zooms);
    }
    if (request.bounds) {
        narrow_bounds(scope, *source.grid, *request.bounds);
    }
    return scope;
}

std::vector<std::string> pack_arguments(const fs::path& job, const std::string& layer,
                                        const std::optional<int>& threads, const fs::path& output) {
    std::vector<std::string> arguments{"pack", "--job=" + job.string(),
                                       "--output=" + output.string(), "--layer=" + layer, "--json"};
    if (threads) {
        arguments.push_back(fmt::format("--threads={}", *threads));
    }
    return arguments;
}

fs::path program_beside_this(const char* name) {
    return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

}  // namespace offgrid
