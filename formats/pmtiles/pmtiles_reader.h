#pragma once

#include "formats/pmtiles/metadata.h"
#include "formats/pmtiles/pmtiles_file.h"
#include "formats/pmtiles/pmtiles_options.h"
#include "formats/store/tile_store.h"

#include <optional>
#include <string>

namespace offgrid {

/// One PMTiles file (version 3) as a store. Tiles are given as they are stored: vector tiles mostly
/// as gzip streams, as in MBTiles. The file may come from anyone; see pmtiles::PmtilesFile for
/// memory, descriptors and what is refused. It must not change while it is open; another may take
/// its name. Safe for concurrent use.
///
/// A scan follows the Hilbert curve, which is the order of the file where that is clustered, and
/// costs what it visits: parts of a zoom outside the range are skipped. Of tiles in a run with the
/// same content, that is read once.
class PmtilesReader final : public TileReader {
public:
    /// Throws what PmtilesFile throws; `unsupported` for a grid that PMTiles does not know, and for
    /// tiles that are compressed with anything but gzip.
    explicit PmtilesReader(const PmtilesOptions& options,
                           const Grid& grid = Grid::google_maps_compatible());

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool is_unchanging() const override { return true; }
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

    const pmtiles::Header& header() const { return file_.header(); }

    /// Of vector tiles: the JSON array of TileJSON 3.0 "vector_layers"; empty where there is none.
    const std::string& vector_layers() const { return vector_layers_; }

private:
    template <typename Visit>
    void walk(const TileRange& range, const Visit& visit) const;

    pmtiles::PmtilesFile file_;
    StoreInfo info_;
    std::string vector_layers_;
};

}  // namespace offgrid
