#pragma once

#include "pack/block_maker.h"
#include "pack/pyramid.h"

#include <optional>

namespace offgrid {

/// Takes the tiles of a pack in the order of the walk down the quadtree. Used by one thread.
class TileSink {
public:
    virtual ~TileSink() = default;
    TileSink(const TileSink&) = delete;
    TileSink& operator=(const TileSink&) = delete;

    virtual void put(const EncodedTile& tile) = 0;

    /// Complete the file of the pyramid whose tiles came last, durably. Nothing: none came.
    /// REQUIRES: no more tiles of it come.
    virtual std::optional<PackageFile> finish_pyramid() = 0;

    /// Take over a pyramid whose file is in place.
    virtual void adopt(const Pyramid& pyramid) = 0;

    /// The layer shows something there, in the units of the grid.
    virtual void note_shown(const Box& shown) = 0;

protected:
    TileSink() = default;
};

}  // namespace offgrid
