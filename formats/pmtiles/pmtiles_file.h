#pragma once

#include "formats/base/bytes.h"
#include "formats/base/unique_fd.h"
#include "formats/pmtiles/directory.h"
#include "formats/pmtiles/header.h"
#include "formats/pmtiles/leaf_cache.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace offgrid::pmtiles {

/// An open PMTiles file, from anywhere. Keeps the header, the root directory and the leaf
/// directories that were used last (8 MiB of them), and one descriptor. Safe for concurrent use.
///
/// Messages name the file. Whatever in it leads nowhere is `corrupt`, found when it is needed: a
/// leaf directory when a tile below it is asked for.
class PmtilesFile {
public:
    /// Throws `not_found` when there is none, `corrupt` and `unsupported` as header and directory
    /// do.
    explicit PmtilesFile(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return path_; }
    const Header& header() const { return header_; }

    /// The metadata, decompressed: JSON, if it is what it should be. Throws `too_large` beyond 16
    /// MiB.
    Bytes metadata() const;

    /// The entry of the tile, or nothing. Any id may be asked.
    std::optional<Entry> find(std::uint64_t tile_id) const;

    /// What there is from an id on: the rest of the run that it is in, or the next run.
    std::optional<Entry> next(std::uint64_t tile_id) const;

    /// The id of the first and of the last tile.
    std::uint64_t first_id() const;
    std::uint64_t last_id() const;

    /// Read the content of a run, in place of what `content` had. Throws `too_large` beyond 64 MiB.
    void read(const Entry& run, Bytes& content) const;

private:
    template <typename Work>
    auto in_file(const Work& work) const;

    Bytes read_section(const Section& section) const;
    void read_at(std::uint64_t offset, Bytes& content) const;
    Directory read_directory(const Section& section, std::uint64_t first_id,
                             std::uint64_t end_id) const;

    /// `end_id` is behind the last tile that the leaf may have.
    LeafCache::Leaf leaf(const Entry& entry, std::uint64_t end_id) const;

    std::optional<Entry> find_in(const Directory& directory, std::uint64_t tile_id,
                                 std::uint64_t end_id, int depth) const;
    std::optional<Entry> next_in(const Directory& directory, std::uint64_t tile_id,
                                 std::uint64_t end_id, int depth) const;

    std::filesystem::path path_;
    UniqueFd fd_;
    Header header_;
    Directory root_;
    mutable LeafCache leaves_;
};

}  // namespace offgrid::pmtiles
