#pragma once

#include "formats/base/bytes.h"
#include "formats/image/encode.h"
#include "pack/block_order.h"
#include "pack/halving.h"
#include "pack/plan.h"
#include "pack/pyramid.h"

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
struct PixelRect;
}  // namespace gdal

/// A tile ready to be stored.
struct EncodedTile {
    TileKey key;
    std::string id;  ///< `tile_id` of the content
    Bytes content;
};

/// What became of a block.
struct Block {
    TileKey root{};
    bool is_finished = false;  ///< as in its BlockJob: it has nothing else

    /// Of all its zooms, the deepest first; transparent ones are left out.
    std::vector<EncodedTile> tiles{};
    /// The pixels of the root tile; nothing: all transparent, or no parent is made of it.
    std::optional<Image> top{};

    Box shown{};  ///< of its tiles at which the layer ends, in the units of the grid
    std::vector<Damage> damage{};
};

/// Encodes tiles and names them by content. Tiles of one colour are encoded once. One thread at a
/// time.
class TileMaker {
public:
    explicit TileMaker(const Plan& plan)
        : encoder_{plan.encoding, plan.quality}, keeps_empty_{plan.keeps_empty} {}

    /// Nothing when the image is all transparent and such tiles are not kept.
    std::optional<EncodedTile> make(const TileKey& key, const ImageView& image);

private:
    Encoder encoder_;
    bool keeps_empty_;
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

    bool draw(const BlockJob& job, Block& block);
    bool draw_rect(const BlockJob& job, const gdal::PixelRect& rect, int x, int y, Block& block);
    bool draw_strip(std::size_t source, const gdal::PixelRect& rect, int x, int y, Block& block);
    bool draw_columns(std::size_t source, const gdal::PixelRect& rect, int x, int y, Block& block);
    std::vector<std::size_t> sources_in(const BlockJob& job, const gdal::PixelRect& rect) const;
    void encode(const BlockJob& job, Block& block);
    std::optional<EncodedTile> make_tile(const BlockJob& job, const TileKey& key,
                                         const ImageView& image);
    bool is_in_a_source(const TileKey& key) const;
    gdal::Renderer& renderer(std::size_t source);

    const Plan& plan_;
    const std::atomic<bool>& is_stopped_;
    TileMaker tiles_;
    std::list<OpenSource> open_;  // most recently used first
    Halving halving_;
    Framed canvas_;  // of the deepest zoom
};

}  // namespace offgrid
