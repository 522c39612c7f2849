#pragma once

#include "serve/get_map.h"
#include "serve/layer_set.h"
#include "serve/map_image.h"
#include "serve/query.h"

#include <memory>
#include <string_view>
#include <variant>

namespace offgrid {

/// Whether WMS offers the layer: one of vector tiles is no picture.
bool is_drawable(const Layer& layer);

/// The tileset that a GetMap means by a name of LAYERS: of the layer of that name the one in the
/// request's SRS, at the values of its dimensions that the request has in TIME, ELEVATION and
/// DIM_…, or in fields called as they are; of several in that SRS one of which the picture is a
/// tile, and in its format. Else what the address of a tile calls so, such as `NAME@GRID`.
///
/// Lives as long as the set. Throws what a store throws.
std::variant<std::shared_ptr<const Layer>, WmsFailure> find_map_layer(const LayerSet& layers,
                                                                      std::string_view name,
                                                                      const GetMap& map,
                                                                      const Query& query);

}  // namespace offgrid
