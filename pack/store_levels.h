#pragma once

#include "formats/config/store_location.h"
#include "formats/store/tile_store.h"
#include "pack/requests.h"
#include "pack/store_blocks.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// A store of raster tiles that is open, and what it shows at which zoom. One thread at a time.
class StoreLevels {
public:
    /// Opens the store. What is asked of a server goes through `requests`; nothing is owned but the
    /// reader. Throws what opening throws; `unsupported` for vector tiles.
    StoreLevels(const config::StoreLocation& location, Requests& requests,
                const std::atomic<bool>& is_stopped);

    const Grid& grid() const { return *reader_->info().grid; }
    const std::shared_ptr<const TileReader>& reader() const { return reader_; }

    /// What tiles are asked for through; null: the store is on this machine.
    Requests* requests() const { return requests_; }

    /// Whether the store says which tiles it has, and so how deep it goes.
    bool knows_its_depth() const { return reader_->can_scan(); }

    /// The format of its tiles, as far as it is known after a level was found.
    std::optional<TileFormat> format() const { return format_; }

    /// The deepest zoom that has tiles or, where that is not known, that the grid has. Throws
    /// `invalid_argument` when there is none.
    StoreLevel deepest();

    /// The first zoom whose pixels are as fine as that resolution, in units of the store's grid, or
    /// the deepest; of those above it the next with tiles, where it has none. A store that cannot
    /// list its tiles is asked for one in the middle of `around`, degrees.
    StoreLevel find(double resolution, const StoreLevel& deepest, const std::optional<Box>& around);

private:
    struct Listing;

    std::optional<StoreLevel> level_at(int zoom);
    std::optional<Image> image_of(const TileKey& key);
    int probe(int zoom, const std::optional<Box>& around);
    int zoom_for(double resolution, int tile_pixels) const;
    std::optional<PixelBox> shown_of(const StoreLevel& level) const;

    std::string name_;
    std::function<TileRange(int z)> limits_;
    std::shared_ptr<const TileReader> reader_;
    Requests* requests_;
    const std::atomic<bool>& is_stopped_;
    std::optional<TileFormat> format_;
};

}  // namespace offgrid
