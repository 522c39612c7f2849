#pragma once

#include "formats/base/bytes.h"
#include "formats/tile/tile_format.h"

#include <optional>
#include <string>

namespace offgrid {

/// How closely tiles are looked at.
enum class Depth {
    signature,  ///< the first bytes show the format
    pixels,     ///< the tile is decoded
};

/// Tells whether the content of tiles is what a store claims. Immutable; safe for concurrent use.
class ContentCheck {
public:
    /// `format` nothing: any image or vector tile. `tile_size` in pixels.
    ContentCheck(std::optional<TileFormat> format, int tile_size, Depth depth)
        : format_{format}, tile_size_{tile_size}, depth_{depth} {}

    /// What is wrong with the tile, or nothing.
    std::optional<std::string> problem(BytesView tile) const;

private:
    std::optional<std::string> problem_of_pixels(BytesView tile) const;

    std::optional<TileFormat> format_;
    int tile_size_;
    Depth depth_;
};

}  // namespace offgrid
