#include "pack/store_levels.h"

#include "formats/base/error.h"
#include "formats/image/decode.h"
#include "formats/tile/lonlat.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace offgrid {
namespace {

/// Tiles of a store that are looked at until one can be read.
constexpr std::size_t max_looks = 16;

/// Metadata that says the whole world often cuts Web Mercator's square a little.
constexpr Box nearly_the_world{-179.9, -85, 179.9, 85};

/// What is asked for one more pixel than this is not worth a deeper zoom.
constexpr double hair = 1e-3;

[[noreturn]] void refuse_vector_tiles(const std::string& name) {
    throw Error{Errc::unsupported,
                fmt::format("{}: holds vector tiles, which have no pixels; `offgrid transfer` "
                            "copies them as they are",
                            name)};
}

bool fits(const TileRange& range, int tile_pixels) {
    const auto most = std::numeric_limits<int>::max() / tile_pixels;
    return range.max_x - range.min_x <= most && range.max_y - range.min_y <= most;
}

}  // namespace

/// The tiles of a zoom, without their content.
struct StoreLevels::Listing {
    TileRange range{};
    std::vector<TileKey> first{};  ///< some

    void add(const TileKey& key) {
        const TileRange tile{key.z, key.x, key.y, key.x + 1, key.y + 1};
        range = first.empty() ? tile
                              : TileRange{key.z, std::min(range.min_x, tile.min_x),
                                          std::min(range.min_y, tile.min_y),
                                          std::max(range.max_x, tile.max_x),
                                          std::max(range.max_y, tile.max_y)};
        if (first.size() < max_looks) {
            first.push_back(key);
        }
    }
};

StoreLevels::StoreLevels(const config::StoreLocation& location, Requests& requests,
                         const std::atomic<bool>& is_stopped)
    : name_{location.text},
      limits_{location.limits},
      reader_{location.open_reader()},
      requests_{location.gains_by_parallel_writers ? &requests : nullptr},
      is_stopped_{is_stopped},
      format_{location.info.format} {
    if (format_ == TileFormat::pbf) {
        refuse_vector_tiles(name_);
    }
}

/// The pixels of a tile that is there.
std::optional<Image> StoreLevels::image_of(const TileKey& key) {
    const auto get = [&] { return reader_->get(key); };
    const auto tile = requests_ != nullptr ? requests_->make(get) : get();
    if (!tile) {
        return std::nullopt;
    }
    const auto format = sniff_format(tile->content);
    if (format == TileFormat::pbf) {
        refuse_vector_tiles(name_);
    }
    auto image = decode_tile(tile->content);
    format_ = format_ ? format_ : format;
    return image;
}

std::optional<StoreLevel> StoreLevels::level_at(int zoom) {
    Listing listing;
    reader_->list(limits_(zoom), [&](const TileKey& key, std::uint64_t /*bytes*/) {
        if (is_stopped_) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        listing.add(key);
    });
    if (listing.first.empty()) {
        return std::nullopt;
    }
    StoreLevel level{.range = listing.range, .tile_pixels = grid().tile_size()};
    for (const auto& key : listing.first) {
        try {
            if (const auto image = image_of(key); image && image->width == image->height) {
                level.tile_pixels = image->width;
                break;
            }
        } catch (const Error& error) {
            if (error.code() != Errc::corrupt && error.code() != Errc::too_large) {
                throw;  // a damaged tile is met again when it is needed
            }
        }
    }
    if (!fits(level.range, level.tile_pixels)) {
        return std::nullopt;
    }
    level.shown = shown_of(level);
    return level;
}

StoreLevel StoreLevels::deepest() {
    const auto& info = reader_->info();
    for (int zoom = std::min(info.max_zoom, grid().levels() - 1); zoom >= 0; --zoom) {
        if (!knows_its_depth()) {
            const auto range = limits_(zoom);
            if (!range.is_empty() && fits(range, grid().tile_size())) {
                return {.range = range, .tile_pixels = grid().tile_size()};
            }
        } else if (const auto level = level_at(zoom)) {
            return *level;
        }
    }
    throw Error{Errc::invalid_argument, fmt::format("{}: holds no tiles", name_)};
}

