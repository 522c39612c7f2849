#pragma once

#include "formats/base/bytes.h"
#include "formats/image/encode.h"
#include "pack/block_order.h"
#include "pack/plan.h"

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

namespace gdal {
class Renderer;
}

/// A tile ready to be stored.
struct EncodedTile {
    TileKey key;
    std::string id;  ///< `tile_id` of the content
    Bytes content;
};

/// What became of a block.
struct Block {
    TileKey root;
    std::vector<EncodedTile>
        tiles;  ///< of all its zooms, the deepest first; transparent ones are left out
    std::optional<Image> top;  ///< the pixels of the root tile; nothing: all transparent
};

/// Encodes tiles and names them by content. Tiles of one colour are encoded once. One thread at a
/// time.
class TileMaker {
public:
    TileMaker(Encoding encoding, int quality) : encoder_{encoding, quality} {}

    /// Nothing when the image is all transparent.
    std::optional<EncodedTile> make(const TileKey& key, const ImageView& image);

private:
    Encoder encoder_;
    std::map<std::uint32_t, EncodedTile> uniform_;  // by pixel
};

/// Makes blocks: reads the sources, resamples, halves, encodes. One thread at a time, each with its
/// own GDAL handles.
class BlockMaker {
public:
    /// `plan` and `is_stopped` are not owned and outlive the maker.
    BlockMaker(const Plan& plan, const std::atomic<bool>& is_stopped);
    ~BlockMaker();
    BlockMaker(const BlockMaker&) = delete;
    BlockMaker& operator=(const BlockMaker&) = delete;

    /// The same block whoever makes it. Throws `interrupted` when stopped.
    Block make(const BlockJob& job);

private:
    /// A source that is open in this thread.
    struct OpenSource {
        std::size_t index = 0;
        std::unique_ptr<gdal::Renderer> renderer;
    };

    bool draw(const BlockJob& job);
    gdal::Renderer& renderer(std::size_t source);

    const Plan& plan_;
    const std::atomic<bool>& is_stopped_;
    TileMaker tiles_;
    std::list<OpenSource> open_;  // most recently used first
    Image canvas_;                // of the deepest zoom
};

}  // namespace offgrid
