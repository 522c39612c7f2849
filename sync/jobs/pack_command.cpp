#include "sync/jobs/pack_command.h"

#include "formats/base/error.h"
#include "formats/tile/grid.h"
#include "formats/tile/lonlat.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// The grid of all that `offgrid pack` makes.
const Grid& packed_grid() {
    return Grid::google_maps_compatible();
}

bool holds(const Box& outer, const Box& inner) {
    return outer.min_x <= inner.min_x && outer.min_y <= inner.min_y && outer.max_x >= inner.max_x &&
           outer.max_y >= inner.max_y;
}

std::optional<ZoomSpan> zooms_of(const LayerSource& source) {
    return source.max_zoom ? std::optional{ZoomSpan{source.min_zoom.value_or(0), *source.max_zoom}}
                           : std::nullopt;
}

void narrow_zooms(PackScope& scope, const ZoomSpan& wanted) {
    const auto known = scope.zooms.value_or(wanted);
    const ZoomSpan both{std::max(known.first, wanted.first), std::min(known.second, wanted.second)};
    if (both.first > both.second) {
        throw Error{Errc::invalid_argument,
                    fmt::format("the source has zooms {} to {}, not {} to {}", known.first,
                                known.second, wanted.first, wanted.second)};
    }
    scope.is_whole = scope.is_whole && scope.zooms == both;
    scope.zooms = both;
}

void narrow_bounds(PackScope& scope, const Box& wanted) {
    if (holds(wanted, packed_grid().extent())) {
        return;
    }
    const Box world{-180, -90, 180, 90};
    const auto known = scope.bounds.value_or(world);
    const auto degrees = to_lonlat(packed_grid().srs(), wanted).value_or(world);
    const auto both = intersection(known, degrees);
    if (both.is_empty()) {
        throw Error{Errc::invalid_argument, "nothing of the source lies in the bounds"};
    }
    scope.is_whole = scope.is_whole && scope.bounds && both == known;
    scope.bounds = both;
}

std::string bbox(const Box& box) {
    return fmt::format("--bbox={},{},{},{}", box.min_x, box.min_y, box.max_x, box.max_y);
}

}  // namespace

PackScope scope_of(const LayerSource& source, const JobRequest& request) {
    PackScope scope{.zooms = zooms_of(source), .bounds = source.bounds};
    if (request.zooms) {
        narrow_zooms(scope, *request.zooms);
    }
    if (request.bounds) {
        narrow_bounds(scope, *request.bounds);
    }
    return scope;
}

std::vector<std::string> pack_arguments(const std::string& layer, const LayerSource& source,
                                        const PackScope& scope, const fs::path& output) {
    std::vector<std::string> arguments{"pack"};
    arguments.insert(arguments.end(), source.rasters.begin(), source.rasters.end());
    arguments.push_back("--output=" + output.string());
    arguments.push_back("--layer=" + layer);
    if (scope.zooms) {
        arguments.push_back(fmt::format("--zoom={}-{}", scope.zooms->first, scope.zooms->second));
    }
    if (source.top && (!scope.zooms || *source.top <= scope.zooms->second)) {
        arguments.push_back(fmt::format("--top={}", *source.top));
    }
    if (!source.format.empty()) {
        arguments.push_back("--format=" + source.format);
    }
    if (source.quality) {
        arguments.push_back(fmt::format("--quality={}", *source.quality));
    }
    if (scope.bounds) {
        arguments.push_back(bbox(*scope.bounds));
    }
    if (source.threads) {
        arguments.push_back(fmt::format("--threads={}", *source.threads));
    }
    if (!source.attribution.empty()) {
        arguments.push_back("--attribution=" + source.attribution);
    }
    return arguments;
}

fs::path program_beside_this(const char* name) {
    return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

}  // namespace offgrid
