#pragma once

#include "pack/block_maker.h"
#include "pack/package_writer.h"

#include <optional>
#include <vector>

namespace offgrid {

/// Takes blocks in their order, stores their tiles, and makes the tiles above the blocks from their
/// children. One thread. Holds one unfinished tile a zoom.
class Assembler {
public:
    /// `plan` and `writer` are not owned and outlive the assembler.
    Assembler(const Plan& plan, PackageWriter& writer);

    /// REQUIRES: blocks come in the order of BlockOrder.
    void add(const Block& block);

    /// Store what is unfinished. Nothing may be added after it.
    void finish();

private:
    /// A tile whose children arrive: its pixels at twice the size.
    struct Parent {
        TileKey key;
        Image children;
    };

    void add_child(const TileKey& key, const Image& image);
    void complete(int zoom);

    const Plan& plan_;
    PackageWriter& writer_;
    TileMaker tiles_;
    std::vector<std::optional<Parent>> parents_;  // by zoom, above the blocks
};

}  // namespace offgrid
