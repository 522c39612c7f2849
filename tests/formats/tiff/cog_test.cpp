#include "tests/formats/tiff/cog_test.h"

#include <cmath>

namespace offgrid::test {

Image picture(const TileKey& key, int size, bool has_alpha) {
    Image image{size, size};
    const auto wave = [](double phase) {
        return static_cast<std::uint8_t>(127.5 + 127.5 * std::sin(phase));
    };
    const auto [z, column, row] = key;
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            auto* const pixel = image.row(y) + 4 * x;
            pixel[0] = wave(0.03 * x + static_cast<double>(column));
            pixel[1] = wave(0.05 * y + static_cast<double>(row));
            pixel[2] = wave(0.02 * (x + y) + z);
            pixel[3] = has_alpha && (x / 16 + y / 16) % 3 == 0 ? wave(0.1 * x) : 255;
        }
    }
    return image;
}

void add_pictures(EncodedTiles& tiles, const TileRange& range, Encoder encoder, bool has_alpha) {
    for (auto y = range.min_y; y < range.max_y; ++y) {
        for (auto x = range.min_x; x < range.max_x; ++x) {
            const TileKey key{range.z, x, y};
            tiles[key] = encoder.encode(picture(key, 256, has_alpha));
        }
    }
}

TilesetSlice whole_slice(const Grid& grid) {
    return {.info = {.grid = &grid, .max_zoom = grid.levels() - 1}};
}

void write_cog(const CogOptions& options, const EncodedTiles& tiles, const Grid& grid) {
    CogWriter writer{options, whole_slice(grid)};
    for (const auto& [key, tile] : tiles) {
        writer.put(key, tile);
    }
    writer.commit();
}

}  // namespace offgrid::test
