#include "formats/base/error.h"
#include "formats/config/mapcache_config.h"
#include "formats/tile/lonlat.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace offgrid::config {
namespace {

/// The extension of tiles of a tileset without a format, as MapCache has it.
constexpr const char* default_extension = "png";

std::optional<TileFormat> tile_format_of(const Format& format) {
    switch (format.type) {
        case Format::Type::png:
        case Format::Type::png8:
            return TileFormat::png;
        case Format::Type::jpeg:
            return TileFormat::jpeg;
        case Format::Type::raw:
            return format_named(format.extension);
        case Format::Type::mixed:
            break;
    }
    return std::nullopt;
}

/// The box in degrees, where one of the names of the grid's SRS is known.
std::optional<Box> lonlat_of(const Grid& grid, const Box& box) {
    if (const auto found = to_lonlat(grid.srs(), box)) {
        return found;
    }
    for (const auto& alias : grid.srs_aliases()) {
        if (const auto found = to_lonlat(alias, box)) {
            return found;
        }
    }
    return std::nullopt;
}

/// The one value that is meant.
std::string resolve_one(const Tileset& tileset, const Dimension& dimension,
                        const std::string& requested) {
    auto values = dimension.resolve(requested);
    if (values.size() == 1) {
        return std::move(values.front());
    }
    const auto subject =
        fmt::format("dimension '{}' of tileset '{}'", dimension.name(), tileset.name);
    if (!values.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{}: '{}' means several values: {}", subject, requested,
                                fmt::join(values, ", "))};
    }
    const auto all = dimension.values();
    throw Error{Errc::invalid_argument,
                all.empty() ? fmt::format("{} cannot be '{}'", subject, requested)
                            : fmt::format("{} cannot be '{}'; its values are: {}", subject,
                                          requested, fmt::join(all, ", "))};
}

void check_names(const Tileset& tileset, const Tileset::Dimensions& requested) {
    for (const auto& [name, value] : requested) {
        const auto is_known = std::ranges::any_of(
            tileset.dimensions,
            [&name = name](const auto& dimension) { return dimension->name() == name; });
        if (!is_known) {
            std::vector<std::string> names;
            for (const auto& dimension : tileset.dimensions) {
                names.push_back(dimension->name());
            }
            throw Error{
                Errc::invalid_argument,
                fmt::format("tileset '{}' has no dimension '{}'; it has: {}", tileset.name, name,
                            names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")))};
        }
    }
}

}  // namespace

TileRange GridLink::limits(int z) const {
    auto range = expected(z);
    if (range.is_empty()) {
        return range;
    }
    range.min_x -= tolerance;
    range.min_y -= tolerance;
    range.max_x += tolerance;
    range.max_y += tolerance;
    return intersection(range, grid->whole(z));
}

TileRange GridLink::expected(int z) const {
    if (z < min_zoom || z > max_zoom || z >= grid->levels()) {
        return {.z = z};
    }
    return restricted_extent ? grid->range_of(z, *restricted_extent) : grid->whole(z);
}

const GridLink* Tileset::find_grid(std::string_view grid) const {
    const auto found = std::ranges::find_if(
        grids, [&](const GridLink& link) { return grid.empty() || link.grid->name() == grid; });
    return found == grids.end() ? nullptr : &*found;
}

TilesetSlice Tileset::slice(const GridLink& link, const Dimensions& requested) const {
    check_names(*this, requested);
    TilesetSlice slice{
        .info = {.grid = link.grid,
                 .name = title.empty() ? name : title,
                 .description = abstract,
                 .format = format ? tile_format_of(*format) : std::nullopt,
                 .min_zoom = link.min_zoom,
                 .max_zoom = link.max_zoom,
                 .bounds = bounds ? bounds
                                  : lonlat_of(*link.grid, link.restricted_extent.value_or(
                                                              link.grid->extent()))},
        .values = {.tileset = name, .extension = format ? format->extension : default_extension},
        .media_type = format ? format->media_type : std::string{},
        .expiry = auto_expire};
    for (const auto& dimension : dimensions) {
        const auto found =
            std::ranges::find(requested, dimension->name(), &Dimensions::value_type::first);
        const auto& wanted = found == requested.end() ? dimension->default_value() : found->second;
        slice.values.dimensions.emplace_back(dimension->name(),
                                             resolve_one(*this, *dimension, wanted));
    }
    return slice;
}

}  // namespace offgrid::config
