#include "formats/tiff/cog_reader.h"

#include "formats/base/error.h"
#include "formats/image/png.h"
#include "formats/store/in_cache.h"
#include "formats/tiff/deflate_tiles.h"
#include "formats/tiff/jpeg_stream.h"
#include "formats/tile/lonlat.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

tiff::RandomFile open(const std::string& path) {
    auto file = tiff::RandomFile::open(path, tiff::RandomFile::Access::read);
    if (!file) {
        throw Error{Errc::not_found, fmt::format("there is no {}", path)};
    }
    return std::move(*file);
}

/// The format of the tiles as they are given out; nothing when they cannot be.
std::optional<TileFormat> format_of(const tiff::CogImage& image) {
    const bool is_rgb = image.photometric == tiff::photometric_rgb;
    const bool is_rgb_or_rgba =
        is_rgb && (image.samples == 3 || (image.samples == 4 && image.has_alpha));
    switch (image.compression) {
        case tiff::jpeg_compression: {
            const bool is_grey = image.samples == 1 && image.photometric == tiff::photometric_grey;
            const bool is_colour =
                image.samples == 3 && (is_rgb || image.photometric == tiff::photometric_ycbcr);
            return is_grey || is_colour ? std::optional{TileFormat::jpeg} : std::nullopt;
        }
        case tiff::webp_compression:
            return is_rgb_or_rgba ? std::optional{TileFormat::webp} : std::nullopt;
        case tiff::deflate_compression: {
            const bool is_known =
                is_rgb_or_rgba && image.predictor <= tiff::horizontal_differencing;
            return is_known ? std::optional{TileFormat::png} : std::nullopt;
        }
        default:
            return std::nullopt;
    }
}

Bytes to_png(BytesView stream, const tiff::CogImage& image, int size) {
    const auto pixels = tiff::inflate_tile(
        stream, {.size = size,
                 .samples = static_cast<std::size_t>(image.samples),
                 .has_differences = image.predictor == tiff::horizontal_differencing});
    return PngEncoder{}.encode(pixels, coverage_of(pixels));
}

}  // namespace

CogReader::CogReader(const CogOptions& options, const Grid& grid)
    : name_{options.name},
      file_{in_cache(name_, [&] { return open(options.file); })},
      reader_{in_cache(name_, [&] { return tiff::DirectoryReader{file_}; })},
      images_{in_cache(name_, [&] { return tiff::read_cog_images(file_, reader_, grid); })} {
    info_.grid = &grid;
    in_cache(name_, [&] { describe(); });
}

void CogReader::describe() {
    const auto& full = images_.front();
    info_.format = format_of(full);
    for (const auto& image : images_) {
        if (format_of(image) != info_.format || !info_.format) {
            throw Error{
                Errc::unsupported,
                fmt::format("{} has {} samples a pixel{} in compression {} and photometric "
                            "interpretation {}",
                            file_.path(), image.samples,
                            image.samples == 4 && !image.has_alpha ? ", the fourth no alpha," : "",
                            image.compression, image.photometric)};
        }
    }
    info_.min_zoom = images_.back().range.z;
    info_.max_zoom = full.range.z;
    const auto& grid = *info_.grid;
    info_.bounds = to_lonlat(grid.srs(), grid.box_of(full.range));
}

std::optional<CogReader::Found> CogReader::find(const TileKey& key) const {
    const auto image = std::ranges::find_if(
        images_, [&](const tiff::CogImage& each) { return each.range.contains(key); });
    if (image == images_.end() || !info_.grid->contains(key)) {
        return std::nullopt;
    }
    const auto& range = image->range;
    const auto index = static_cast<std::uint64_t>(
        (key.y - range.min_y) * (range.max_x - range.min_x) + key.x - range.min_x);
    const tiff::Extent extent{reader_.number(image->offsets, index),
                              reader_.number(image->sizes, index)};
    if (extent.offset == 0 || extent.size == 0) {
        return std::nullopt;
    }
    if (extent.size > tiff::max_tile_bytes || extent.size > file_.size() ||
        extent.offset > file_.size() - extent.size) {
        throw Error{Errc::corrupt,
                    fmt::format("{}: tile {}/{}/{} is at {} with {} bytes", file_.path(), key.z,
                                key.x, key.y, extent.offset, extent.size)};
    }
    return Found{*image, extent};
}

Bytes CogReader::content(const TileKey& key, const Found& found) const {
    try {
        Bytes tile(found.extent.size);
        file_.read(found.extent.offset, tile);
        const auto size = info_.grid->tile_size();
        if (info_.format == TileFormat::jpeg) {
            const auto colours = found.image.photometric == tiff::photometric_rgb
                                     ? tiff::Colours::rgb
                                     : tiff::Colours::as_marked;
            return tiff::complete_jpeg(std::move(tile), found.image.jpeg_tables, colours, size);
        }
        return info_.format == TileFormat::png ? to_png(tile, found.image, size) : tile;
    } catch (const Error& error) {
        rethrow_with(error, "{}: tile {}/{}/{}", file_.path(), key.z, key.x, key.y);
    }
}

std::optional<Tile> CogReader::get(const TileKey& key) const {
    return in_cache(name_, [&] {
        const auto found = find(key);
        return found ? std::optional{Tile{content(key, *found)}} : std::nullopt;
    });
}

bool CogReader::exists(const TileKey& key) const {
    return in_cache(name_, [&] { return find(key).has_value(); });
}

/// Row by row, as the tiles lie in the file.
template <typename Visit>
void CogReader::visit_places(const TileRange& range, const Visit& visit) const {
    for (const auto& image : images_) {
        if (image.range.z != range.z) {
            continue;
        }
        const auto wanted = intersection(image.range, range);
        for (auto y = wanted.min_y; y < wanted.max_y; ++y) {
            for (auto x = wanted.min_x; x < wanted.max_x; ++x) {
                const TileKey key{range.z, x, y};
                if (const auto found = in_cache(name_, [&] { return find(key); })) {
                    visit(key, *found);
                }
            }
        }
    }
}

void CogReader::scan(const TileRange& range, const Visitor& visit) const {
    visit_places(range, [&](const TileKey& key, const Found& found) {
        visit(key, in_cache(name_, [&] { return content(key, found); }));
    });
}

void CogReader::list(const TileRange& range, const SizeVisitor& visit) const {
    visit_places(range,
                 [&](const TileKey& key, const Found& found) { visit(key, found.extent.size); });
}

}  // namespace offgrid
