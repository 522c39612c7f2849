#pragma once

#include "formats/pmtiles/directory.h"
#include "formats/pmtiles/header.h"

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid::test {

/// A PMTiles file in parts, as anybody may put one together: nothing is checked. Directories are
/// not compressed unless `header` says gzip.
struct RawArchive {
    pmtiles::Header header{.internal_compression = pmtiles::Compression::none,
                           .tile_compression = pmtiles::Compression::none,
                           .tile_type = pmtiles::TileType::png};
    Bytes root{};
    Bytes metadata{};
    Bytes leaves{};
    std::string tiles{};

    /// The file, its sections one after the other.
    Bytes bytes() const;

    void write(const std::filesystem::path& path) const;
};

/// One with these tiles `abc…` at the root's entries.
RawArchive archive_of(const pmtiles::Directory& root, std::string tiles = "abcdefghij");

}  // namespace offgrid::test
