#pragma once

#include "formats/image/image.h"
#include "serve/layer_set.h"

#include <cstdint>

namespace offgrid {

/// The pixels of some tiles of a layer, row by row from the north; one row of tiles is in memory.
/// Borrows the layer. One thread at a time.
class TileStrip {
public:
    /// REQUIRES: the tiles are of the layer's grid.
    TileStrip(const Layer& layer, const TileRange& tiles);

    /// A row of pixels, counted from the northern edge of the tiles, from their western edge on;
    /// null where there is no tile. Valid until the next call. Cheap where rows come in their
    /// order. Throws what the store throws and `corrupt` for a tile of another size, naming the
    /// tile.
    const std::uint8_t* row(std::int64_t y);

private:
    void load(std::int64_t tile_row);
    void place(const ImageView& tile, std::int64_t column);
    Image pixels_of(BytesView content) const;

    const Layer& layer_;
    TileRange tiles_;
    int side_;
    Image pixels_;
    std::int64_t loaded_ = -1;  // the row of tiles that is in `pixels_`
    bool is_empty_ = true;      // it has no tile: the pixels are all transparent
};

}  // namespace offgrid
