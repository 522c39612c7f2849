#pragma once

#include "formats/tile/box.h"
#include "formats/tile/key.h"
#include "serve/layer_set.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace offgrid {

/// What documents say about a layer: of its metadata, which may come from anyone, what is sane. All
/// numbers are finite, all zooms are in the grid, texts are short enough for a list. A value.
struct LayerDescription {
    std::string name{};  ///< the layer's, where its metadata has none
    std::string attribution{};
    std::string description{};
    int min_zoom = 0;
    int max_zoom = 0;     ///< not below the other
    Box bounds{};         ///< longitude and latitude degrees, not across the antimeridian
    double center_x = 0;  ///< longitude degrees
    double center_y = 0;  ///< latitude degrees
    int center_zoom = 0;  ///< at which the bounds fill about one tile
    TileKey thumbnail{};  ///< in the middle of the bounds, at the lowest zoom
};

/// Reads nothing but what the layer has at hand.
LayerDescription describe(const Layer& layer);

/// The text as it may stand in a list: in UTF-8, without control characters but for line ends and
/// tabs, and cut, where it is longer than that, between two characters.
std::string plain_text(std::string_view text, std::size_t max_bytes);

/// The bounds of the layer in the SRS of its grid: what its metadata says, where that can be told,
/// else the extent of the grid.
Box bounds_in_grid(const Layer& layer);

/// The members of `vector_layers` that TileJSON 3.0.0 knows (section 3.3), as JSON: of each with an
/// `id` that, its `fields`, `description` and zooms; at most 1000 of them with at most 1000 fields.
/// "[]" for what is no such list, or larger than 1 MiB.
std::string plain_vector_layers(std::string_view json);

}  // namespace offgrid
