#include "formats/pmtiles/pmtiles_writer.h"

#include "formats/base/error.h"
#include "formats/pmtiles/directories.h"
#include "formats/pmtiles/hilbert.h"
#include "formats/pmtiles/mercator_grid.h"
#include "formats/pmtiles/metadata.h"
#include "formats/tile/lonlat.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using pmtiles::Compression;
using pmtiles::Header;
using pmtiles::TileSummary;

constexpr std::size_t max_tile_bytes = std::size_t{64} << 20;  // as much as is read

/// Contents that lie together are copied in pieces of this size.
constexpr std::size_t copied_bytes = std::size_t{1} << 20;

fs::path checked_path(const PmtilesOptions& options, const Grid& grid) {
    pmtiles::require_mercator_grid(grid, options.file);
    return options.file;
}

/// The layer is called as its file where it has no name of its own.
StoreInfo named(StoreInfo info, const fs::path& path) {
    if (info.name.empty()) {
        info.name = path.stem().string();
    }
    return info;
}

/// What the slice is limited to, else what the tiles cover.
Box bounds_of(const StoreInfo& info, const TileSummary& summary) {
    constexpr double tolerance = 1e-7;  // degrees, of the header
    const auto& grid = Grid::google_maps_compatible();
    const auto whole = to_lonlat(grid.srs(), grid.extent()).value();
    const bool is_limited = info.bounds && !info.bounds->is_empty() &&
                            (info.bounds->min_x > whole.min_x + tolerance ||
                             info.bounds->min_y > whole.min_y + tolerance ||
                             info.bounds->max_x < whole.max_x - tolerance ||
                             info.bounds->max_y < whole.max_y - tolerance);
    const auto bounds = is_limited ? intersection(*info.bounds, whole) : Box{};
    return bounds.is_empty() ? to_lonlat(grid.srs(), info.grid->box_of(summary.deepest)).value()
                             : bounds;
}

pmtiles::Position position(double longitude, double latitude) {
    constexpr double e7 = 1e7;
    return {static_cast<std::int32_t>(std::lround(longitude * e7)),
            static_cast<std::int32_t>(std::lround(latitude * e7))};
}

}  // namespace

PmtilesWriter::PmtilesWriter(const PmtilesOptions& options, const TilesetSlice& slice,
                             FileOps& files)
    : path_{checked_path(options, *slice.info.grid)},
      part_{path_, files},
      info_{named(slice.info, path_)},
      files_{files},
      spool_{path_} {}

PmtilesWriter::~PmtilesWriter() = default;

void PmtilesWriter::refuse(const TileKey& key, std::string_view why) const {
    throw Error{Errc::invalid_argument, fmt::format("cannot write to {}: tile {}/{}/{} {}",
                                                    path_.string(), key.z, key.x, key.y, why)};
}

void PmtilesWriter::require_valid(const TileKey& key) const {
    if (state_ != State::open) {
        refuse(key, "comes after the commit, and a PMTiles file is written once");
    }
    if (!info_.grid->contains(key)) {
        refuse(key, fmt::format("is not in the grid '{}'", info_.grid->name()));
    }
}

void PmtilesWriter::put(const TileKey& key, BytesView content) {
    require_valid(key);
    if (content.empty()) {
        refuse(key, "has no content");
    }
    if (content.size() > max_tile_bytes) {
        throw Error{Errc::too_large,
                    fmt::format("cannot write to {}: tile {}/{}/{} has {} bytes", path_.string(),
                                key.z, key.x, key.y, content.size())};
    }
    const bool is_compressed = is_gzip(content);
    if (are_gzip_.value_or(is_compressed) != is_compressed) {
        refuse(key, is_compressed ? "is compressed with gzip, and those before are not"
                                  : "is not compressed with gzip, and those before are");
    }
    tiles_.add(pmtiles::hilbert_id(key), spool_.add(content), sniff_format(content));
    are_gzip_ = is_compressed;
}

void PmtilesWriter::erase(const TileKey& key) {
    require_valid(key);
    tiles_.remove(pmtiles::hilbert_id(key));
}

void PmtilesWriter::commit() {
    if (state_ == State::committed) {
        return;
    }
    if (state_ == State::failed) {
        throw Error{Errc::io, fmt::format("{}: a commit failed before", path_.string())};
    }
    state_ = State::failed;
    const auto summary = tiles_.finish(spool_);
    if (summary.tiles == 0) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot write {}: PMTiles has no form for a file without tiles",
                                path_.string())};
    }
    write(summary);
    part_.publish();
    state_ = State::committed;
}

/// In the order that the specification recommends: header, root, metadata, leaves, tiles.
void PmtilesWriter::write(const TileSummary& summary) const {
    const auto directories = pmtiles::make_directories(
        [&](const auto& visit) { tiles_.for_each_entry(visit); }, summary.entries);
    const auto metadata = pmtiles::gzipped(pmtiles::to_json(info_));
    auto header = header_of(summary);
    std::uint64_t end = pmtiles::header_bytes;
    const auto place = [&](std::uint64_t length) {
        return pmtiles::Section{std::exchange(end, end + length), length};
    };
    header.root = place(directories.root.size());
    header.metadata = place(metadata.size());
    header.leaves = place(directories.leaves.size());
    header.tiles = place(summary.bytes);

    const auto file = files_.create(part_.path());
    file->append(pmtiles::to_bytes(header));
    file->append(directories.root);
    file->append(metadata);
    file->append(directories.leaves);
    write_contents(*file);
    file->sync();
}

void PmtilesWriter::write_contents(OutputFile& file) const {
    Bytes piece;
    std::uint64_t begin = 0;  // in the spool
    std::uint64_t end = 0;
    const auto copy = [&] {
        spool_.read(begin, static_cast<std::size_t>(end - begin), piece);
        file.append(piece);
    };
    tiles_.for_each_content([&](std::uint64_t offset, std::uint32_t length) {
        if (offset != end || end - begin >= copied_bytes) {
            copy();
            begin = offset;
        }
        end = offset + length;
    });
    copy();
}

Header PmtilesWriter::header_of(const TileSummary& summary) const {
    const auto bounds = bounds_of(info_, summary);
    return {
        .addressed_tiles = summary.tiles,
        .tile_entries = summary.entries,
        .tile_contents = summary.contents,
        .is_clustered = true,
        .internal_compression = Compression::gzip,
        .tile_compression = are_gzip_.value_or(false) ? Compression::gzip : Compression::none,
        .tile_type = pmtiles::type_of(info_.format ? info_.format : summary.format),
        .min_zoom = static_cast<std::uint8_t>(summary.min_zoom),
        .max_zoom = static_cast<std::uint8_t>(summary.max_zoom),
        .south_west = position(bounds.min_x, bounds.min_y),
        .north_east = position(bounds.max_x, bounds.max_y),
        .center_zoom = static_cast<std::uint8_t>(summary.min_zoom),
        .center = position((bounds.min_x + bounds.max_x) / 2, (bounds.min_y + bounds.max_y) / 2)};
}

}  // namespace offgrid