StoreLevel StoreLevels::find(double resolution, const StoreLevel& deepest,
                             const std::optional<Box>& around) {
    if (knows_its_depth()) {
        const int wanted = zoom_for(resolution, deepest.tile_pixels);
        for (int zoom = wanted; zoom >= 0 && wanted < deepest.range.z; --zoom) {
            if (const auto level = level_at(zoom)) {
                return *level;
            }
        }
        return deepest;
    }
    const int guess = zoom_for(resolution, grid().tile_size());
    StoreLevel level{.tile_pixels = probe(guess, around)};
    for (int zoom = zoom_for(resolution, level.tile_pixels); zoom >= 0; --zoom) {
        level.range = limits_(zoom);
        if (!level.range.is_empty() && fits(level.range, level.tile_pixels)) {
            level.shown = shown_of(level);
            return level;
        }
    }
    throw Error{Errc::invalid_argument, fmt::format("{}: holds no tiles", name_)};
}

/// The pixels of a tile of a store that cannot be listed: of the zoom or one above it, as far as
/// one is found.
int StoreLevels::probe(int zoom, const std::optional<Box>& around) {
    const auto& info = reader_->info();
    const auto degrees = around ? around : info.bounds;
    const auto box = degrees ? from_lonlat(grid().srs(), *degrees) : std::nullopt;
    const auto middle = intersection(box.value_or(grid().extent()), grid().extent());
    const double x = (middle.min_x + middle.max_x) / 2;
    const double y = (middle.min_y + middle.max_y) / 2;
    std::optional<Error> failure;
    for (; zoom >= std::max(0, info.min_zoom); --zoom) {
        const double reach = grid().resolution(zoom);
        const auto range = grid().range_of(zoom, {x - reach, y - reach, x + reach, y + reach});
        try {
            const auto image = image_of({zoom, range.min_x, range.min_y});
            if (image && image->width == image->height) {
                return image->width;
            }
        } catch (const Error& error) {
            if (error.code() != Errc::corrupt && error.code() != Errc::unsupported) {
                throw;
            }
            failure = failure ? failure : error;
        }
    }
    if (failure) {
        throw *failure;
    }
    return grid().tile_size();
}

/// The first zoom that is fine enough, or the deepest.
int StoreLevels::zoom_for(double resolution, int tile_pixels) const {
    const int last = std::min(reader_->info().max_zoom, grid().levels() - 1);
    for (int zoom = 0; zoom < last; ++zoom) {
        const double pixel = grid().resolution(zoom) * grid().tile_size() / tile_pixels;
        if (pixel <= resolution * (1 + hair)) {
            return zoom;
        }
    }
    return last;
}

/// What lies outside the stated bounds is no picture where tiles have no transparency, but whatever
/// was needed to fill them.
std::optional<PixelBox> StoreLevels::shown_of(const StoreLevel& level) const {
    const auto& bounds = reader_->info().bounds;
    const auto stated =
        bounds && format_ == TileFormat::jpeg ? from_lonlat(grid().srs(), *bounds) : std::nullopt;
    if (!stated || stated->is_empty()) {
        return std::nullopt;
    }
    const auto whole = grid().box_of(level.range);
    const double pixels_x = static_cast<double>(level.range.max_x - level.range.min_x) *
                            level.tile_pixels / whole.width();
    const double pixels_y = static_cast<double>(level.range.max_y - level.range.min_y) *
                            level.tile_pixels / whole.height();
    const auto pixel = [](double position) {
        return static_cast<int>(
            std::lround(std::clamp(position, 0.0, double{std::numeric_limits<int>::max()})));
    };
    const auto& world = nearly_the_world;
    constexpr int end = std::numeric_limits<int>::max();
    return PixelBox{
        bounds->min_x <= world.min_x ? 0 : pixel((stated->min_x - whole.min_x) * pixels_x),
        bounds->max_y >= world.max_y ? 0 : pixel((whole.max_y - stated->max_y) * pixels_y),
        bounds->max_x >= world.max_x ? end : pixel((stated->max_x - whole.min_x) * pixels_x),
        bounds->min_y <= world.min_y ? end : pixel((whole.max_y - stated->min_y) * pixels_y)};
}

}  // namespace offgrid
