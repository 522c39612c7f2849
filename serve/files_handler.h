#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"

namespace offgrid {

/// The files that the layer's tiles are in, as JSON:
///
///     {"files": [{"name", "bytes", "zooms": [min, max], "box": [min_x, min_y, max_x, max_y]}, …],
///      "more": false}
///
/// in the order of their names; names are those of the package, never those of this machine. Boxes
/// are in the SRS of the layer's grid, east then north. `box=min_x,min_y,max_x,max_y` asks for
/// those that overlap it, `limit` for at most so many: 500, and no more than 5000. `more` says that
/// there are others. A layer in one file has that; one of other stores has none. 400 for a box or a
/// limit that is none.
///
/// Costs a step for each file of the package before the limit is reached, opens none of them.
Response answer_files(const Layer& layer, const Request& request);

}  // namespace offgrid
