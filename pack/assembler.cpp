#include "pack/assembler.h"

#include <cstring>

namespace offgrid {

Assembler::Assembler(const Plan& plan, PackageWriter& writer)
    : plan_{plan},
      writer_{writer},
      tiles_{plan.encoding, plan.quality},
      parents_(static_cast<std::size_t>(plan.block_zoom())) {}

void Assembler::add(const Block& block) {
    // What the walk has left is complete, and must be stored before its file is closed.
    for (int zoom = plan_.block_zoom() - 1; zoom >= plan_.min_zoom(); --zoom) {
        const int levels = block.root.z - zoom;
        const auto& parent = parents_[static_cast<std::size_t>(zoom)];
        if (parent &&
            parent->key != TileKey{zoom, block.root.x >> levels, block.root.y >> levels}) {
            complete(zoom);
        }
    }
    for (const auto& tile : block.tiles) {
        writer_.put(tile);
    }
    if (block.top && block.root.z > plan_.min_zoom()) {
        add_child(block.root, *block.top);
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
    const auto image = halved(parent.children);
    if (const auto tile = tiles_.make(parent.key, image)) {
        writer_.put(*tile);
    }
    if (zoom > plan_.min_zoom()) {
        add_child(parent.key, image);
    }
}

void Assembler::finish() {
    for (int zoom = plan_.block_zoom() - 1; zoom >= plan_.min_zoom(); --zoom) {
        if (parents_[static_cast<std::size_t>(zoom)]) {
            complete(zoom);
        }
    }
}

}  // namespace offgrid
