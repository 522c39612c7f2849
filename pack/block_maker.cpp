#include "pack/block_maker.h"

#include "formats/base/hash.h"
#include "pack/gdal_renderer.h"

#include <algorithm>
#include <cstring>

namespace offgrid {
namespace {

/// Sources that a thread keeps open: a mosaic may have thousands.
constexpr std::size_t max_open_sources = 32;

/// Rows that are drawn at a time: small enough for the cache, and a bound on the window of the
/// source in memory.
constexpr int strip_rows = 256;

/// One-colour tiles that are remembered.
constexpr std::size_t max_uniform = 256;

}  // namespace

std::optional<EncodedTile> TileMaker::make(const TileKey& key, const ImageView& image) {
    const bool is_one_colour = is_uniform(image);
    if (is_one_colour ? image.first[3] == 0 : coverage_of(image) == Coverage::none) {
        return std::nullopt;
    }
    std::uint32_t colour = 0;
    std::memcpy(&colour, image.first, sizeof colour);
    if (const auto known = uniform_.find(colour); is_one_colour && known != uniform_.end()) {
        auto tile = known->second;
        tile.key = key;
        return tile;
    }
    EncodedTile tile{.key = key, .id = {}, .content = encoder_.encode(image)};
    tile.id = tile_id(tile.content);
    if (is_one_colour && uniform_.size() < max_uniform) {
        uniform_.emplace(colour, tile);
    }
    return tile;
}

BlockMaker::BlockMaker(const Plan& plan, const std::atomic<bool>& is_stopped)
    : plan_{plan}, is_stopped_{is_stopped}, tiles_{plan.encoding, plan.quality} {
    const int size = plan.grid().tile_size() << plan.block_levels;
    canvas_ = Image{size, size};
}

BlockMaker::~BlockMaker() = default;

Block BlockMaker::make(const BlockJob& job) {
    const auto& root = job.root;
    Block block{.root = root, .tiles = {}, .top = std::nullopt};
    if (!draw(job)) {
        return block;
    }
    const int size = plan_.grid().tile_size();
    ImageView level = canvas_;
    Image half;
    for (int z = plan_.max_zoom(); z >= root.z; --z) {
        const int across = 1 << (z - root.z);
        for (int y = 0; y < across; ++y) {
            for (int x = 0; x < across; ++x) {
                const TileKey key{z, (root.x << (z - root.z)) + x, (root.y << (z - root.z)) + y};
                if (auto tile = tiles_.make(key, level.part(x * size, y * size, size, size))) {
                    block.tiles.push_back(std::move(*tile));
                }
            }
        }
        if (z > root.z) {
            half = halved(level);
            level = half;
        }
    }
    if (!block.tiles.empty()) {
        block.top = root.z < plan_.max_zoom() ? std::move(half) : canvas_;
    }
    return block;
}

/// Draw the sources onto the canvas, within the tiles that the layer covers.
bool BlockMaker::draw(const BlockJob& job) {
    const auto& root = job.root;
    const auto& grid = plan_.grid();
    const int size = grid.tile_size();
    const auto block =
        descendants({root.z, root.x, root.y, root.x + 1, root.y + 1}, plan_.block_levels);
    const auto tiles = intersection(block, grid.range_of(plan_.max_zoom(), plan_.box));
    if (tiles.is_empty()) {
        return false;
    }
    std::ranges::fill(canvas_.rgba, std::uint8_t{0});
    const int x = static_cast<int>(tiles.min_x - block.min_x) * size;
    const int top = static_cast<int>(tiles.min_y - block.min_y) * size;
    const int bottom = static_cast<int>(tiles.max_y - block.min_y) * size;
    bool is_drawn = false;
    for (const auto index : job.sources) {
        auto& source = renderer(index);
        for (int y = top; y < bottom; y += strip_rows) {
            const gdal::PixelRect rect{plan_.max_zoom(), tiles.min_x * size, block.min_y * size + y,
                                       static_cast<int>(tiles.max_x - tiles.min_x) * size,
                                       std::min(strip_rows, bottom - y)};
            is_drawn = source.draw(rect, canvas_, x, y) || is_drawn;
        }
    }
    return is_drawn;
}

gdal::Renderer& BlockMaker::renderer(std::size_t source) {
    const auto found = std::ranges::find(open_, source, &OpenSource::index);
    if (found != open_.end()) {
        open_.splice(open_.begin(), open_, found);
    } else {
        if (open_.size() >= max_open_sources) {
            open_.pop_back();
        }
        open_.push_front({source, std::make_unique<gdal::Renderer>(plan_.sources[source],
                                                                   plan_.grid(), is_stopped_)});
    }
    return *open_.front().renderer;
}

}  // namespace offgrid
