#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// Answer as ArcGIS Server's REST interface does for cached map services, for its clients:
///
///     arcgis/rest/info                                        that this is one
///     arcgis/rest/services                                    the services
///     arcgis/rest/services/{layer}/MapServer                  a service: `tileInfo`, extents
///     arcgis/rest/services/{layer}/MapServer/tile/{z}/{y}/{x} a tile; y counts from the north
///
/// `address` is what follows `/arcgis/rest/`. Every tileset is a service of its own. One whose rows
/// do not all begin at the same edge has tiles but no description, since ArcGIS knows one origin
/// for all levels. Documents are JSON whatever `f` says; failures are as ArcGIS tells them, in a
/// document with `error`, and with the status too. Throws what the store throws.
Response answer_arcgis(const LayerSet& layers, std::string_view address, const Request& request);

}  // namespace offgrid
