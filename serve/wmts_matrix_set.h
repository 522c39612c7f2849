#pragma once

#include "serve/catalogue.h"
#include "serve/xml_writer.h"

#include <string>
#include <vector>

namespace offgrid {

/// Write the first `levels` matrices of a TileMatrixSet of WMTS 1.0.0 (OGC 07-057r7, section 6.1).
/// Its well-known scale set (annex E) is named where it has all its scales.
void write_matrix_set(XmlWriter& xml, const Catalogue::MatrixSet& set, int levels);

/// TileMatrixSetLimits with the tiles of each zoom that a layer covers, or nothing where that is
/// all of so many levels. `coverage` has no empty ranges.
std::string limits_xml(const std::vector<TileRange>& coverage, const Grid& grid, int levels);

}  // namespace offgrid
