#pragma once

#include "serve/layer_set.h"
#include "serve/service_place.h"

#include <string>

namespace offgrid {

/// The capabilities of WMTS 1.0.0 (OGC 07-057r7, section 7.1.1) for all layers, with addresses as
/// the dialect has them and `ServiceDocument::root_mark` before each.
///
/// Corners of matrices are in the order of the axes of their reference system (section 6.1), which
/// for EPSG is latitude or northing first in many; boxes in degrees are longitude first. Matrices
/// are called by their zoom. A layer is listed with the tiles that GetTile does not refuse. Throws
/// what dimensions throw.
std::string wmts_capabilities(const LayerSet& layers, ServicePlace::Dialect dialect);

}  // namespace offgrid
