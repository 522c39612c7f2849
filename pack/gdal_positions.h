#pragma once

#include "formats/tile/grid.h"
#include "pack/gdal_lattice.h"
#include "pack/source_info.h"

#include <cstddef>
#include <span>
#include <vector>

namespace offgrid::gdal {

/// Where in the source, whose columns follow the grid's, the centres of the columns of a rectangle
/// lie: in source pixels from its edge. Around the Earth they begin again at 0.
std::vector<double> column_positions(const PixelRect& rect, const StraightMapping& mapping,
                                     const Grid& grid);

/// Where the rows of a rectangle lie: their centres, or with `offset` 0 their northern edges.
std::vector<double> row_positions(const PixelRect& rect, const StraightMapping& mapping,
                                  const Grid& grid, double offset = 0.5);

/// How many columns of the source one column of that zoom spans.
double column_width(int zoom, const StraightMapping& mapping, const Grid& grid);

/// How many of the positions, at least one, follow each other about `step` apart: where a world
/// begins again, the next one is at its other end.
std::size_t run_length(std::span<const double> positions, double step);

}  // namespace offgrid::gdal
