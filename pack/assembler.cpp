#include "pack/assembler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace offgrid {
namespace {

/// The tile of a zoom that the key lies in. REQUIRES: the zoom is not below the key's.
TileKey ancestor_of(const TileKey& key, int zoom) {
    const int levels = key.z - zoom;
    return {zoom, key.x >> levels, key.y >> levels};
}

}  // namespace

Assembler::Assembler(const Plan& plan, TileSink& sink, OnPyramid on_pyramid)
    : plan_{plan},
      sink_{sink},
      on_pyramid_{std::move(on_pyramid)},
      tiles_{plan},
      halving_{plan.overview_resampling(), plan.light},
      lowest_{std::min(plan.min_zoom(), plan.top)},
      parents_(static_cast<std::size_t>(plan.max_zoom()) + 1) {}

void Assembler::add(const Block& block) {
    leave(block.root);
    if (plan_.top > 0 && block.root.z >= plan_.top && !pyramid_) {
        pyramid_ = Pyramid{.top = ancestor_of(block.root, plan_.top)};
    }
    for (const auto& tile : block.tiles) {
        sink_.put(tile);
    }
    note_shown(block.shown);
    if (pyramid_) {
        pyramid_->damage.insert(pyramid_->damage.end(), block.damage.begin(), block.damage.end());
    }
    if (block.top) {
        add_image(block.root, *block.top);
    }
}

void Assembler::add_finished(const Pyramid& pyramid) {
    leave(pyramid.top);
    sink_.adopt(pyramid);
    if (pyramid.image && !plan_.is_shard()) {
        add_child(pyramid.top, *pyramid.image);
    }
}

/// Complete what the walk does not come back to: its file may be closed.
void Assembler::leave(const TileKey& next) {
    for (int zoom = plan_.max_zoom(); zoom >= lowest_; --zoom) {
        const auto& parent = parents_[static_cast<std::size_t>(zoom)];
        if (parent && (zoom >= next.z || parent->key != ancestor_of(next, zoom))) {
            complete(zoom);
        }
        if (zoom == plan_.top && pyramid_ &&
            (next.z < zoom || pyramid_->top != ancestor_of(next, zoom))) {
            finish_pyramid();
        }
    }
}

void Assembler::note_shown(const Box& box) {
    sink_.note_shown(box);
    if (pyramid_) {
        pyramid_->shown = joined(pyramid_->shown, box);
    }
}

/// The picture of a tile that is complete: its parent and its pyramid want it.
void Assembler::add_image(const TileKey& key, const Image& image) {
    if (key.z == plan_.run_of(key.z).min_zoom) {
        return;
    }
    if (pyramid_ && key.z == plan_.top) {
        pyramid_->image = image;
    } else {
        add_child(key, image);
    }
}

void Assembler::add_child(const TileKey& key, const Image& image) {
    auto& parent = parents_[static_cast<std::size_t>(key.z - 1)];
    if (!parent) {
        parent.emplace(Parent{parent_of(key), Image{2 * image.width, 2 * image.height}});
    }
    const int x = static_cast<int>(key.x & 1) * image.width;
    const int y = static_cast<int>(key.y & 1) * image.height;
    for (int row = 0; row < image.height; ++row) {
        std::memcpy(parent->children.row(y + row) + 4 * static_cast<std::size_t>(x), image.row(row),
                    image.stride());
    }
}

void Assembler::complete(int zoom) {
    auto& slot = parents_[static_cast<std::size_t>(zoom)];
    const auto parent = std::move(*slot);
    slot.reset();
    const auto image = halving_.halved(ImageView{parent.children});
    if (!plan_.area || plan_.area->has(parent.key)) {
        const auto clipped = plan_.area ? plan_.area->clipped(parent.key, image) : std::nullopt;
        if (const auto tile = tiles_.make(parent.key, clipped ? *clipped : image)) {
            sink_.put(*tile);
            if (plan_.ends_at(parent.key)) {
                note_shown(plan_.grid().box_of(parent.key));
            }
        }
    }
    add_image(parent.key, image);
}

void Assembler::finish_pyramid() {
    auto pyramid = std::move(*pyramid_);
    pyramid_.reset();
    pyramid.file = sink_.finish_pyramid();
    on_pyramid_(pyramid);
    if (pyramid.image && !plan_.is_shard()) {
        add_child(pyramid.top, *pyramid.image);
    }
}

void Assembler::finish() {
    for (int zoom = plan_.max_zoom(); zoom >= lowest_; --zoom) {
        if (parents_[static_cast<std::size_t>(zoom)]) {
            complete(zoom);
        }
        if (zoom == plan_.top && pyramid_) {
            finish_pyramid();
        }
    }
}

}  // namespace offgrid
