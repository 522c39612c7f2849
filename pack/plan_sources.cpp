#include "pack/plan_sources.h"

#include "formats/base/error.h"
#include "pack/gdal_bands.h"
#include "pack/gdal_inspect.h"
#include "pack/gdal_region.h"
#include "pack/gdal_source.h"
#include "pack/pyramid.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <tuple>

namespace offgrid {
namespace {

/// Pixels that the value range is taken from, of all sources together.
constexpr int max_sample_pixels = 1 << 20;

/// What is wanted of the sources, as far as the options say it.
gdal::SourceNeed need_of(const PackOptions& options, const Grid& grid) {
    const auto zoom =
        options.zooms ? std::optional{options.zooms->second} : zoom_of_all_regions(options);
    gdal::SourceNeed need{.grid = grid, .around = options.bbox};
    if (need.around && need.around->min_x > need.around->max_x) {
        need.around->min_x = -180;
        need.around->max_x = 180;
    }
    if (zoom) {
        need.resolution = grid.resolution(std::clamp(*zoom, 0, grid.levels() - 1));
    }
    return need;
}

/// Whether the samples become 0 to 255 by a range, and not as they are. Those of a palette are no
/// quantities.
bool is_stretched(const BandPlan& bands, Stretch::Kind kind) {
    switch (kind) {
        case Stretch::Kind::by_type:
        case Stretch::Kind::none:
            return !bands.is_byte;
        case Stretch::Kind::automatic:
        case Stretch::Kind::given:
            break;
    }
    return !bands.palette;
}

/// From 2 to 98 % of the values, which are put into another order.
ValueRange range_of(std::vector<float>& values) {
    ValueRange range{0, 1};
    if (!values.empty()) {
        const auto percentile = [&](double share) {
            const auto at = values.begin() + static_cast<std::ptrdiff_t>(
                                                 share * static_cast<double>(values.size() - 1));
            std::ranges::nth_element(values, at);
            return static_cast<double>(*at);
        };
        range.low = percentile(0.02);
        range.high = percentile(0.98);
    }
    if (!(range.high > range.low)) {
        range.high = range.low + 1;
    }
    return range;
}

/// The ranges that were asked for, one for each of red, green and blue.
std::array<ValueRange, 3> given_ranges(const Stretch& stretch, const SourceInfo& source) {
    const auto& ranges = stretch.ranges;
    if (ranges.size() == 1) {
        return {ranges[0], ranges[0], ranges[0]};
    }
    if (source.bands.colours.size() == 1) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--stretch {}: {} shows one band: name one range", to_text(stretch),
                                source.name)};
    }
    return {ranges[0], ranges[1], ranges[2]};
}

/// Say for each source from which range its samples are stretched; `values` are those of which the
/// range is to be found.
void choose_ranges(const Stretch& stretch, std::vector<float>& values,
                   std::vector<SourceInfo>& sources, std::vector<std::string>& notes) {
    const bool is_found =
        stretch.kind == Stretch::Kind::by_type || stretch.kind == Stretch::Kind::automatic;
    const auto is_concerned = [&](const SourceInfo& source) {
        return is_stretched(source.bands, stretch.kind);
    };
    if (std::ranges::none_of(sources, is_concerned)) {
        return;
    }
    const auto range = is_found ? range_of(values) : ValueRange{};
    if (is_found) {
        notes.push_back(fmt::format(
            "values from {:g} to {:g} (2 to 98 %) are stretched to 0 to 255: --stretch {:g},{:g}",
            range.low, range.high, range.low, range.high));
    }
    for (auto& source : sources) {
        if (is_concerned(source)) {
            source.stretch = stretch.kind == Stretch::Kind::given ? given_ranges(stretch, source)
                                                                  : std::array{range, range, range};
        }
    }
}

void sort(std::vector<SourceInfo>& sources, SourceOrder order) {
    switch (order) {
        case SourceOrder::given:
            break;
        case SourceOrder::newest:
            std::ranges::stable_sort(sources, {}, [](const SourceInfo& source) {
                return std::tie(source.time, source.name);
            });
            break;
        case SourceOrder::highest_resolution:
            std::ranges::stable_sort(sources, [](const SourceInfo& a, const SourceInfo& b) {
                return std::tie(b.resolution, a.name) < std::tie(a.resolution, b.name);
            });
            break;
    }
}

