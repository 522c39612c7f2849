#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/part_file.h"
#include "formats/pmtiles/header.h"
#include "formats/pmtiles/pmtiles_options.h"
#include "formats/pmtiles/tile_list.h"
#include "formats/pmtiles/tile_spool.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace offgrid {

/// Makes one PMTiles file (version 3): clustered, equal tiles stored once, runs of them one entry.
///
/// The file is written once: it appears under its name in the first `commit`, complete and durable;
/// until then there are a scratch file without a name and, in `commit`, `NAME.RANDOM.part`.
/// After it nothing can be put. The same tiles and description give the same bytes, in whatever
/// order they are put. Takes 32 bytes of memory for each `put` and `erase`, and at the commit about
/// 3 bytes more for each entry of the directories; on the disk twice the tiles.
///
/// Name, description and attribution are those of the slice; bounds too, where they are less than
/// the world, else those of the tiles of the deepest zoom. What the tiles are is as the slice says,
/// else as they all show. They are not compressed: either all are gzip streams, or none.
///
/// Owned by one thread. The FileOps is not owned and outlives the writer.
class PmtilesWriter final : public TileWriter {
public:
    /// Throws `already_exists` when the file exists, `unsupported` for a grid that PMTiles does not
    /// know.
    PmtilesWriter(const PmtilesOptions& options, const TilesetSlice& slice,
                  FileOps& files = posix_file_ops());
    ~PmtilesWriter() override;
    PmtilesWriter(const PmtilesWriter&) = delete;
    PmtilesWriter& operator=(const PmtilesWriter&) = delete;

    /// Throws `invalid_argument` for a tile outside the grid, without content, after the commit, or
    /// that is a gzip stream where the first one was none, and the reverse; `too_large` beyond 64
    /// MiB.
    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;

    /// Throws `invalid_argument` when there is no tile, which PMTiles cannot express;
    /// `already_exists` when another has made the file meanwhile. After a failure all is lost. A
    /// second call does nothing.
    void commit() override;

private:
    enum class State { open, committed, failed };

    [[noreturn]] void refuse(const TileKey& key, std::string_view why) const;
    void require_valid(const TileKey& key) const;
    void write(const pmtiles::TileSummary& summary) const;
    void write_contents(OutputFile& file) const;
    pmtiles::Header header_of(const pmtiles::TileSummary& summary) const;

    std::filesystem::path path_;
    PartFile part_;
    StoreInfo info_;
    FileOps& files_;
    pmtiles::TileSpool spool_;
    pmtiles::TileList tiles_;
    std::optional<bool> are_gzip_{};  // nothing before the first tile
    State state_ = State::open;
};

}  // namespace offgrid
