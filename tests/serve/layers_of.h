#pragma once

#include "serve/layer_set.h"
#include "tests/support/tiles.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {

/// A store in memory: the drawn pyramid, or whatever `get` is told to do.
class MemoryReader final : public TileReader {
public:
    using Get = std::function<std::optional<Tile>(const TileKey& key)>;

    explicit MemoryReader(StoreInfo info, Get get, bool is_unchanging = false)
        : info_{std::move(info)}, get_{std::move(get)}, is_unchanging_{is_unchanging} {}

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override { return get_(key); }
    bool is_unchanging() const override { return is_unchanging_; }
    void scan(const TileRange& /*range*/, const Visitor& /*visit*/) const override {}

private:
    StoreInfo info_;
    Get get_;
    bool is_unchanging_;
};

inline Layer layer_with(std::string id, StoreInfo info, MemoryReader::Get get) {
    const auto format = info.format;
    return {.id = std::move(id),
            .origin = "memory",
            .vector_layers = {},
            .format = format,
            .tiles = std::make_unique<MemoryReader>(std::move(info), std::move(get))};
}

/// A layer of PNG tiles, each as `png(word)`.
inline Layer drawn_layer(std::string id, std::string_view drawing,
                         StoreInfo info = {.format = TileFormat::png, .max_zoom = 2}) {
    return layer_with(std::move(id), std::move(info),
                      [tiles = draw(drawing)](const TileKey& key) -> std::optional<Tile> {
                          const auto found = tiles.find(key);
                          return found == tiles.end()
                                     ? std::nullopt
                                     : std::optional{Tile{png_bytes(found->second)}};
                      });
}

/// The only layer of a set.
inline std::unique_ptr<const LayerSet> only(Layer layer) {
    std::vector<Layer> layers;
    layers.push_back(std::move(layer));
    return std::make_unique<const LayerSet>(std::move(layers));
}

}  // namespace offgrid::test
