#pragma once

#include "formats/store/tile_store.h"
#include "formats/tile/range.h"
#include "pack/pixel_blocks.h"
#include "pack/requests.h"

#include <memory>
#include <optional>

namespace offgrid {

/// A rectangle of pixels, half-open. A value.
struct PixelBox {
    int min_x = 0;
    int min_y = 0;
    int max_x = 0;
    int max_y = 0;
};

/// What a store shows at one zoom. A value.
struct StoreLevel {
    TileRange range{};
    int tile_pixels = 256;            ///< both ways; not always what the grid says
    std::optional<PixelBox> shown{};  ///< of the range; nothing: all of it
};

/// The tiles of one zoom of a store as pixels: red, green, blue and alpha, a block a tile. A tile
/// that is absent is transparent. Safe for concurrent use.
class StoreBlocks final : public PixelBlocks {
public:
    /// Tiles are asked for through `requests`; null: as they are wanted. It is not owned.
    StoreBlocks(std::shared_ptr<const TileReader> reader, const StoreLevel& level,
                Requests* requests);

    const Shape& shape() const override { return shape_; }
    Block read(int column, int row) const override;

private:
    void hide_rest(Bytes& rgba, int column, int row) const;

    std::shared_ptr<const TileReader> reader_;
    const StoreLevel level_;
    Requests* const requests_;
    const Shape shape_;
};

}  // namespace offgrid
