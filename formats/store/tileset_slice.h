#pragma once

#include "formats/store/tile_store.h"
#include "formats/tile/path_template.h"

#include <chrono>
#include <string>

namespace offgrid {

/// Whether a store may write by itself while it is read: a multitier store keeps what it found in
/// a slower tier in the faster ones.
enum class Promotion { off, on };

/// Which tiles of a cache one store holds: those of one tileset, in one grid, at one value of each
/// dimension. A value; a cache of MapCache holds any number of slices side by side.
struct TilesetSlice {
    StoreInfo info{};          ///< what the tileset says of itself, and its grid
    PathValues values{};       ///< what names, keys and URLs say of it
    std::string media_type{};  ///< of tiles that are sent to a server; empty: as their bytes show
    std::chrono::seconds expiry{0};  ///< how long a store that forgets keeps a tile (MapCache
                                     ///< "auto_expire"); 0: as the store does by default
    Promotion promotion = Promotion::off;
};

}  // namespace offgrid
