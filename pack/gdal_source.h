#pragma once

#include "formats/config/store_location.h"
#include "formats/tile/tile_format.h"
#include "pack/block_cache.h"
#include "pack/gdal_blocks.h"
#include "pack/options.h"
#include "pack/requests.h"
#include "pack/source_info.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::gdal {

/// A source whose blocks are read by us: a store, or what a server sends to a driver of GDAL's. Any
/// thread may open it: all share what is behind it.
class BlockSource {
public:
    /// `shared` is what the blocks are read with.
    BlockSource(std::shared_ptr<void> shared, BlockRaster raster, BlockCache& cache)
        : shared_{std::move(shared)},
          raster_{std::make_shared<const BlockRaster>(std::move(raster))},
          cache_{cache} {}

    /// A handle for the calling thread. It does not outlive the source.
    Dataset open() const { return open_blocks(raster_, cache_); }

private:
    std::shared_ptr<void> shared_;  // before what is read with it
    std::shared_ptr<const BlockRaster> raster_;
    BlockCache& cache_;
};

/// Open a source that is known, for the calling thread.
Dataset open_again(const SourceInfo& info);

/// What a pack needs a source for. A value.
struct SourceNeed {
    const Grid& grid;                    ///< of the tiles that are packed
    std::optional<double> resolution{};  ///< of the finest of them; nothing: as the source has it
    std::optional<Box> around{};         ///< degrees; nothing: anywhere
};

/// A source that is open in this thread. Owned by it.
struct OpenSource {
    Dataset dataset{};
    std::shared_ptr<const BlockSource> blocks{};  ///< null: GDAL opens it by its name
    std::optional<TileFormat> format{};           ///< of the tiles of a store; nothing: not known
    std::string name{};                           ///< by which GDAL opens it; empty: as it is named
    std::vector<std::string> notes{};             ///< for the user
};

/// Opens the sources of a pack: rasters, stores, servers. Owned by all that it has opened: make it
/// with `std::make_shared`. One thread at a time.
class Sources : public std::enable_shared_from_this<Sources> {
public:
    /// `is_stopped` is not owned and outlives what is opened.
    Sources(const OnlineOptions& options, const std::atomic<bool>& is_stopped);

    /// Open the source. Of several zooms, the one that the need says is taken. Throws what
    /// `gdal::open` and `config::StoreLocations` throw; `unsupported` for vector tiles,
    /// `invalid_argument` for a store without tiles, and for a server that cannot say how deep it
    /// goes where the need does not say it either.
    OpenSource open(const std::string& name, const SourceNeed& need);

private:
    OpenSource open_store(const std::string& name, const SourceNeed& need);
    OpenSource open_raster(const std::string& name, const SourceNeed& need);
    OpenSource open_online(const std::string& name, Dataset dataset, const SourceNeed& need);
    OpenSource opened(BlockRaster raster);

    const std::atomic<bool>& is_stopped_;
    std::mutex mutex_;  // guards the warnings
    std::vector<std::string> warnings_;
    config::StoreLocations locations_;
    Requests requests_;
    BlockCache cache_;
};

}  // namespace offgrid::gdal
