#pragma once

#include "pack/block_maker.h"
#include "pack/halving.h"
#include "pack/tile_sink.h"

#include <functional>
#include <optional>
#include <vector>

namespace offgrid {

/// Takes blocks in their order, stores their tiles, and makes the tiles above the blocks from their
/// children, where their run of zooms goes on above. One thread. Holds one unfinished tile a zoom.
class Assembler {
public:
    /// Told of each pyramid below the top zoom as soon as the walk has left it.
    using OnPyramid = std::function<void(const Pyramid& pyramid)>;

    /// `plan` and `sink` are not owned and outlive the assembler.
    Assembler(const Plan& plan, TileSink& sink, OnPyramid on_pyramid);

    /// REQUIRES: blocks come in the order of BlockOrder; the pyramid of one that was finished
    /// before comes to `add_finished` instead.
    void add(const Block& block);
    void add_finished(const Pyramid& pyramid);

    /// Store what is unfinished. Nothing may be added after it.
    void finish();

private:
    /// A tile whose children arrive: its pixels at twice the size.
    struct Parent {
        TileKey key;
        Image children;
    };

    void leave(const TileKey& next);
    void note_shown(const Box& box);
    void add_image(const TileKey& key, const Image& image);
    void add_child(const TileKey& key, const Image& image);
    void complete(int zoom);
    void finish_pyramid();

    const Plan& plan_;
    TileSink& sink_;
    OnPyramid on_pyramid_;
    TileMaker tiles_;
    Halving halving_;
    int lowest_;                                  // zoom that has a tile to be left
    std::vector<std::optional<Parent>> parents_;  // by zoom
    std::optional<Pyramid> pyramid_;              // that the walk is in
};

}  // namespace offgrid
