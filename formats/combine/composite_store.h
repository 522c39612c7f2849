#pragma once

#include "formats/store/tile_store.h"

#include <memory>
#include <vector>

namespace offgrid {

/// Several stores behind one name, each for a span of zooms: the first whose span has the tile's
/// zoom answers (MapCache "composite"). A zoom in no span is absent.
class CompositeReader final : public TileReader {
public:
    struct Part {
        int min_zoom = 0;  ///< inclusive
        int max_zoom = 0;  ///< inclusive
        std::unique_ptr<TileReader> reader;
    };

    /// All parts are in the grid of `info`.
    CompositeReader(StoreInfo info, std::vector<Part> parts);

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;

private:
    const TileReader* reader_for(int zoom) const;

    StoreInfo info_;
    std::vector<Part> parts_;
};

}  // namespace offgrid
