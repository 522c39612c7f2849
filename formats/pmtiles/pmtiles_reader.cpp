#include "formats/pmtiles/pmtiles_reader.h"

#include "formats/base/error.h"
#include "formats/pmtiles/hilbert.h"
#include "formats/pmtiles/mercator_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace offgrid {
namespace {

using pmtiles::Entry;

/// Nothing where it is no part of the Earth.
std::optional<Box> bounds_of(const pmtiles::Header& header) {
    constexpr double degrees = 1e-7;
    const Box box{header.south_west.longitude_e7 * degrees, header.south_west.latitude_e7 * degrees,
                  header.north_east.longitude_e7 * degrees,
                  header.north_east.latitude_e7 * degrees};
    const auto bounds = intersection(box, {-180, -90, 180, 90});
    return bounds.is_empty() ? std::nullopt : std::optional{bounds};
}

void require_readable_tiles(const pmtiles::PmtilesFile& file) {
    using pmtiles::Compression;
    const auto compression = file.header().tile_compression;
    if (compression != Compression::unknown && compression != Compression::none &&
        compression != Compression::gzip) {
        throw Error{Errc::unsupported,
                    fmt::format("{} has tiles that are compressed with {}; only gzip can be served",
                                file.path().string(),
                                compression == Compression::brotli ? "Brotli"
                                : compression == Compression::zstd ? "Zstandard"
                                                                   : "something unknown")};
    }
}

/// Behind the last id of the largest square around the tile that has none of the range. REQUIRES: a
/// tile of the range's zoom, outside the range.
std::uint64_t end_of_square_outside(const TileRange& range, const TileKey& key, std::uint64_t id) {
    const auto first = pmtiles::first_id_of(key.z);
    auto end = id + 1;
    for (int level = 1; level <= key.z; ++level) {
        const auto x = key.x >> level << level;
        const auto y = key.y >> level << level;
        const auto side = std::int64_t{1} << level;
        if (!intersection(range, {key.z, x, y, x + side, y + side}).is_empty()) {
            break;
        }
        end = first + ((((id - first) >> (2 * level)) + 1) << (2 * level));
    }
    return end;
}

}  // namespace

PmtilesReader::PmtilesReader(const PmtilesOptions& options, const Grid& grid)
    : file_{options.file} {
    pmtiles::require_mercator_grid(grid, options.file);
    require_readable_tiles(file_);
    auto metadata = pmtiles::parse_metadata(file_.metadata());
    const int deepest = grid.levels() - 1;
    info_ = {.grid = &grid,
             .name = std::move(metadata.name),
             .description = std::move(metadata.description),
             .attribution = std::move(metadata.attribution),
             .format = pmtiles::format_of(file_.header().tile_type),
             // The header may say anything; the directories are what finds a tile.
             .min_zoom = std::min(pmtiles::zoom_of(file_.first_id()), deepest),
             .max_zoom = std::min(pmtiles::zoom_of(file_.last_id()), deepest),
             .bounds = bounds_of(file_.header())};
    vector_layers_ = std::move(metadata.vector_layers);
}

std::optional<Tile> PmtilesReader::get(const TileKey& key) const {
    if (!info_.grid->contains(key)) {
        return std::nullopt;
    }
    const auto entry = file_.find(pmtiles::hilbert_id(key));
    if (!entry) {
        return std::nullopt;
    }
    Tile tile;
    file_.read(*entry, tile.content);
    return tile;
}

bool PmtilesReader::exists(const TileKey& key) const {
    return info_.grid->contains(key) && file_.find(pmtiles::hilbert_id(key));
}

/// Visit each tile of the range with its run.
template <typename Visit>
void PmtilesReader::walk(const TileRange& wanted, const Visit& visit) const {
    if (wanted.z < 0 || wanted.z >= info_.grid->levels()) {
        return;
    }
    const auto range = intersection(wanted, info_.grid->whole(wanted.z));
    if (range.is_empty()) {
        return;
    }
    const auto end = pmtiles::first_id_of(range.z + 1);
    auto id = pmtiles::first_id_of(range.z);
    while (id < end) {
        const auto run = file_.next(id);
        if (!run) {
            return;
        }
        const auto end_of_run = std::min(run->end_id(), end);
        for (id = std::max(id, run->tile_id); id < end_of_run;) {
            const auto key = pmtiles::key_of(id);
            if (range.contains(key)) {
                visit(key, *run);
                ++id;
            } else {
                id = end_of_square_outside(range, key, id);
            }
        }
    }
}

void PmtilesReader::scan(const TileRange& range, const Visitor& visit) const {
    Bytes content;
    Entry read;
    walk(range, [&](const TileKey& key, const Entry& run) {
        if (run.offset != read.offset || run.length != read.length) {
            file_.read(run, content);
            read = run;
        }
        visit(key, content);
    });
}

void PmtilesReader::list(const TileRange& range, const SizeVisitor& visit) const {
    walk(range, [&](const TileKey& key, const Entry& run) { visit(key, run.length); });
}

}  // namespace offgrid
