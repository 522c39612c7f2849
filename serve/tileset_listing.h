#pragma once

#include "serve/catalogue.h"

#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// What capabilities say of a tileset, whatever the service.

/// The media type and the extension of its tiles; of PNG where they are mixed or not known.
std::string listed_media_type(const Layer& layer);
std::string listed_extension(const Layer& layer);

/// What to call it: the title of its store, else its name.
std::string listed_title(const Catalogue::Entry& entry);

/// The box in degrees, by any name of the grid's reference system; nothing where no formula for it
/// is known here.
std::optional<Box> lonlat_of(const Grid& grid, const Box& box);

/// What it covers in degrees, within the world; nothing where that is not known, or is nothing.
std::optional<Box> listed_bounds(const Layer& layer);

/// The tiles of each of its zooms that it may have, as `out_of_coverage` judges.
std::vector<TileRange> listed_coverage(const Layer& layer);

/// The same of one zoom; an empty range where it has none.
TileRange coverage_at(const Layer& layer, int z);

/// The deepest zoom in which it may have tiles; 0 where it has none.
int deepest_zoom(const Layer& layer);

/// Whether what a service lists changes while the layers stay the same: values of dimensions.
bool is_listed_anew(const LayerSet& layers);

}  // namespace offgrid
