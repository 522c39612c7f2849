#include "formats/tiff/cog_writer.h"

#include "formats/base/error.h"
#include "formats/base/part_file.h"
#include "formats/image/decode.h"
#include "formats/store/in_cache.h"
#include "formats/tiff/cog_file.h"
#include "formats/tiff/deflate_tiles.h"
#include "formats/tiff/jpeg_stream.h"
#include "formats/tiff/webp_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <thread>
#include <utility>

namespace offgrid {
namespace {

/// What waits to be encoded: some tiles for each thread.
constexpr std::size_t max_waiting_tiles = 64;
constexpr std::size_t max_waiting_bytes = std::size_t{16} << 20;

/// A file tells of each place where its tile is, in 12 bytes.
constexpr std::int64_t max_places = std::int64_t{1} << 26;

/// Readers count pixels in 32 bits with a sign.
constexpr std::int64_t max_pixels = std::numeric_limits<std::int32_t>::max();

int threads_of(const CogOptions& options) {
    return options.threads > 0
               ? options.threads
               : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

/// The smallest range that has the tiles. REQUIRES: they are sorted, and not none.
TileRange range_of(int z, const tiff::SpooledTiles& tiles) {
    const auto [first, last] = std::ranges::minmax(tiles, {}, &tiff::SpooledTile::x);
    return {z, first.x, tiles.front().y, last.x + std::int64_t{1},
            tiles.back().y + std::int64_t{1}};
}

bool contains(const TileRange& range, const tiff::SpooledTile& tile) {
    return range.contains({range.z, tile.x, tile.y});
}

/// The image with room for the tiles of lower zooms that lie beside it, while that does not make it
/// four times as large. A tile that an image of its zoom does not have, but that shows what deeper
/// tiles show, is no loss.
TileRange with_tiles_beside(const Grid& grid, const std::map<int, tiff::SpooledTiles>& tiles,
                            const TileRange& full) {
    const auto most = std::max(4 * full.count(), tiff::cheap_places);
    auto grown = full;
    for (const auto& [z, of_zoom] : tiles) {
        auto range = grid.range_of(z, grid.box_of(full));
        const auto met = range;
        for (const auto& tile : of_zoom) {
            if (!contains(met, tile)) {
                range = {z, std::min<std::int64_t>(range.min_x, tile.x),
                         std::min<std::int64_t>(range.min_y, tile.y),
                         std::max(range.max_x, tile.x + std::int64_t{1}),
                         std::max(range.max_y, tile.y + std::int64_t{1})};
            }
        }
        if (range == met) {
            continue;
        }
        const auto larger = grid.range_of(full.z, hull(grid.box_of(grown), grid.box_of(range)));
        if (larger.count() <= most) {
            grown = larger;
        }
    }
    return grown;
}

/// Throws `unsupported` when tiles would be lost: those in no image that show what deeper tiles,
/// which are in `full`, do not.
void require_none_lost(const Grid& grid, const std::map<int, tiff::SpooledTiles>& tiles,
                       const TileRange& full, std::span<const tiff::CogLevel> levels) {
    for (const auto& [z, of_zoom] : tiles) {
        const auto met = grid.range_of(z, grid.box_of(full));
        const auto image =
            std::ranges::find(levels, z, [](const tiff::CogLevel& level) { return level.range.z; });
        const auto lost = std::ranges::count_if(of_zoom, [&](const auto& tile) {
            return !contains(met, tile) && (image == levels.end() || !contains(image->range, tile));
        });
        if (lost > 0) {
            throw Error{Errc::unsupported,
                        fmt::format("{} tiles of zoom {} lie too far beside those of zoom {} to be "
                                    "in one image with them: take fewer zooms, or a part",
                                    lost, z, full.z)};
        }
    }
}

void require_possible(const TileRange& full, const Grid& grid) {
    const auto width = full.max_x - full.min_x;
    const auto height = full.max_y - full.min_y;
    const auto most = max_pixels / grid.tile_size();
    if (width > most || height > most || width > max_places / height) {
        throw Error{Errc::too_large,
                    fmt::format("an image of {} by {} tiles of zoom {} is too large: take fewer "
                                "zooms, or a part",
                                width, height, full.z)};
    }
}

}  // namespace

CogWriter::CogWriter(CogOptions options, TilesetSlice slice, FileOps& disk)
    : options_{std::move(options)},
      slice_{std::move(slice)},
      disk_{disk},
      path_{options_.file},
      spool_{disk_, path_},
      jpeg_{options_.quality} {
    in_cache(options_.name, [&] {
        const auto size = slice_.info.grid->tile_size();
        if (size % 16 != 0) {
            throw Error{Errc::unsupported,
                        fmt::format("grid '{}' has tiles of {} pixels: TIFF has multiples of 16",
                                    slice_.info.grid->name(), size)};
        }
        require_name_free(path_);
    });
}

CogWriter::~CogWriter() = default;

void CogWriter::require_open() const {
    if (failure_) {
        throw Error{*failure_};
    }
    if (is_built_) {
        throw Error{Errc::already_exists,
                    fmt::format("{} is built, and is built once", path_.string())};
    }
}

void CogWriter::put(const TileKey& key, BytesView content) {
    in_cache(options_.name, [&] {
        require_open();
        if (!slice_.info.grid->contains(key)) {
            throw Error{Errc::invalid_argument,
                        fmt::format("no tile {}/{}/{} in the grid", key.z, key.x, key.y)};
        }
        if (content.size() > tiff::max_tile_bytes) {
            throw Error{Errc::too_large, fmt::format("tile {}/{}/{} has {} bytes", key.z, key.x,
                                                     key.y, content.size())};
        }
        const auto format = sniff_format(content).value_or(TileFormat::pbf);
        if (format_ && format != TileFormat::pbf && format != *format_) {
            throw Error{
                Errc::unsupported,
                fmt::format("tile {}/{}/{} is {}, others are {}: a GeoTIFF has one "
                            "encoding; encode all tiles alike first",
                            key.z, key.x, key.y, extension_of(format), extension_of(*format_))};
        }
        try {
            keep(key, content, format);
        } catch (const Error& error) {
            rethrow_with(error, "tile {}/{}/{}", key.z, key.x, key.y);
        }
        format_ = format;
    });
}

/// Throws for a tile that no image has.
void CogWriter::keep(const TileKey& key, BytesView content, TileFormat format) {
    switch (format) {
        case TileFormat::jpeg: {
            const auto header = tiff::read_jpeg_header(content);
            if (!header) {
                throw Error{Errc::corrupt, "the JPEG is damaged"};
            }
            require_size(header->width, header->height);
            spool_.put(key, content, jpeg_.number_of(content));
            return;
        }
        case TileFormat::webp: {
            const auto header = tiff::read_webp_header(content);
            if (!header) {
                throw Error{Errc::corrupt, "the WebP is damaged"};
            }
            if (header->is_animation) {
                throw Error{Errc::unsupported, "the WebP is an animation"};
            }
            require_size(header->width, header->height);
            spool_.put(key, content);
            return;
        }
        case TileFormat::png:
            keep_pixels(key, decode_tile(content));
            return;
        case TileFormat::pbf:
            break;
    }
    throw Error{Errc::unsupported, "it is no JPEG, PNG or WebP"};
}

void CogWriter::require_size(int width, int height) const {
    const auto size = slice_.info.grid->tile_size();
    if (width != size || height != size) {
        throw Error{Errc::invalid_argument,
                    fmt::format("it is {} by {} pixels, not {}", width, height, size)};
    }
}

void CogWriter::keep_pixels(const TileKey& key, Image image) {
    require_size(image.width, image.height);
    waiting_bytes_ += image.rgba.size();
    waiting_keys_.push_back(key);
    waiting_.push_back(std::move(image));
    if (waiting_.size() >= max_waiting_tiles || waiting_bytes_ >= max_waiting_bytes) {
        deflate_waiting();
    }
}

/// Tiles that are lost leave no file: every later call fails as this one.
void CogWriter::deflate_waiting() {
    try {
        const auto tiles = tiff::deflate_tiles(waiting_, threads_of(options_));
        for (std::size_t i = 0; i < tiles.size(); ++i) {
            spool_.put(waiting_keys_[i], tiles[i]);
        }
    } catch (const Error& error) {
        failure_ = error;
        throw;
    }
    waiting_.clear();
    waiting_keys_.clear();
    waiting_bytes_ = 0;
}

void CogWriter::erase(const TileKey& key) {
    in_cache(options_.name, [&] {
        require_open();
        if (slice_.info.grid->contains(key)) {
            deflate_waiting();
            spool_.erase(key);
        }
    });
}

void CogWriter::commit() {
    in_cache(options_.name, [&] {
        if (failure_) {
            throw Error{*failure_};
        }
        deflate_waiting();
        auto& tiles = spool_.sorted();
        if (is_built_ || tiles.empty()) {
            return;
        }
        tiff::CogContent content{.grid = slice_.info.grid.get(),
                                 .format = *format_,
                                 .description = slice_.info.description,
                                 .copyright = slice_.info.attribution,
                                 .max_classic_size = options_.max_classic_size};
        for (const auto& level : plan_levels(tiles)) {
            auto& of_level = tiles[level.range.z];
            std::erase_if(of_level, [&](const auto& tile) { return !contains(level.range, tile); });
            content.images.push_back({level, &of_level});
        }
        if (content.format == TileFormat::jpeg) {
            jpeg_.unify(content, tiles, spool_);
        }
        write(content);
        is_built_ = true;
    });
}

std::vector<tiff::CogLevel> CogWriter::plan_levels(
    const std::map<int, tiff::SpooledTiles>& tiles) const {
    const auto& grid = *slice_.info.grid;
    const auto& [deepest, of_deepest] = *tiles.rbegin();
    const auto deepest_tiles = range_of(deepest, of_deepest);
    require_possible(options_.extent.value_or(deepest_tiles), grid);
    const auto full =
        options_.extent ? *options_.extent : with_tiles_beside(grid, tiles, deepest_tiles);
    std::vector<int> lower;
    for (auto zoom = tiles.rbegin(); zoom != tiles.rend(); ++zoom) {
        const auto& [z, of_zoom] = *zoom;
        const auto range = grid.range_of(z, grid.box_of(full));
        if (z < full.z &&
            std::ranges::any_of(of_zoom, [&](const auto& tile) { return contains(range, tile); })) {
            lower.push_back(z);
        }
    }
    auto levels = tiff::cog_levels(grid, full, lower);
    require_possible(levels.front().range, grid);
    if (!options_.extent) {
        require_none_lost(grid, tiles, deepest_tiles, levels);
    }
    return levels;
}

void CogWriter::write(const tiff::CogContent& content) {
    PartFile part{path_, disk_};
    {
        const auto file = disk_.create(part.path());
        tiff::BufferedOutput out{*file};
        tiff::write_cog(out, content, spool_.file());
        file->sync();
    }
    part.publish();
}

}  // namespace offgrid
