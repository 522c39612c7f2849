#pragma once

#include "formats/http/http_client.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <string>
#include <string_view>

namespace offgrid::http {

/// The tile in an answer with status 200, its time from Last-Modified. Throws `corrupt` when there
/// is no content, and when the slice holds images and the content is neither an image nor gzip.
Tile tile_in(Answer answer, const TilesetSlice& slice);

/// What the header Content-Type says of a tile that is sent: what the slice says, else what its
/// first bytes show, else what the extension means.
std::string_view media_type_of(BytesView content, const TilesetSlice& slice);

/// Throws `invalid_argument`, naming the cache, for a tile outside the grid and one without
/// content.
void check_storable(std::string_view cache, const TilesetSlice& slice, const TileKey& key,
                    BytesView content);

}  // namespace offgrid::http
