#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"
#include "serve/tag_cache.h"

#include <string_view>

namespace offgrid {

/// Answer for the tile of the layer at `address`, which is `{z}/{x}/{y}.{ext}` with y from the
/// north: 200 with the bytes as they are stored, 302 where the client may fetch it itself, 404
/// without a body where there is no tile or outside the layer's limits, 400 for what is no address
/// in the layer's grid. The extension only has to be one of a tile format or the layer's own; what
/// the tile is, its bytes tell unless the layer does.
///
/// A client may keep the tile as long as the layer says, or until it expires where its age is
/// known; else it has to ask again.
///
/// With `tags` a client that has the tile is told so without asking a store that is unchanging;
/// what is sent is noted there. Null: the store is asked always.
///
/// Throws what the store throws.
Response answer_tile(const Layer& layer, std::string_view address, const Request& request,
                     TagCache* tags = nullptr);

/// The same for a tile of the layer's grid. REQUIRES: the grid contains it.
Response answer_tile(const Layer& layer, const TileKey& key, const Request& request,
                     TagCache* tags = nullptr);

}  // namespace offgrid
