#pragma once

#include "formats/image/image.h"
#include "formats/image/kernel.h"
#include "formats/image/resampling.h"
#include "serve/layer_set.h"

#include <cstdint>
#include <optional>

namespace offgrid {

/// A picture of a part of the world: a box in the units of a layer's grid, east then north, and its
/// pixels, which need not be square. A value.
struct MapFrame {
    Box box{};  ///< not empty
    int width = 0;
    int height = 0;

    double column_width() const { return box.width() / width; }
    double row_height() const { return box.height() / height; }
};

/// The tile of the grid that the frame is, to within a quarter of a pixel; nothing where it is
/// none.
std::optional<TileKey> tile_in(const Grid& grid, const MapFrame& frame);

/// How the tiles of one layer make a picture: which of them, and how they are resampled. Borrows
/// the layer. One thread at a time.
///
/// Of the zooms that the layer has, the one is taken whose units a pixel differ least from those of
/// the picture, as MapCache does: labels keep a legible size. Where that takes too many tiles, as
/// in a layer that has deep zooms only, a coarser one, as long as there is one. Where the tiles
/// have the very resolution of the picture their pixels are taken as they are, moved by less than
/// one.
class MapDrawing {
public:
    /// Nothing where the picture takes more than `max_tiles`, or more memory than 64 MiB for a row
    /// of tiles or for the rows of the picture that are made at a time.
    static std::optional<MapDrawing> plan(const Layer& layer, const MapFrame& frame,
                                          Resampling resampling, std::int64_t max_tiles);

    /// Tiles that are looked up, whether or not they are there.
    std::int64_t tiles() const { return tiles_.count(); }
    int zoom() const { return tiles_.z; }

    /// Lay the layer over a picture of the frame's size. Absent tiles are transparent. Throws what
    /// the store throws, `corrupt` for a tile that is damaged or of another size than those of the
    /// grid, naming it.
    void draw(Image& canvas) const;

private:
    MapDrawing(const Layer& layer, const MapFrame& frame, const TileRange& tiles,
               Resampling resampling);

    const Layer* layer_;
    TileRange tiles_;
    TapTable columns_;  // in pixels from the tiles' western edge
    TapTable rows_;     // from their northern
};

}  // namespace offgrid
