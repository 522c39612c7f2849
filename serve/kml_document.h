#pragma once

#include "serve/layer_set.h"

#include <functional>
#include <optional>
#include <string>

namespace offgrid {

/// Where a super-overlay has its parts; addresses behind that of the service.
struct KmlAddresses {
    std::function<std::string(const TileKey& key)> document{};
    std::function<std::string(const TileKey& key)> tile{};
};

/// The document of one tile (or, without one, of the tiles of zoom 0): the tile if the layer covers
/// it, and links to the documents of the tiles of the next zoom below which it covers any. With
/// `ServiceDocument::root_mark` before each address. Nothing where the layer's reference system has
/// no way to degrees here, or where a tile has too many below it to be listed.
std::optional<std::string> kml_document(const Layer& layer, const std::optional<TileKey>& key,
                                        const KmlAddresses& addresses);

}  // namespace offgrid
