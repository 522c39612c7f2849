#include "pack/block_maker.h"

#include "formats/base/error.h"
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

Image copy_of(const ImageView& view) {
    Image image{view.width, view.height};
    for (int y = 0; y < image.height; ++y) {
        std::memcpy(image.row(y), view.row(y), image.stride());
    }
    return image;
}

}  // namespace

std::optional<EncodedTile> TileMaker::make(const TileKey& key, const ImageView& image) {
    const bool is_one_colour = is_uniform(image);
    if (!keeps_empty_ &&
        (is_one_colour ? image.first[3] == 0 : coverage_of(image) == Coverage::none)) {
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
    : plan_{plan},
      is_stopped_{is_stopped},
      tiles_{plan},
      halving_{plan.overview_resampling(), plan.light} {}

BlockMaker::~BlockMaker() = default;

Block BlockMaker::make(const BlockJob& job) {
    Block block{.root = job.root};
    if (draw(job, block) || plan_.keeps_empty) {
        encode(job, block);
    }
    return block;
}

/// The tiles on the canvas, and those above them up to the root.
void BlockMaker::encode(const BlockJob& job, Block& block) {
    const auto& root = job.root;
    const int size = plan_.grid().tile_size();
    const auto* level = &canvas_;
    Framed half;
    for (int z = job.max_zoom; z >= root.z; --z) {
        const auto inner = level->inner();
        const int tiles = 1 << (z - root.z);
        for (int y = 0; y < tiles; ++y) {
            for (int x = 0; x < tiles; ++x) {
                const TileKey key{z, root.x * tiles + x, root.y * tiles + y};
                auto tile = make_tile(job, key, inner.part(x * size, y * size, size, size));
                if (!tile) {
                    continue;
                }
                if (plan_.ends_at(key)) {
                    block.shown = joined(block.shown, plan_.grid().box_of(key));
                }
                block.tiles.push_back(std::move(*tile));
            }
        }
        if (z > root.z) {
            half = halving_.halved(*level);
            level = &half;
        }
    }
    const auto top = level->inner();
    if (root.z > plan_.run_of(root.z).min_zoom &&
        (plan_.keeps_empty || coverage_of(top) != Coverage::none)) {
        block.top = copy_of(top);
    }
}

bool BlockMaker::is_in_a_source(const TileKey& key) const {
    return std::ranges::any_of(plan_.covers, [&](const Cover& cover) {
        return plan_.grid().range_of(key.z, cover.box).contains(key);
    });
}

/// The tile, where the layer has it.
std::optional<EncodedTile> BlockMaker::make_tile(const BlockJob& job, const TileKey& key,
                                                 const ImageView& image) {
    if (plan_.keeps_empty && coverage_of(image) == Coverage::none && !is_in_a_source(key)) {
        return std::nullopt;
    }
    if (!job.is_partial) {
        return tiles_.make(key, image);
    }
    if (!plan_.area->has(key)) {
        return std::nullopt;
    }
    const auto clipped = plan_.area->clipped(key, image);
    return tiles_.make(key, clipped ? ImageView{*clipped} : image);
}

/// Draw the sources onto the canvas and its frame, within the tiles that the layer covers.
bool BlockMaker::draw(const BlockJob& job, Block& block) {
    const auto& root = job.root;
    const auto& grid = plan_.grid();
    const int levels = job.max_zoom - root.z;
    const auto range = descendants({root.z, root.x, root.y, root.x + 1, root.y + 1}, levels);
    const auto layer = plan_.ranges_at(job.max_zoom);
    if (std::ranges::all_of(
            layer, [&](const auto& part) { return intersection(range, part).is_empty(); })) {
        return false;
    }
    const int tile = grid.tile_size();
    const int frame = halving_.frame_for(levels);
    const int size = (tile << levels) + 2 * frame;
    if (canvas_.pixels.width != size) {
        canvas_ = Framed{Image{size, size}, frame};
    }
    std::ranges::fill(canvas_.pixels.rgba, std::uint8_t{0});
    const auto min_x = range.min_x * tile - frame;
    const auto min_y = range.min_y * tile - frame;
    bool is_drawn = false;
    for (const auto& part : layer) {
        gdal::PixelRect rect{.zoom = job.max_zoom,
                             .x = std::max(min_x, part.min_x * tile),
                             .y = std::max(min_y, part.min_y * tile)};
        rect.width = static_cast<int>(std::min(min_x + size, part.max_x * tile) - rect.x);
        rect.height = static_cast<int>(std::min(min_y + size, part.max_y * tile) - rect.y);
        if (rect.width > 0 && rect.height > 0) {
            is_drawn = draw_rect(job, rect, static_cast<int>(rect.x - min_x),
                                 static_cast<int>(rect.y - min_y), block) ||
                       is_drawn;
        }
    }
    return is_drawn;
}

/// Draw the sources onto a rectangle of the canvas, which begins at column `x` and row `y` of it.
bool BlockMaker::draw_rect(const BlockJob& job, const gdal::PixelRect& rect, int x, int y,
                           Block& block) {
    bool is_drawn = false;
    for (const auto source : sources_in(job, rect)) {
        auto strip = rect;
        for (; strip.y < rect.y + rect.height; strip.y += strip.height) {
            const auto next = (strip.y / strip_rows + 1) * strip_rows;
            strip.height = static_cast<int>(std::min(next, rect.y + rect.height) - strip.y);
            is_drawn =
                draw_strip(source, strip, x, y + static_cast<int>(strip.y - rect.y), block) ||
                is_drawn;
        }
    }
    return is_drawn;
}

/// Draw a source onto the canvas. What it cannot show is left as it is, unless that ends the pack:
/// of a strip that cannot be read as a whole, the columns of tiles that cannot.
bool BlockMaker::draw_strip(std::size_t source, const gdal::PixelRect& rect, int x, int y,
                            Block& block) {
    std::optional<Image> before;
    if (plan_.on_damage != OnDamage::fail) {
        before = copy_of(ImageView{canvas_.pixels}.part(x, y, rect.width, rect.height));
    }
    try {
        return renderer(source).draw(rect, canvas_.pixels, x, y);
    } catch (const Error& error) {
        if (!before || error.code() == Errc::interrupted) {
            throw;
        }
        for (int row = 0; row < rect.height; ++row) {
            std::memcpy(canvas_.pixels.row(y + row) + 4 * x, before->row(row), before->stride());
        }
        if (rect.width > plan_.grid().tile_size()) {
            return draw_columns(source, rect, x, y, block);
        }
        Damage damage{.source = plan_.sources[source].name, .cause = error.what()};
        if (block.damage.empty() || block.damage.back() != damage) {
            block.damage.push_back(std::move(damage));
        }
        return false;
    }
}

/// Draw the columns of tiles that the strip has, one after the other.
bool BlockMaker::draw_columns(std::size_t source, const gdal::PixelRect& rect, int x, int y,
                              Block& block) {
    const int tile = plan_.grid().tile_size();
    bool is_drawn = false;
    auto column = rect;
    for (; column.x < rect.x + rect.width; column.x += column.width) {
        const auto next = (column.x / tile + 1) * tile;
        column.width = static_cast<int>(std::min(next, rect.x + rect.width) - column.x);
        is_drawn = draw_strip(source, column, x + static_cast<int>(column.x - rect.x), y, block) ||
                   is_drawn;
    }
    return is_drawn;
}

/// The sources that lie in the rectangle, in their order; the job has those of the block itself.
std::vector<std::size_t> BlockMaker::sources_in(const BlockJob& job,
                                                const gdal::PixelRect& rect) const {
    if (canvas_.frame == 0) {
        return job.sources;
    }
    const auto& grid = plan_.grid();
    const double resolution = grid.resolution(rect.zoom);
    const double west = grid.extent().min_x + static_cast<double>(rect.x) * resolution;
    const double north =
        grid.box_of(grid.whole(rect.zoom)).max_y - static_cast<double>(rect.y) * resolution;
    const Box box{west, north - rect.height * resolution, west + rect.width * resolution, north};
    std::vector<std::size_t> sources;
    for (const auto& cover : plan_.covers) {
        const bool is_known = !sources.empty() && sources.back() == cover.source;
        if (!is_known && !intersection(cover.box, box).is_empty()) {
            sources.push_back(cover.source);
        }
    }
    return sources;
}

gdal::Renderer& BlockMaker::renderer(std::size_t source) {
    const auto found = std::ranges::find(open_, source, &OpenSource::index);
    if (found != open_.end()) {
        open_.splice(open_.begin(), open_, found);
    } else {
        if (open_.size() >= max_open_sources) {
            open_.pop_back();
        }
        const auto& info = plan_.sources[source];
        open_.push_front({source, std::make_unique<gdal::Renderer>(info, plan_.grid(), is_stopped_,
                                                                   plan_.resampling_of(info))});
    }
    return *open_.front().renderer;
}

}  // namespace offgrid