/// What was asked for: a box, or one on each side of the antimeridian; everything where none was.
std::vector<Box> limits_of(const PackOptions& options, Plan& plan) {
    const auto& grid = plan.grid();
    if (!options.bbox) {
        return {grid.extent()};
    }
    const auto limit = [&](const Box& lonlat) {
        return intersection(grid.extent(), gdal::box_in_grid(lonlat, grid));
    };
    auto west = *options.bbox;
    auto east = *options.bbox;
    if (west.min_x < west.max_x) {
        return {limit(west)};
    }
    plan.notes.push_back(
        fmt::format("--bbox goes from {} degrees eastwards across the antimeridian to {}",
                    west.min_x, west.max_x));
    west.max_x = 180;
    east.min_x = -180;
    std::vector<Box> limits;
    for (const auto& side : {west, east}) {
        if (!side.is_empty()) {
            limits.push_back(limit(side));
        }
    }
    if (limits.size() == 2 && !intersection(limits[0], limits[1]).is_empty()) {
        return {hull(limits[0], limits[1])};  // in a grid that has no antimeridian
    }
    return limits;
}

}  // namespace

std::vector<SourceInfo> inspect_sources(const PackOptions& options, const Grid& grid,
                                        const std::atomic<bool>& is_stopped,
                                        std::vector<std::string>& notes) {
    std::vector<SourceInfo> sources;
    std::vector<float> values;
    const auto stretch = options.bands.stretch.kind;
    const bool is_range_found =
        stretch == Stretch::Kind::by_type || stretch == Stretch::Kind::automatic;
    const auto opener = std::make_shared<gdal::Sources>(options.online, is_stopped);
    const auto need = need_of(options, grid);
    const auto sample_pixels = max_sample_pixels / static_cast<int>(options.sources.size());
    for (const auto& name : options.sources) {
        if (is_stopped) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        auto source = opener->open(name, need);
        const auto& dataset = source.dataset;
        sources.push_back(
            gdal::inspect(source.name.empty() ? name : source.name, *dataset, grid, options.bands));
        sources.back().blocks = source.blocks;
        sources.back().tile_format = source.format;
        notes.insert(notes.end(), source.notes.begin(), source.notes.end());
        const auto& bands = sources.back().bands;
        if (bands.unused > 0) {
            notes.push_back(fmt::format("{}: shows band {} of {}: choose others with --bands", name,
                                        fmt::join(bands.colours, ", "), dataset->GetRasterCount()));
        }
        if (is_range_found && is_stretched(bands, stretch)) {
            const auto some = gdal::sample_values(*dataset, bands, name, sample_pixels, is_stopped);
            values.insert(values.end(), some.begin(), some.end());
        }
    }
    choose_ranges(options.bands.stretch, values, sources, notes);
    sort(sources, options.order);
    return sources;
}

void place(const PackOptions& options, Plan& plan) {
    const auto limits = limits_of(options, plan);
    std::vector<Box> boxes(limits.size());
    for (std::size_t source = 0; source < plan.sources.size(); ++source) {
        for (const auto& cover : plan.sources[source].covers) {
            for (std::size_t i = 0; i < limits.size(); ++i) {
                const auto box = intersection(cover, limits[i]);
                if (!box.is_empty()) {
                    boxes[i] = joined(boxes[i], box);
                    plan.covers.push_back({box, source});
                }
            }
        }
    }
    for (const auto& box : boxes) {
        if (!box.is_empty()) {
            plan.boxes.push_back(box);
            plan.box = joined(plan.box, box);
        }
    }
    if (plan.covers.empty()) {
        throw Error{Errc::invalid_argument, "--bbox: no source lies there"};
    }
    // A tile of a region that others share is shown whole, so what lies beyond is not cut off.
    if (plan.area && std::ranges::all_of(plan.covers, [&](const Cover& cover) {
            return intersection(cover.box, plan.area->bounds()).is_empty();
        })) {
        throw Error{Errc::invalid_argument, "--region: no source lies there"};
    }
}

}  // namespace offgrid
