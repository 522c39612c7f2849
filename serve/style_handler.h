#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// A file that clients draw the layer with; `address` is what follows the layer's name, still
/// percent-encoded: `style.json`, rewritten by `rewritten_style`, `sprite.json`, `sprite.png`, both
/// also with `@2x`, or `fonts/{fontstack}/{start}-{end}.pbf`, which falls back on the fonts of the
/// folder. 404 for what is not there. Throws where a file cannot be read, or is no style.
Response answer_style(const Layer& layer, std::string_view address, const Request& request);

/// Glyphs for whatever style: `{fontstack}/{start}-{end}.pbf`, from the fonts of the folders that
/// are served, then from those that layers have of their own, of at most 64 places.
Response answer_fonts(const LayerSet& layers, std::string_view address, const Request& request);

}  // namespace offgrid
